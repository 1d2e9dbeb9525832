import { faultIn } from './faults/catalogue.js'
import { readConfig } from './image/container-config.js'
import {
  obtainImage,
  obtainPreviousImage,
  type ImageSurroundings,
  type PreviousImage
} from './image/image.js'
import { diagnoseInGeneral } from './judge/diagnosis.js'
import { judge } from './judge/judge.js'
import { judgeTrial } from './judge/result.js'
import { failureOf, shownFailure } from './judge/shown-failure.js'
import { locator } from './locate/locate.js'
import { planSeconds } from './plan/estimate.js'
import { paceOf } from './plan/pace.js'
import { plan } from './plan/plan.js'
import { inShard } from './plan/shard.js'
import { candidates, type Candidate } from './plan/targets.js'
import { readSeeds, seedEntries } from './seed/seed-state.js'
import { untilCancelled } from './trial/cancellation.js'
import { runControl, trialDeadline } from './trial/control.js'
import { isAbandoned, isOfRun, runLabels, type RunIdentity } from './trial/labels.js'
import { describe } from './trial/probes/probe.js'
import { reconnoitre, type Reconnaissance } from './trial/reconnaissance.js'
import { HOPED_FOR, rehearse } from './trial/rehearsal.js'
import { runSchedule } from './trial/schedule.js'
import { sweep } from './trial/sweep.js'
import { messageOf } from './trial/thrown.js'
import type { Engine } from './engine/engine.js'
import type { ProgressEvent } from './report/progress.js'
import { labFor } from './trial/lab.js'
import type { Fault, ImageFacts, Inputs, Plan, PlantContext, Rehearsed, RunRecord } from './model.js'

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
  /** Runs something whose output, which is untrusted, belongs together. */
  readonly group: ImageSurroundings['group']
  /** Asks this host for a process. */
  readonly isAlive: (pid: number) => boolean
}

/**
 * One run, in order: sweep what dead runs left, get the image and its facts, boot the control, plan, run the trials, judge.
 * Whatever happens, nothing that it made stays on the engine, but what `keep` asks for.
 *
 * @throws BuildError, EngineError, ImageMissingError: the run could not be carried out; the signal's reason when cancelled
 */
export async function run(inputs: Inputs, surroundings: Surroundings): Promise<RunRecord> {
  const notes: string[] = []
  await sweepAbandoned(surroundings, notes)
  const engine = untilCancelled(surroundings.engine, surroundings.signal)
  let record: RunRecord
  try {
    record = await crashTest(inputs, { ...surroundings, engine }, notes)
  } catch (error) {
    const left = await cleanUp(surroundings).catch((failure: unknown) => [messageOf(failure)])
    if (left.length === 0) throw error
    const words = `${messageOf(error)}\nNot everything that the run had made could be removed:\n${left.join('\n')}`
    throw new Error(words, { cause: error })
  }
  // A kept container needs its image and volumes; everything else of the run was removed with its trial.
  const kept = record.results.some(({ keptContainer }) => keptContainer !== undefined)
  if (!kept) notes.push(...(await cleanUp(surroundings)))
  return record
}

/** @returns what could not be removed, in the engine's words */
async function cleanUp({ engine, identity, onProgress }: Surroundings): Promise<readonly string[]> {
  onProgress({ kind: 'cleanup' })
  return (await sweep(engine, (labels) => isOfRun(labels, identity.runId))).failures
}

