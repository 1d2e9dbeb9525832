import pLimit from 'p-limit'
import { trialsAtOnce } from '../plan/estimate.js'
import { narrowedDown } from '../judge/result.js'
import { Bench, type Lab } from './lab.js'
import { reduce } from './reduce.js'
import { runTrial } from './trial.js'
import { longer, type TrialConditions } from './boots.js'
import { doubted, NO_DOUBTS, RUNS, type Doubts } from './doubt.js'
import type { Observation, Scenario, ScenarioResult, Verdict } from '../model.js'

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
  ) => Promise<Omit<ScenarioResult, 'keptContainer' | 'keptIsStopped' | 'phases' | 'reduction'>>
  /** What an observation means, for the trials that only narrow a failure down. */
  readonly verdictOf: (scenario: Scenario, observation: Observation) => Verdict
  /** Told each time that a trial begins. */
  readonly onStart: (scenario: Scenario) => void
  /** Told where what came of a trial has to be confirmed: it waits for its next turn. */
  readonly onDoubt: (scenario: Scenario) => void
  readonly onDone: (result: ScenarioResult) => void
}

/** A trial's scenario, and its place in the plan, from 1. */
interface Turn {
  readonly scenario: Scenario
  readonly number: number
}

/** A trial that is to be run again. */
interface Unsettled extends Turn {
  /** What has been seen of it. */
  readonly seen: Doubts
  /** How it failed beside others, where it did. */
  readonly failureBesideOthers: string | undefined
}

export interface ScheduleOutcome {
  /** In the order of the plan. */
  readonly results: readonly ScenarioResult[]
  readonly skipped: readonly { readonly scenario: Scenario; readonly reason: string }[]
}

/** Whether trials share a network, the host's or a container's: then what one answers would be taken for another one's. */
export function shareNetwork(template: Lab['template']): boolean {
  const network = template.HostConfig?.NetworkMode
  return typeof network === 'string' && /^(?:host$|container:)/.test(network)
}

/**
 * Runs the trials. `maxParallel` bounds those that are booting, which costs processor time; one that only waits gives its
 * place away. A trial that may have failed by the machine's doing (it was over its time, memory or space was out, the engine
 * could not start it, or others ran beside it) is run again alone, with a longer deadline, once the others are done; where the run
 * ends with the first failure, at once. One that failed beside others and comes through alone is inconclusive: it may be
 * what they share, or a race in start-up. A failure of several files together is narrowed down by further trials, unless it was
 * expected or the run ends with the first failure.
 *
 * @throws the signal's reason when the run is cancelled, or what was wrong in our own code
 */
