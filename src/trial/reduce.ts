import { findingOf } from '../judge/finding.js'
import { plantedFiles, plantOnly, smallestFailing } from '../judge/reduction.js'
import { Bench, type Lab } from './lab.js'
import { runTrial } from './trial.js'
import { longer, type TrialConditions } from './boots.js'
import { doubted, type Doubts } from './doubt.js'
import type { FailureReason, Observation, Reduction, Scenario, Verdict } from '../model.js'

/** Enough to find one culprit among 4,096 files. */
const MOST_TRIALS = 24
/** Where a failing trial takes as long as its deadline. */
const MOST_TRIALS_THAT_HANG = 8

/** A scenario that failed, and how to try it again in part. */
export interface FailedTrial {
  readonly scenario: Scenario
  readonly reason: FailureReason
  readonly conditions: TrialConditions
  /** What the machine may have had to do with its end, and was seen twice. */
  readonly confirmed: Doubts
  /** Names its containers and volumes. */
  readonly number: number
  readonly verdictOf: (scenario: Scenario, observation: Observation) => Verdict
}

/**
 * Finds the files that are to blame: plants ever fewer of them, as long as start-up fails for the same reason. One that is
 * alone is named without a trial. Nothing that a trial makes is kept.
 *
 * @param isWorthTrials whether to look at more than one file at all
 * @returns undefined where the fault is not one of files, or would need trials that nobody wants
 * @throws the signal's reason when the run is cancelled
 */
export async function reduce(
  lab: Lab,
  failed: FailedTrial,
  isWorthTrials: boolean
): Promise<Reduction | undefined> {
  const { scenario, reason } = failed
  const { perFile } = scenario.plant
  const files = plantedFiles(scenario.plant)
  if (perFile === undefined || (files.length > 1 && !isWorthTrials)) return undefined

  const began = performance.now()
  const search = smallestFailing(files, hangs(failed) ? MOST_TRIALS_THAT_HANG : MOST_TRIALS)
  let trials = 0
  let isCertain = true
  let step = search.next()
  while (!step.done) {
    const verdict = await tryAgain(lab, failed, step.value, ++trials)
    isCertain &&= verdict.kind !== 'inconclusive'
    step = search.next(verdict.kind === 'failed' && verdict.reason === reason)
  }
  const { items, outcome } = step.value
  // A trial that showed nothing was taken for one that passed.
  const reduced = { items, outcome: outcome === 'smallest' && !isCertain ? ('bounded' as const) : outcome }
  return {
    files: items,
    outcome: reduced.outcome,
    finding: findingOf(reason, reduced, perFile),
    trials,
    seconds: (performance.now() - began) / 1000
  }
}

/** Whether the boot that comes second can be what fails: else it would only cost time. */
const NEEDS_SECOND_BOOT: readonly FailureReason[] = ['second-boot', 'data-lost', 'stale-code']

/** Whether a boot of it may take all the time that it has. */
function hangs({ confirmed }: FailedTrial): boolean {
  return confirmed.size > 0
}

async function tryAgain(
  lab: Lab,
  failed: FailedTrial,
  files: readonly string[],
  trial: number
): Promise<Verdict> {
  const { scenario, reason, number, verdictOf, confirmed } = failed
  const conditions = hangs(failed) ? longer(failed.conditions) : failed.conditions
  const part: Scenario = { ...scenario, plant: plantOnly(scenario.plant, files) }
  const secondBoot = conditions.secondBoot && NEEDS_SECOND_BOOT.includes(reason)
  const bench = new Bench(lab, `${number}-part-${trial}`)
  const observation = await runTrial(lab, part, { ...conditions, secondBoot }, bench)
  await bench.dispose()
  return verdictOf(part, doubted(part, observation, confirmed, false).observation)
}
