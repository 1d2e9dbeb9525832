import pLimit from 'p-limit'
import { narrowedDown } from '../judge/result.js'
import { Bench, type Lab } from './lab.js'
import { SIGKILLED } from './exit.js'
import { reduce } from './reduce.js'
import { lackedSpace } from './room.js'
import { everyBoot } from './shortcoming.js'
import { runTrial } from './trial.js'
import { longer, wasOverTime, type TrialConditions } from './boots.js'
import type { BootObservation, Observation, Scenario, ScenarioResult, Verdict } from '../model.js'

/** Trials that only wait for every one that boots; more would hold containers and volumes to no use. */
const WAITING_PER_BOOTING = 3

export interface Schedule {
  readonly scenarios: readonly Scenario[]
  readonly maxParallel: number
  readonly failFast: boolean
  /** Leaves the containers of failing trials. */
  readonly keep: boolean
  readonly conditions: Omit<TrialConditions, 'slot'>
  /** Makes a result of an observation, while the trial's containers are still there to be read. */
  readonly judged: (
    scenario: Scenario,
    observation: Observation
  ) => Promise<Omit<ScenarioResult, 'keptContainer' | 'phases' | 'reduction'>>
  /** What an observation means, for the trials that only narrow a failure down. */
  readonly verdictOf: (scenario: Scenario, observation: Observation) => Verdict
  readonly onStart: (scenario: Scenario) => void
  readonly onDone: (result: ScenarioResult) => void
}

export interface ScheduleOutcome {
  /** In the order of the plan. */
  readonly results: readonly ScenarioResult[]
  readonly skipped: readonly { readonly scenario: Scenario; readonly reason: string }[]
}

/**
 * Runs the trials. `maxParallel` bounds those that are booting, which costs processor time; one that only waits gives its
 * place away. A trial that timed out, or that found no space on a disk that nobody had filled, is run again alone, with a longer
 * deadline, once the others are done. A failure of several files together is narrowed down by further trials, unless it was
 * expected or the run ends with the first failure.
 *
 * @throws the signal's reason when the run is cancelled, or what was wrong in our own code
 */
export async function runSchedule(lab: Lab, schedule: Schedule): Promise<ScheduleOutcome> {
  const trials = pLimit(schedule.maxParallel * WAITING_PER_BOOTING)
  const booting = pLimit(schedule.maxParallel)
  const results = new Map<string, ScenarioResult>()
  const doubtful: { readonly scenario: Scenario; readonly number: number; readonly timedOut: boolean }[] = []
  let failed = false

  const conditionsOf = ({ timeoutMs }: Scenario): Schedule['conditions'] =>
    timeoutMs === undefined ? schedule.conditions : { ...schedule.conditions, deadlineMs: timeoutMs }

  const slot: TrialConditions['slot'] = async (work) => {
    let working: ReturnType<typeof work> | undefined
    await booting(
      () =>
        new Promise<void>((settled) => {
          working = work(settled)
          working.then(
            () => {
              settled()
            },
            () => {
              settled()
            }
          )
        })
    )
    if (working === undefined) throw new Error('a slot was given and not used')
    return await working
  }

  const finish = async (
    bench: Bench,
    { scenario, number }: { readonly scenario: Scenario; readonly number: number },
    observation: Observation
  ): Promise<void> => {
    const result = await schedule.judged(scenario, observation)
    const unexpected = result.verdict.kind === 'failed' && !result.expectedToFail
    const kept = schedule.keep && unexpected ? failingContainer(observation) : undefined
    if (kept === undefined) await bench.dispose()
    failed ||= unexpected
    const { verdict } = result
    const reduction =
      verdict.kind === 'failed'
        ? await reduce(
            lab,
            {
              scenario,
              number,
              reason: verdict.reason,
              hangs: observation.timeoutConfirmed,
              conditions: { ...conditionsOf(scenario), slot },
              verdictOf: schedule.verdictOf
            },
            unexpected && !schedule.failFast
          )
        : undefined
    const complete = {
      ...result,
      // Hundreds of volumes would not fit into memory, and a report shows none.
      observation: { ...result.observation, dataBefore: new Map(), dataAfter: undefined },
      verdict: narrowedDown(verdict, reduction),
      reduction,
      keptContainer: kept,
      phases: bench.timeline.phases
    }
    results.set(scenario.id, complete)
    schedule.onDone(complete)
  }

  const trial = async (scenario: Scenario, number: number): Promise<void> => {
    if (schedule.failFast && failed) return
    lab.signal.throwIfAborted()
    schedule.onStart(scenario)
    const bench = new Bench(lab, String(number))
    const observation = await runTrial(lab, scenario, { ...conditionsOf(scenario), slot }, bench)
    const timedOut = didTimeOut(observation)
    if (timedOut || lackedByChance(scenario, observation)) {
      doubtful.push({ scenario, number, timedOut })
      await bench.dispose()
    } else {
      await finish(bench, { scenario, number }, observation)
    }
  }

  // All of them, also when one throws: what a trial still makes must be there before the run sweeps.
  const settled = await Promise.allSettled(
    schedule.scenarios.map((scenario, index) => trials(() => trial(scenario, index + 1)))
  )
  lab.signal.throwIfAborted()
  const broken = settled.find((result) => result.status === 'rejected')
  if (broken !== undefined) throw broken.reason
  for (const { scenario, number, timedOut } of doubtful) {
    const bench = new Bench(lab, `${number}-again`)
    const observation = await runTrial(lab, scenario, { ...longer(conditionsOf(scenario)), slot }, bench)
    await finish(
      bench,
      { scenario, number },
      { ...observation, timeoutConfirmed: timedOut && didTimeOut(observation) }
    )
  }
  return {
    results: schedule.scenarios.flatMap(({ id }) => results.get(id) ?? []),
    skipped: schedule.scenarios
      .filter(({ id }) => !results.has(id))
      .map((scenario) => ({ scenario, reason: 'fail-fast: an earlier scenario failed' }))
  }
}

function didTimeOut(observation: Observation): boolean {
  return everyBoot(observation).some(wasOverTime)
}

/** The disk of the engine may have been full and have room again, and so may its memory, which several boots share. */
function lackedByChance({ plant }: Scenario, observation: Observation): boolean {
  const boots = everyBoot(observation)
  return boots.some(ranOutOfMemory) || (plant.fullMount === undefined && boots.some(lackedSpace))
}

/** The kernel sends SIGKILL also where the engine does not learn that memory was out. */
function ranOutOfMemory({ outcome, stability }: BootObservation): boolean {
  return [outcome, stability].some(
    (end) => end?.kind === 'exited' && (end.oomKilled || end.exitCode === SIGKILLED)
  )
}

/** The container to look into: that of the boot that came last. */
function failingContainer({ boots, secondBoot }: Observation): string | undefined {
  return (secondBoot ?? boots.find(({ outcome }) => outcome.kind !== 'ready') ?? boots[0])?.container
}