export async function runSchedule(lab: Lab, schedule: Schedule): Promise<ScheduleOutcome> {
  const isAlone = shareNetwork(lab.template)
  const maxParallel = isAlone ? 1 : schedule.maxParallel
  const trials = pLimit(trialsAtOnce(maxParallel))
  const booting = pLimit(maxParallel)
  const results = new Map<string, ScenarioResult>()
  const doubtful: Unsettled[] = []
  const underWay = new Set<{ besideOthers: boolean }>()
  let failed = false
  const hasEnded = (): boolean => schedule.failFast && failed

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
    { scenario, number }: Turn,
    observation: Observation,
    confirmed: Doubts
  ): Promise<void> => {
    const result = await schedule.judged(scenario, observation)
    const unexpected = result.verdict.kind === 'failed' && !result.expectedToFail
    const kept = schedule.keep && unexpected ? failingContainer(observation) : undefined
    if (kept === undefined) await bench.dispose()
    // The files and logs can be looked into; its ports are the next trial's.
    else if (isAlone) await bench.kill()
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
              confirmed,
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
      ...(kept !== undefined && isAlone ? { keptIsStopped: true as const } : {}),
      phases: bench.timeline.phases
    }
    results.set(scenario.id, complete)
    schedule.onDone(complete)
  }

  /**
   * Runs a trial for the first, second or third time.
   * @param before what came of the runs before it
   * @returns undefined where it is finished
   */
  const attempt = async (turn: Turn, run: number, before?: Unsettled): Promise<Unsettled | undefined> => {
    const { scenario, number } = turn
    const { verdictOf } = schedule
    schedule.onStart(scenario)
    const first = conditionsOf(scenario)
    const bench = new Bench(lab, `${number}${RUNS[run - 1] ?? ''}`)
    const company = { besideOthers: underWay.size > 0 }
    for (const other of underWay) other.besideOthers = true
    underWay.add(company)
    try {
      const ran = await runTrial(lab, scenario, { ...(run === 1 ? first : longer(first)), slot }, bench)
      const now = doubted(scenario, ran, before?.seen ?? NO_DOUBTS, company.besideOthers)
      const { kind } = verdictOf(scenario, now.observation)
      const failureBesideOthers =
        before?.failureBesideOthers ??
        (now.failedBesideOthers ? failureIn(verdictOf(scenario, ran)) : undefined)
      // Where it failed, what there is no doubt of is enough.
      const isKnown = kind === 'failed' || (!now.isDoubtful && failureBesideOthers === undefined)
      if (!isKnown && run < RUNS.length) {
        await bench.dispose()
        schedule.onDoubt(scenario)
        return { ...turn, seen: now.seen, failureBesideOthers }
      }
      const hasPassed = kind !== 'failed' && kind !== 'inconclusive'
      const observation =
        failureBesideOthers !== undefined && hasPassed
          ? { ...now.observation, problem: onlyBesideOthers(failureBesideOthers) }
          : now.observation
      await finish(bench, turn, observation, now.confirmed)
      return undefined
    } finally {
      // Until then a service that has passed still holds what it shares with others.
      underWay.delete(company)
    }
  }

  const postponed: Turn[] = []
  const trial = async (turn: Turn): Promise<void> => {
    if (hasEnded()) return
    lab.signal.throwIfAborted()
    if (schedule.failFast && doubtful.length > 0) {
      postponed.push(turn)
      return
    }
    const unsettled = await attempt(turn, 1)
    if (unsettled !== undefined) doubtful.push(unsettled)
  }

  const confirm = async (turn: Unsettled): Promise<void> => {
    let unsettled: Unsettled | undefined = turn
    for (let run = 2; unsettled !== undefined; run++) unsettled = await attempt(turn, run, unsettled)
  }

  let turns = schedule.scenarios.map((scenario, index): Turn => ({ scenario, number: index + 1 }))
  while (turns.length > 0) {
    // All of them, also when one throws: what a trial still makes must be there before the run sweeps.
    const settled = await Promise.allSettled(turns.map((turn) => trials(() => trial(turn))))
    lab.signal.throwIfAborted()
    const broken = settled.find((result) => result.status === 'rejected')
    if (broken !== undefined) throw broken.reason
    while (!hasEnded()) {
      const turn = doubtful.shift()
      if (turn === undefined) break
      await confirm(turn)
    }
    turns = postponed.splice(0)
  }
  return {
    results: schedule.scenarios.flatMap(({ id }) => results.get(id) ?? []),
    skipped: schedule.scenarios
      .filter(({ id }) => !results.has(id))
      .map((scenario) => ({
        scenario,
        reason: doubtful.some((turn) => turn.scenario.id === scenario.id)
          ? 'fail-fast: another scenario failed before what came of this one could be confirmed'
          : 'fail-fast: an earlier scenario failed'
      }))
  }
}

function failureIn(verdict: Verdict): string | undefined {
  return verdict.kind === 'failed' ? `${verdict.reason}, ${verdict.detail}` : undefined
}

function onlyBesideOthers(failure: string): string {
  return `it failed once beside other trials (${failure}), and came through alone: where trials share something (a device, a database, a port), set max-parallel to 1; where they do not, start-up has a race`
}

/** The container to look into: that of the boot that came last. */
function failingContainer({ boots, secondBoot }: Observation): string | undefined {
  return (secondBoot ?? boots.find(({ outcome }) => outcome.kind !== 'ready') ?? boots[0])?.container
}
