import type { Diagnosis, LogCapture, Signature } from '../model.js'

/** Matching lines that are quoted. */
const QUOTED = 3
/** What a pattern gets to see of a line, in UTF-16 units: bounds the time of a pattern that backtracks. */
const LONGEST_LINE = 2_000

/**
 * Explains a failure by its log; never decides one.
 * @param log the output of the boot that failed, untrusted
 * @param signatures the most specific first; the first that matches any line wins
 * @returns the cause, the remedy and up to three of the lines that match (the last ones: a crash is at the end of a log), or
 * undefined when no signature matches
 * @throws SyntaxError when a signature's pattern is not a regular expression
 */
export function diagnose(log: LogCapture, signatures: readonly Signature[]): Diagnosis | undefined {
  const lines = [...log.head, ...log.tail].map((line) => line.slice(0, LONGEST_LINE))
  for (const { pattern, cause, remedy } of signatures) {
    const expression = new RegExp(pattern)
    const matching = lines.filter((line) => expression.test(line))
    if (matching.length > 0) return { cause, remedy, lines: matching.slice(-QUOTED) }
  }
  return undefined
}
