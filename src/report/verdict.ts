import type { Report, ReportScenario } from './schema.js'

/** What a verdict is made from. */
export interface Outcome {
  readonly controlFailed: boolean
  readonly scenarios: readonly Pick<ReportScenario, 'verdict' | 'expectedToFail'>[]
  /** Planned, and not run. */
  readonly skipped: readonly unknown[]
  readonly strict: boolean
  /** A shard may have nothing to do. */
  readonly mayBeEmpty: boolean
}

/**
 * Fails on a control that failed and on any failure that is not expected. What shows nothing is inconclusive: a scenario's
 * verdict, a scenario that was never run, a whole run without scenarios. Strict makes failures of those, and of expected
 * failures that passed.
 */
export function verdictOf(outcome: Outcome): Report['verdict'] {
  const { controlFailed, scenarios, skipped, strict, mayBeEmpty } = outcome
  if (controlFailed || scenarios.some((one) => one.verdict === 'failed' && !one.expectedToFail))
    return 'failed'
  const surprise = scenarios.some((one) => one.expectedToFail && isPass(one.verdict))
  const unknown =
    scenarios.some(({ verdict }) => verdict === 'inconclusive') ||
    skipped.length > 0 ||
    (scenarios.length === 0 && !mayBeEmpty)
  if (strict && (surprise || unknown)) return 'failed'
  return unknown ? 'inconclusive' : 'passed'
}

function isPass(verdict: ReportScenario['verdict']): boolean {
  return verdict === 'recovered' || verdict === 'tolerated' || verdict === 'refused'
}

const GRAVEST_FIRST: readonly Report['verdict'][] = ['failed', 'inconclusive', 'passed']

/** The gravest of some verdicts; of none, that nothing is known. */
export function gravest(verdicts: readonly Report['verdict'][]): Report['verdict'] {
  return GRAVEST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'inconclusive'
}

/** How many scenarios came out how, and how many combinations were left out. */
export function countsOf(
  scenarios: readonly Pick<ReportScenario, 'verdict'>[],
  omissions: readonly unknown[]
): Report['counts'] {
  const count = (kind: ReportScenario['verdict']): number =>
    scenarios.filter(({ verdict }) => verdict === kind).length
  return {
    recovered: count('recovered'),
    tolerated: count('tolerated'),
    refused: count('refused'),
    failed: count('failed'),
    inconclusive: count('inconclusive'),
    'not-applicable': omissions.length
  }
}

/** Failures that are expected, by `expect-failures` or the scenario file. */
export function expectedFailuresIn(
  scenarios: readonly Pick<ReportScenario, 'verdict' | 'expectedToFail'>[]
): number {
  return scenarios.filter(({ verdict, expectedToFail }) => verdict === 'failed' && expectedToFail).length
}
