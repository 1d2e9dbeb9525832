import { lineNumber, type Failure, type Frame } from './failure.js'
import { byPosition, fromRootCause, readStacks, type StackLine } from './stacks.js'

/** Lines from the place of an uncaught error, over the source line and a caret, to the error's name. */
const LONGEST_HEADER = 6
const ERROR = /^(?:Uncaught )?\w{0,60}(?:Error|Exception)\b/
const CARET = /^\s*[\^~]{1,200}\s*$/
/** `[cause]: Error: …`, among other properties of an error. */
const CAUSE = /(?:^|\s)(?:\[cause\]|\[errors\]): /
const PART = /(?:^|\s)\.\.\. \d{1,6} lines matching cause stack trace/

/**
 * V8's stack traces as Node.js prints them (18 to 24): CommonJS and ES modules, `async` and anonymous frames, causes, and the
 * place above an uncaught error, which is all there is for a file that cannot be compiled. The last cause comes first.
 */
export function nodeFailures(lines: readonly string[]): Failure[] {
  const stacks = readStacks(lines, classify).map((read): Failure => ({
    language: 'node',
    first: read.first,
    last: read.last,
    frames: fromRootCause(read).map(({ frame }) => frame)
  }))
  const uncaught = lines.flatMap((_, at) => headerOf(lines, at) ?? [])
  const alone = uncaught.filter(({ last }) => !stacks.some((stack) => isAbove(last, stack)))
  return byPosition([
    ...stacks.map((stack) =>
      withHeader(
        stack,
        uncaught.find(({ last }) => isAbove(last, stack))
      )
    ),
    ...alone
  ])
}

function isAbove(errorLine: number, stack: Failure): boolean {
  return errorLine <= stack.first && stack.first - errorLine <= LONGEST_HEADER
}

/** The place of the throw, unless the stack has it with more words. */
function withHeader(stack: Failure, header: Failure | undefined): Failure {
  const [place] = header?.frames ?? []
  if (header === undefined || place === undefined) return stack
  const known = stack.frames.some(({ path, line }) => path === place.path && line === place.line)
  return { ...stack, first: header.first, frames: known ? stack.frames : [place, ...stack.frames] }
}

/** `/app/server.js:5` on a line of its own, above the source line, a caret and the error. */
function headerOf(lines: readonly string[], at: number): Failure | undefined {
  const [, address = '', digits] = /^(\S{1,4096}):(\d{1,7})$/.exec(lines[at] ?? '') ?? []
  const path = pathOf(address)
  const line = lineNumber(digits)
  if (path === undefined || line === undefined) return undefined
  const below = lines.slice(at + 1, at + 1 + LONGEST_HEADER)
  const end = [ERROR, CARET]
    .map((sign) => below.findIndex((text) => sign.test(text)))
    .find((index) => index !== -1)
  if (end === undefined) return undefined
  const frame: Frame = { language: 'node', path, line, function: undefined }
  return { language: 'node', frames: [frame], first: at, last: at + 1 + end }
}

function classify(text: string): StackLine {
  const at = /(?:^|\s)at /.exec(text)
  if (at !== null) {
    const start = at.index + at[0].length
    const place = placeOf(text.slice(start))
    if (place !== undefined) return { kind: 'frame', frame: place, indent: start }
  }
  if (CAUSE.test(text)) return { kind: 'cause' }
  // `at Array.map (<anonymous>)` has no place.
  return { kind: PART.test(text) || /(?:^|\s{2})at \S/.test(text) ? 'part' : 'other' }
}

/** `load (/app/a.js:5:9)`, `async file:///app/a.mjs:1:7`, `new Cache (…)`. */
function placeOf(text: string): Frame | undefined {
  const trimmed = text.replace(/ \{$/, '')
  const end = /:(\d{1,7}):\d{1,7}(\)?)$/.exec(trimmed)
  if (end === null) return undefined
  const head = trimmed.slice(0, end.index)
  const bracket = end[2] === ')' ? head.lastIndexOf('(') : -1
  const line = lineNumber(end[1])
  const path = pathOf(bracket === -1 ? head.replace(/^async /, '') : head.slice(bracket + 1))
  if (path === undefined || line === undefined) return undefined
  const name =
    bracket === -1
      ? ''
      : head
          .slice(0, bracket)
          .trim()
          .replace(/^async /, '')
  return { language: 'node', path, line, function: name === '' ? undefined : name }
}

/** Absolute paths and file URLs; Node's own `node:…` is kept, so that a stack of nothing else is one, too. */
function pathOf(address: string): string | undefined {
  if (/^(?:\/|node:)[^()]*$/.test(address)) return address
  if (!/^file:\/\/\/[^()]*$/.test(address)) return undefined
  try {
    return decodeURIComponent(address.slice('file://'.length))
  } catch {
    return undefined
  }
}
