import { faultIn } from './faults/catalogue.js'
import type { ImageSurroundings } from './image/image.js'
import { judge } from './judge/judge.js'
import { judgeTrial } from './judge/result.js'
import { shownFailure } from './judge/shown-failure.js'
import { planSeconds } from './plan/estimate.js'
import { planFile, type PlanFile } from './plan/plan-file.js'
import { Remaining } from './plan/remaining.js'
import { shareOf } from './plan/shard.js'
import { prepare } from './prepare.js'
import { cleaner } from './report/clean.js'
import { untilCancelled } from './trial/cancellation.js'
import { sweepTemporary } from './temporary.js'
import { isAbandoned, isOfRun, type RunIdentity } from './trial/labels.js'
import { describe } from './trial/probes/probe.js'
import { runSchedule } from './trial/schedule.js'
import { sweep } from './trial/sweep.js'
import { messageOf } from './thrown.js'
import type { Engine } from './engine/engine.js'
import type { ProgressEvent } from './report/progress.js'
import type { Fault, ImageFacts, Inputs, RunRecord } from './model.js'
import { counted } from './report/excerpt.js'

/** Rootless Docker on a host whose control groups it cannot use (those of the first version). */
const NO_LIMITS =
  'The engine runs without control groups, as rootless Docker does on some hosts: limits of memory, processors and ' +
  'processes do not bind, so that no start-up can fail by them here.'

/** What a run needs from outside. */
export interface Surroundings {
  readonly engine: Engine
  readonly identity: RunIdentity
  readonly environment: NodeJS.ProcessEnv
  readonly version: string
  /** Every fault that the run may select from. */
  readonly catalogue: readonly Fault[]
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal
  readonly onProgress: (event: ProgressEvent) => void
  /** Hears of the image before any container of it runs. */
  readonly onFacts: (facts: ImageFacts) => void
  /** Runs something whose output, which is untrusted, belongs together. */
  readonly group: ImageSurroundings['group']
  /** Asks this host for a process. */
  readonly isAlive: (pid: number) => boolean
}

/** What came of a run: a record of what was tested, or, where only a plan was asked for, that. */
export type Outcome =
  | { readonly kind: 'tested'; readonly record: RunRecord }
  | { readonly kind: 'planned'; readonly plan: PlanFile }

/**
 * One run, in order: sweep what dead runs left, get the image and its facts, boot the control, plan, and, unless
 * only the plan was asked for, run the trials and judge.
 * Whatever happens, nothing that it made stays on the engine, but what `keep` asks for.
 *
 * @throws BuildError, EngineError, ImageMissingError: the run could not be carried out; the signal's reason when cancelled
 */
export async function run(inputs: Inputs, surroundings: Surroundings): Promise<Outcome> {
  const notes: string[] = []
  await sweepAbandoned(surroundings, notes)
  const engine = untilCancelled(surroundings.engine, surroundings.signal)
  let outcome: Outcome
  try {
    outcome = await crashTest(inputs, { ...surroundings, engine }, notes)
  } catch (error) {
    const left = await cleanUp(surroundings)
    if (left.length === 0) throw error
    const words = `${messageOf(error)}\nNot everything that the run had made could be removed:\n${left.join('\n')}`
    throw new Error(words, { cause: error })
  }
  // A kept container needs its image and volumes; everything else of the run was removed with its trial.
  const results = outcome.kind === 'tested' ? outcome.record.results : []
  const kept = results.some(({ keptContainer }) => keptContainer !== undefined)
  if (!kept) notes.push(...(await cleanUp(surroundings)))
  return outcome
}

/** @returns what could not be removed, in the engine's words */
async function cleanUp({ engine, identity, onProgress }: Surroundings): Promise<readonly string[]> {
  onProgress({ kind: 'cleanup' })
  return (await sweep(engine, (labels) => isOfRun(labels, identity.runId))).failures
}

