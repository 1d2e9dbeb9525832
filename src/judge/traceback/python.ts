import { lineNumber, type Failure, type Frame } from './failure.js'

const HEADER = 'Traceback (most recent call last):'
const GROUP = '+ Exception Group '
const FRAME = /^\s*File "([^"]{1,4096})", line (\d{1,7})(?:, in (.{1,300}))?$/
const CAUSE = 'The above exception was the direct cause of the following exception:'
const CONTEXT = 'During handling of the above exception, another exception occurred:'
/** Between the exceptions of a group: `+-+---------------- 1 ----------------`. */
const BRANCH = /\+-{3,40} (?:\d{1,6}|\.\.\.) -{3,40}$/
const SYNTAX = /^(?:\w{1,80}\.){0,8}(?:SyntaxError|IndentationError|TabError): /
/** Lines that a message may have before what connects its exception with the next one. */
const LONGEST_MESSAGE = 40

/** Exceptions that were printed one after the other, at the same margin, and belong together; where to look first is first. */
interface Chain {
  readonly margin: number
  readonly blocks: (readonly Frame[])[]
}

interface Reading {
  readonly chains: Chain[]
  readonly first: number
  last: number
}

/**
 * Python's tracebacks (`traceback.py`, CPython 3.8 to 3.14): chained ones, groups, and the form of syntax errors, with whatever
 * stands before each line of them in a log.
 *
 * Of an exception with a direct cause the cause comes first; of one that was raised while another was handled, the later
 * one, since the handler is what failed. Of a group the innermost exceptions come first, in their order.
 */
export function pythonFailures(lines: readonly string[]): Failure[] {
  const failures: Reading[] = []
  let open: Reading | undefined
  let link: 'cause' | 'context' | 'branch' | undefined
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? ''
    if (open !== undefined && at - open.last > LONGEST_MESSAGE) open = undefined
    const block = traceback(lines, at) ?? syntaxError(lines, at)
    if (block === undefined) {
      if (text.includes(CAUSE)) link = 'cause'
      else if (text.includes(CONTEXT)) link = 'context'
      else if (BRANCH.test(text)) link = 'branch'
      continue
    }
    if (open === undefined || link === undefined) {
      open = { chains: [], first: at, last: at }
      failures.push(open)
    }
    add(open, block, link)
    link = undefined
    at = open.last = block.last
  }
  return failures.map(({ chains, first, last }) => ({
    language: 'python',
    first,
    last,
    frames: chains.toSorted((a, b) => b.margin - a.margin).flatMap(({ blocks }) => blocks.flat())
  }))
}

interface Block {
  readonly margin: number
  /** Innermost first. */
  readonly frames: readonly Frame[]
  readonly last: number
}

function add(
  { chains }: Reading,
  { margin, frames }: Block,
  link: 'cause' | 'context' | 'branch' | undefined
): void {
  const chain = link === 'branch' ? undefined : chains.findLast((known) => known.margin === margin)
  if (chain === undefined) chains.push({ margin, blocks: [frames] })
  else if (link === 'cause') chain.blocks.push(frames)
  else chain.blocks.unshift(frames)
}

/** The traceback whose header is that line, up to the line that names the exception. */
function traceback(lines: readonly string[], start: number): Block | undefined {
  const text = lines[start] ?? ''
  const header = text.indexOf(HEADER)
  if (header === -1 || header + HEADER.length < text.trimEnd().length) return undefined
  const before = text.slice(0, header)
  const margin = before.endsWith(GROUP) ? `${before.slice(0, -GROUP.length)}| ` : before
  const frames: Frame[] = []
  let last = start
  while (last + 1 < lines.length) {
    last += 1
    const content = withoutMargin(lines[last] ?? '', margin)
    const frame = frameOf(content)
    if (frame !== undefined) frames.unshift(frame)
    // Source lines, carets and `[Previous line repeated …]` are indented; the exception is not.
    else if (!/^ {2}/.test(content)) break
  }
  return { margin: margin.length, frames, last }
}

/** What cannot be compiled is shown without a header when it is the program itself. */
function syntaxError(lines: readonly string[], start: number): Block | undefined {
  const text = lines[start] ?? ''
  const file = text.indexOf('  File "')
  if (file === -1) return undefined
  const margin = text.slice(0, file)
  const frame = frameOf(text.slice(file))
  if (frame === undefined || frame.function !== undefined) return undefined
  const end = lines.slice(start + 1, start + 5).findIndex((line) => SYNTAX.test(withoutMargin(line, margin)))
  return end === -1 ? undefined : { margin: margin.length, frames: [frame], last: start + 1 + end }
}

function frameOf(content: string): Frame | undefined {
  const [, path, digits, name] = FRAME.exec(content) ?? []
  const line = lineNumber(digits)
  return path === undefined || line === undefined
    ? undefined
    : { language: 'python', path, line, function: name }
}

/** A line without what stands before every line: the same text, or one that differs in its digits, as a time does. */
function withoutMargin(line: string, margin: string): string {
  const start = line.slice(0, margin.length)
  return start === margin || shape(start) === shape(margin) ? line.slice(margin.length) : line
}

function shape(text: string): string {
  return text.replace(/\d/g, '0')
}