async function crashTest(inputs: Inputs, surroundings: Surroundings, notes: string[]): Promise<RunRecord> {
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const { engine, onProgress } = surroundings
  const note = (text: string): void => void notes.push(text)

  const labels = runLabels(surroundings.identity)
  const seeds = await readSeeds(inputs.seedState, inputs.workspace)
  const equipment = { ...surroundings, labels, note }
  const { facts, template } = await obtainImage(inputs, equipment)
  const previous =
    inputs.previousImage === undefined
      ? undefined
      : await obtainPreviousImage(inputs.previousImage, inputs, equipment)
  const lab = labFor(inputs, facts, { ...surroundings, labels, template })
  const seedState = seedEntries(seeds, facts.user, lab.mounts)

  onProgress({ kind: 'control' })
  const found = candidates(facts, inputs)
  const { cachePaths, dataPaths } = roles(found)
  const locate = locator(engine, inputs, facts, surroundings.environment)
  const control = await runControl(lab, {
    facts,
    cachePaths,
    dataPaths,
    candidates: found.map(({ path }) => path),
    seed: inputs.seed,
    seedState,
    restarts: inputs.bootModes === 'auto' || inputs.bootModes.includes('restart'),
    explain: async (boot) => ({
      diagnosis: diagnoseInGeneral(boot),
      location: await locate(failureOf(boot))
    })
  })
  onProgress({ kind: 'control-done', control: control.result })
  const record = (
    rest: Pick<RunRecord, 'planned' | 'omissions' | 'skipped' | 'results' | 'trialsTook'>
  ): RunRecord => ({
    version: surroundings.version,
    startedAt,
    seconds: (performance.now() - began) / 1000,
    inputs,
    facts,
    engineVersion,
    probes: control.checks.map(describe),
    control: control.result,
    controlTrace: control.trace,
    notes,
    ...rest
  })
  const { version: engineVersion } = await engine.info()
  if (control.result.kind === 'failed')
    return record({ planned: [], omissions: [], skipped: [], results: [], trialsTook: undefined })
  const { knowledge } = control.result
  notes.push(...knowledge.notes)

  const faults = inputs.faults.map((id) => faultIn(surroundings.catalogue, id))
  const deadlineMs = inputs.startupTimeoutMs ?? trialDeadline(knowledge.readySeconds)
  const canary = `cache-crash-test canary ${surroundings.identity.runId}`
  const places = [...lab.mounts, ...cachePaths]
  const { imports, records } = needsImports(faults, places)
    ? await reconnoitre(lab, { facts, checks: control.checks, deadlineMs, places, seedState, canary, note })
    : NO_IMPORTS
  const pace = paceOf(control.trace, knowledge, inputs)
  const conditions = {
    control: knowledge,
    checks: control.checks,
    deadlineMs,
    secondBoot: inputs.secondBoot,
    replicas: inputs.replicas,
    seedState,
    previous,
    python: facts.python === undefined ? undefined : { facts: facts.python, imports: records },
    canary
  }
  const planWith = (rehearsed: Rehearsed): Plan =>
    plan({
      faults,
      candidates: found,
      bootModes: inputs.bootModes,
      control: knowledge,
      layer: control.layer,
      mounts: readConfig(template),
      context: {
        facts,
        volumes: knowledge.volumes,
        imports,
        rehearsed,
        previous: releaseBefore(previous, facts),
        isJob: control.checks.some(({ kind }) => kind === 'exit'),
        canary,
        seed: inputs.seed
      },
      pace
    })
  const rehearsed = await rehearse(lab, planWith(HOPED_FOR).scenarios, conditions)
  const planned = planWith(rehearsed)
  const scenarios = planned.scenarios.filter((scenario) => inShard(scenario, inputs.shard))
  const estimatedSeconds = planSeconds(scenarios, pace)
  onProgress({
    kind: 'plan',
    scenarios: scenarios.length,
    omissions: planned.omissions.length,
    seconds: estimatedSeconds
  })

  const standards = { control: knowledge, cachePaths, dataPaths }
  const trialsBegan = performance.now()
  let done = 0
  const outcome = await runSchedule(lab, {
    scenarios,
    maxParallel: inputs.maxParallel,
    failFast: inputs.failFast,
    keep: inputs.keep,
    conditions,
    judged: async (scenario, observation) => {
      const fault = faultIn(faults, scenario.fault)
      const result = judgeTrial(scenario, observation, standards, fault, inputs.expectFailures)
      return { ...result, location: await locate(shownFailure(result.verdict, observation)) }
    },
    verdictOf: (scenario, observation) => judge(scenario, observation, standards),
    onStart: (scenario) => {
      onProgress({ kind: 'scenario-start', scenario })
    },
    onDone: (result) => {
      onProgress({ kind: 'scenario-done', result, done: ++done, total: scenarios.length })
    }
  })
  const trialsTook = { estimatedSeconds, seconds: (performance.now() - trialsBegan) / 1000 }
  const ids = planned.scenarios.map(({ id }) => id)
  return record({ planned: ids, omissions: planned.omissions, trialsTook, ...outcome })
}

/** Removes what runs that cannot need it any more left on this engine. A failure here is not this run's. */
async function sweepAbandoned(surroundings: Surroundings, notes: string[]): Promise<void> {
  const { engine, identity, isAlive } = surroundings
  const now = Math.floor(Date.now() / 1000)
  const swept = await sweep(engine, (labels) => isAbandoned(labels, now, identity.owner.host, isAlive))
  if (swept.removed > 0) notes.push(`Removed ${swept.removed} resources that an earlier run had left behind.`)
  notes.push(...swept.failures)
}

/** Which of the candidates' content may be thrown away, and which belongs to users. */
function roles(found: readonly Candidate[]): { cachePaths: string[]; dataPaths: string[] } {
  const withRole = (role: Candidate['role']): string[] =>
    found.filter((candidate) => candidate.role === role).map(({ path }) => path)
  return { cachePaths: withRole('cache'), dataPaths: withRole('data') }
}

/** The release that an upgrade comes from, or why there is none. */
function releaseBefore(previous: PreviousImage | undefined, facts: ImageFacts): PlantContext['previous'] {
  if (previous === undefined) return { reason: 'no previous-image is given' }
  return previous.id === facts.id
    ? { reason: `previous-image ${previous.reference} is the image under test itself` }
    : previous
}

const NO_IMPORTS: Reconnaissance = {
  imports: { kind: 'unknown', reason: 'there is no volume and no cache path that could hold bytecode' },
  records: []
}

function needsImports(faults: readonly Fault[], places: readonly string[]): boolean {
  return places.length > 0 && faults.some(({ family }) => family === 'bytecode' || family === 'skew')
}