async function crashTest(inputs: Inputs, surroundings: Surroundings, notes: string[]): Promise<Outcome> {
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const { engine, onProgress, version } = surroundings
  const note = (text: string): void => void notes.push(text)
  const { lab, facts, control, ready, locate } = await prepare(inputs, surroundings, note)
  const { version: engineVersion, enforcesLimits } = await engine.info()
  if (!enforcesLimits) note(NO_LIMITS)
  const tested = (
    rest: Pick<RunRecord, 'planned' | 'omissions' | 'skipped' | 'results' | 'trialsTook'>
  ): Outcome => ({
    kind: 'tested',
    record: {
      version,
      startedAt,
      seconds: (performance.now() - began) / 1000,
      inputs,
      facts,
      engineVersion,
      probes: control.checks.map(describe),
      control: ready.result,
      controlTrace: control.trace,
      notes,
      ...rest
    }
  })
  if (ready.kind === 'failed')
    return tested({ planned: [], omissions: [], skipped: [], results: [], trialsTook: undefined })
  const { plan, pace, faults, standards } = ready
  if (inputs.mode === 'plan') {
    const clean = cleaner({ inputs, facts }).text
    const image = { reference: facts.reference, id: facts.id }
    return { kind: 'planned', plan: planFile(plan, { version, image, pace, shards: inputs.shards, clean }) }
  }

  const { scenarios, unplannable, unlisted } = shareOf(plan, inputs.shard, inputs.planFile)
  if (unlisted > 0)
    note(`Not in plan-file, and so not run: ${counted(unlisted, 'scenario')} of this job’s plan.`)
  const estimatedSeconds = planSeconds(scenarios, pace)
  onProgress({
    kind: 'plan',
    scenarios: scenarios.length,
    omissions: plan.omissions.length,
    seconds: estimatedSeconds
  })

  const trialsBegan = performance.now()
  const seconds = (): number => (performance.now() - trialsBegan) / 1000
  const remaining = new Remaining(scenarios, pace)
  let done = 0
  const outcome = await runSchedule(lab, {
    scenarios,
    maxParallel: inputs.maxParallel,
    failFast: inputs.failFast,
    keep: inputs.keep,
    conditions: ready.conditions,
    judged: async (scenario, observation) => {
      const fault = faultIn(faults, scenario.fault)
      const result = judgeTrial(scenario, observation, standards, fault, inputs.expectFailures)
      return { ...result, location: await locate(shownFailure(result.verdict, observation)) }
    },
    verdictOf: (scenario, observation) => judge(scenario, observation, standards),
    onStart: (scenario) => {
      remaining.begin(scenario.id, seconds())
      onProgress({ kind: 'scenario-start', scenario, secondsLeft: remaining.secondsLeft(seconds()) })
    },
    onDoubt: (scenario) => {
      remaining.again(scenario.id)
      onProgress({ kind: 'scenario-again', scenario, secondsLeft: remaining.secondsLeft(seconds()) })
    },
    onDone: (result) => {
      remaining.end(result.scenario.id)
      const secondsLeft = remaining.secondsLeft(seconds())
      onProgress({ kind: 'scenario-done', result, done: ++done, total: scenarios.length, secondsLeft })
    }
  })
  const trialsTook = { estimatedSeconds, seconds: seconds() }
  const skipped = [...unplannable.map(({ id, reason }) => ({ scenario: { id }, reason })), ...outcome.skipped]
  const ids = (inputs.planFile ?? plan).scenarios.map(({ id }) => id)
  return tested({ planned: ids, omissions: plan.omissions, trialsTook, results: outcome.results, skipped })
}

/** Removes what runs that cannot need it any more left on this engine. A failure here is not this run's. */
async function sweepAbandoned(surroundings: Surroundings, notes: string[]): Promise<void> {
  const { engine, environment, identity, isAlive } = surroundings
  await sweepTemporary(environment)
  const now = Math.floor(Date.now() / 1000)
  const swept = await sweep(engine, (labels) => isAbandoned(labels, now, identity.owner.host, isAlive))
  if (swept.removed > 0)
    notes.push(`Removed ${counted(swept.removed, 'resource')} that an earlier run had left behind.`)
  notes.push(...swept.failures)
}
