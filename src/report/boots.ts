import { rounded, type Clean } from './clean.js'
import { excerpt } from './excerpt.js'
import type { ReportLog, ReportScenario } from './schema.js'
import type { BootObservation, Observation, Verdict } from '../model.js'

/** Bounds of the JSON report; formats with smaller limits cut further. */
const LOG_BOUNDS = { head: 20, tail: 60, line: 1_000, total: 16_384 }

/** The slowest boot's time to ready, in seconds; null unless every one was ready. */
export function slowestReady(boots: readonly BootObservation[]): number | null {
  const times = boots.flatMap(({ outcome }) => (outcome.kind === 'ready' ? [outcome.seconds] : []))
  return times.length === 0 || times.length < boots.length ? null : rounded(Math.max(...times))
}

/** The boot whose log explains the verdict; undefined when there is nothing to explain. */
export function bootToShow(
  { boots, secondBoot }: Observation,
  verdict: Verdict
): BootObservation | undefined {
  if (verdict.kind === 'recovered' || verdict.kind === 'tolerated') return undefined
  if (verdict.kind === 'failed' && verdict.reason === 'second-boot' && secondBoot !== undefined)
    return secondBoot
  const all = secondBoot === undefined ? boots : [...boots, secondBoot]
  return all.find(isWrong) ?? boots[0]
}

function isWrong({ outcome, stability, smokeTest, forbiddenLog, canary }: BootObservation): boolean {
  return (
    outcome.kind !== 'ready' ||
    (stability !== undefined && stability.kind !== 'stable') ||
    (smokeTest !== undefined && smokeTest.exitCode !== 0) ||
    forbiddenLog !== undefined ||
    canary
  )
}

export function bootOf({ outcome, stability }: BootObservation): ReportScenario['boots'][number] {
  const exit = outcome.kind === 'exited' ? outcome : stability?.kind === 'exited' ? stability : undefined
  return {
    outcome: outcome.kind,
    readySeconds: outcome.kind === 'ready' ? rounded(outcome.seconds) : null,
    exitCode: exit?.exitCode ?? null,
    oomKilled: exit?.oomKilled ?? false
  }
}

export function logOf({ container, log }: BootObservation, clean: Clean): ReportLog {
  // Cut roughly first: what is dropped in the end need not be cleaned.
  const rough = excerpt(log, { ...LOG_BOUNDS, line: 16 * LOG_BOUNDS.line, total: Infinity })
  const lines = (all: readonly string[]): string[] => all.map((line) => clean.line(line))
  const cleaned = { ...rough, head: lines(rough.head), tail: lines(rough.tail) }
  const { head, tail, omittedLines } = excerpt(cleaned, LOG_BOUNDS)
  return { container: clean.text(container), head: [...head], omittedLines, tail: [...tail] }
}

export function smokeTestOf(boot: BootObservation | undefined, clean: Clean): ReportScenario['smokeTest'] {
  const test = boot?.smokeTest
  if (test === undefined || (test.exitCode === 0 && !test.timedOut)) return null
  const tail = test.output
    .trimEnd()
    .split(/\r\n|\n|\r/)
    .map((line) => clean.line(line))
  const { tail: lines } = excerpt({ head: [], omittedLines: 0, tail }, { ...LOG_BOUNDS, head: 0 })
  return {
    exitCode: test.exitCode,
    timedOut: test.timedOut,
    seconds: rounded(test.seconds),
    output: lines.join('\n')
  }
}
