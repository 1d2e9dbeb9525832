import type { Clean } from './clean.js'
import { excerpt, type ExcerptBounds } from './excerpt.js'
import type { ReportLog } from './schema.js'
import type { BootObservation, StyledRange } from '../model.js'

/** A boot, and what a reader calls it: `boot`, `replica 2`, `second boot`, … */
export interface LabelledBoot {
  readonly label: string
  readonly observation: BootObservation
}

/**
 * How much of logs a report shows. They share a budget each, so that hundreds of floods still make a report that a browser
 * opens; a log that explains a verdict gets more than one of a boot that went well.
 */
export interface LogBounds {
  readonly explaining: ExcerptBounds
  readonly other: ExcerptBounds
}

const KIB = 1024
const MIB = 1024 * KIB

/**
 * @param explaining how many logs explain a verdict
 * @param other how many do not
 */
export function logBounds(explaining: number, other: number): LogBounds {
  return {
    explaining: { head: 100, tail: 200, line: 2_000, total: share(3 * MIB, explaining, 4 * KIB, 64 * KIB) },
    other: { head: 20, tail: 60, line: 1_000, total: share(2 * MIB, other, KIB, 16 * KIB) }
  }
}

function share(budget: number, count: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(budget / Math.max(1, count))))
}

/** Colours of one log; what comes beyond is shown plain. */
const MOST_RANGES = 2_000

/** A boot's log as a report has it: printable, without secrets, cut to bounds. */
export function logOf({ label, observation }: LabelledBoot, clean: Clean, bounds: ExcerptBounds): ReportLog {
  const { container, log } = observation
  // Cut roughly first: what is dropped in the end need not be cleaned.
  const rough = excerpt(log, { ...bounds, line: 16 * bounds.line, total: Infinity })
  const lines = (all: readonly string[]): string[] => all.map((line) => clean.line(line))
  const cleaned = { ...rough, head: lines(rough.head), tail: lines(rough.tail) }
  const { head, tail, omittedLines } = excerpt(cleaned, bounds)
  const all = [...log.head, ...log.tail]
  const shown = [...head, ...tail]
  return {
    boot: clean.text(label),
    container: clean.text(container),
    head: [...head],
    omittedLines,
    tail: [...tail],
    endMissing: log.endMissing === true,
    styled: (log.styled ?? [])
      .flatMap((range) => {
        const line = range.line < head.length ? range.line : range.line - all.length + shown.length
        if (line < 0 || (line < head.length && line !== range.line)) return []
        return styledAfterCleaning({ ...range, line }, all[range.line] ?? '', shown[line] ?? '', clean)
      })
      .slice(0, MOST_RANGES)
  }
}

/** The range in a line as it is shown; none where taking out a secret or an odd character moved it to who knows where. */
function styledAfterCleaning(
  { line, start, end, styles }: StyledRange,
  raw: string,
  shown: string,
  clean: Clean
): ReportLog['styled'] {
  if (shown === raw) return [{ line, start, end, styles: [...styles] }]
  const [before, text] = [clean.line(raw.slice(0, start)), clean.line(raw.slice(start, end))]
  if (text === '' || !shown.startsWith(before + text)) return []
  return [{ line, start: before.length, end: before.length + text.length, styles: [...styles] }]
}
