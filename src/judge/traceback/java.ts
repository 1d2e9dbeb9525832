import { lineNumber, type Failure, type Frame } from './failure.js'
import { fromRootCause, readStacks, type StackLine } from './stacks.js'

const CAUSE = 'Caused by: '
const PART = /(?:^|\s)(?:\.\.\. \d{1,6} (?:more|common frames omitted)|Suppressed: )/
const CALL = /^[\w$.<>-]{1,500}$/
const FILE = /^([\w$-]{1,200}\.(?:java|kt|scala|groovy)):(\d{1,7})$/

/**
 * Java's stack traces (`Throwable.printStackTrace`, 8 to 24), those of Kotlin, Scala and Groovy among them. The last cause
 * comes first, what was suppressed last.
 */
export function javaFailures(lines: readonly string[]): Failure[] {
  return readStacks(lines, classify).map((read) => {
    const all = fromRootCause(read)
    const own = all.filter(({ indent }) => indent <= read.indent)
    const suppressed = all.filter(({ indent }) => indent > read.indent)
    const frames = [...own, ...suppressed].map(({ frame }) => frame)
    return { language: 'java', first: read.first, last: read.last, frames }
  })
}

function classify(text: string, indent: number | undefined): StackLine {
  const at = /(?:^|\s)at /.exec(text)
  if (at !== null) {
    const start = at.index + at[0].length
    const frame = frameOf(text.slice(start))
    if (frame !== undefined) return { kind: 'frame', frame, indent: start }
  }
  const cause = text.indexOf(CAUSE)
  // The cause of something suppressed is indented as the frames are.
  if (cause !== -1) return { kind: indent !== undefined && cause >= indent - 'at '.length ? 'part' : 'cause' }
  return { kind: PART.test(text) ? 'part' : 'other' }
}

/** `com.acme.Store.prepare(Store.java:12)`, before it perhaps a loader and a module: `app//worker@1.0/`. */
function frameOf(text: string): Frame | undefined {
  const bracket = text.indexOf('(')
  const end = text.indexOf(')', bracket)
  if (bracket === -1 || end === -1) return undefined
  const [, file, digits] = FILE.exec(text.slice(bracket + 1, end)) ?? []
  const call = text.slice(text.lastIndexOf('/', bracket) + 1, bracket)
  const line = lineNumber(digits)
  if (file === undefined || line === undefined || !CALL.test(call)) return undefined
  const parts = call.split('.')
  return {
    language: 'java',
    path: [...parts.slice(0, -2), file].join('/'),
    line,
    function: parts.slice(-2).join('.')
  }
}
