import { cut } from './untrusted.js'

/** Head and tail of a log, with the number of lines that are missing between them. */
export interface Excerpt {
  readonly head: readonly string[]
  readonly omittedLines: number
  readonly tail: readonly string[]
  /** The container said more before it ended, or may have. */
  readonly endMissing?: boolean
}

/** Where a log's last lines are not those that its container ended with. */
export const END_MISSING = 'the rest is missing: the engine did not hand out the end of this log'

/** How much of a log may be shown. A crash is at the end, so the tail gets the larger part. */
export interface ExcerptBounds {
  readonly head: number
  readonly tail: number
  /** UTF-16 units of a line. */
  readonly line: number
  /** UTF-16 units of all lines together. */
  readonly total: number
}

/** Cuts a log to bounds: whole lines from the middle, then what is beyond of each line. */
export function excerpt(log: Excerpt, bounds: ExcerptBounds): Excerpt {
  const whole = log.omittedLines === 0
  const lines = whole ? [...log.head, ...log.tail] : log.tail
  const available = whole && lines.length <= bounds.head + bounds.tail ? lines : undefined
  const head = available === undefined ? (whole ? lines : log.head).slice(0, bounds.head) : []
  const tail = available ?? lines.slice(Math.max(whole ? head.length : 0, lines.length - bounds.tail))
  const shorter = {
    head: head.map((line) => cut(line, bounds.line)),
    tail: (bounds.tail === 0 ? [] : tail).map((line) => cut(line, bounds.line))
  }
  const fitting = fit(shorter, bounds.total)
  const total = log.head.length + log.omittedLines + log.tail.length
  const omittedLines = total - fitting.head.length - fitting.tail.length
  return { ...fitting, omittedLines, endMissing: log.endMissing === true }
}

/** Drops lines next to the gap until the rest fits: from the head first. */
function fit(
  { head, tail }: { head: string[]; tail: string[] },
  total: number
): Pick<Excerpt, 'head' | 'tail'> {
  let left = total
  const keep = (line: string): boolean => (left -= line.length + 1) >= 0
  const keptTail = takeWhile(tail.toReversed(), keep).toReversed()
  const keptHead = keptTail.length === tail.length ? takeWhile(head, keep) : []
  return { head: keptHead, tail: keptTail }
}

function takeWhile(lines: readonly string[], keep: (line: string) => boolean): string[] {
  const end = lines.findIndex((line) => !keep(line))
  return end === -1 ? [...lines] : lines.slice(0, end)
}

/** The excerpt as lines, with some that say what is missing. */
export function excerptLines(log: Excerpt): string[] {
  const gap = log.omittedLines === 0 ? [] : [`… ${counted(log.omittedLines, 'line')} left out …`]
  const rest = log.endMissing === true ? [`… ${END_MISSING} …`] : []
  return [...log.head, ...gap, ...log.tail, ...rest]
}

/** `1 line`, `2 lines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
