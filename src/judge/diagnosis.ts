import { DEATHS, GENERAL_SIGNATURES } from './general-causes.js'
import type { BootObservation, Diagnosis, LogCapture, Signature } from '../model.js'

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
  const lines = linesOf(log)
  for (const signature of signatures) {
    const diagnosis = explained(signature, lines)
    if (diagnosis !== undefined) return diagnosis
  }
  return undefined
}

/**
 * Explains a failure that is not the planted fault's own kind: by how the container ended, else by the last line that says
 * something commonly known, since what a process says last is nearest to why it died.
 * @returns undefined where nothing known is there
 */
export function diagnoseInGeneral({ outcome, stability, log }: BootObservation): Diagnosis | undefined {
  const exit = outcome.kind === 'exited' ? outcome : stability?.kind === 'exited' ? stability : undefined
  const lines = linesOf(log)
  const death = DEATHS.find(({ when }) =>
    when === 'oom' ? exit?.oomKilled === true : exit !== undefined && when.includes(exit.exitCode)
  )
  if (death !== undefined) {
    const { cause, remedy } = death
    return { cause, remedy, lines: lines.filter((line) => line.trim() !== '').slice(-QUOTED) }
  }
  const known = GENERAL_SIGNATURES.map((signature) => ({
    signature,
    expression: new RegExp(signature.pattern)
  }))
  for (const line of lines.toReversed()) {
    const match = known.find(({ expression }) => expression.test(line))
    if (match !== undefined) return explained(match.signature, lines)
  }
  return undefined
}

function explained({ pattern, cause, remedy }: Signature, lines: readonly string[]): Diagnosis | undefined {
  const expression = new RegExp(pattern)
  const matching = lines.filter((line) => expression.test(line))
  return matching.length === 0 ? undefined : { cause, remedy, lines: matching.slice(-QUOTED) }
}

function linesOf({ head, tail }: LogCapture): string[] {
  return [...head, ...tail].map((line) => line.slice(0, LONGEST_LINE))
}
