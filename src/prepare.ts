import { faultIn } from './faults/catalogue.js'
import { readConfig } from './image/container-config.js'
import { obtainImage, obtainPreviousImage, type PreviousImage } from './image/image.js'
import { diagnoseInGeneral } from './judge/diagnosis.js'
import { failureOf } from './judge/shown-failure.js'
import { locator } from './locate/locate.js'
import { corruptedPaths, coverageNotes } from './plan/coverage.js'
import { paceOf, type Pace } from './plan/pace.js'
import { plan, type Pair } from './plan/plan.js'
import { candidates, type Candidate } from './plan/targets.js'
import { readSeeds, seedEntries } from './seed/seed-state.js'
import type { TrialConditions } from './trial/boots.js'
import { runControl, type ControlOutcome } from './trial/control.js'
import { labFor, type Lab } from './trial/lab.js'
import { shareNetwork } from './trial/schedule.js'
import { SILENT_PYTHON } from './trial/old-code.js'
import { runLabels } from './trial/labels.js'
import { reconnoitre, type Reconnaissance } from './trial/reconnaissance.js'
import { HOPED_FOR, rehearse } from './trial/rehearsal.js'
import type { Surroundings } from './main.js'
import type {
  ControlKnowledge,
  ControlResult,
  Fault,
  ImageFacts,
  Inputs,
  Plan,
  PlantContext,
  Rehearsed
} from './model.js'

/** An image that was booted on clean state, and what would be done to it. */
export interface Prepared {
  readonly lab: Lab
  readonly facts: ImageFacts
  /** Finds the line of the repository that a failure points at. */
  readonly locate: ReturnType<typeof locator>
  /** `result` is that of the outcome, narrowed by `ready`. */
  readonly control: Omit<ControlOutcome, 'result'>
  readonly ready:
    | { readonly kind: 'failed'; readonly result: ControlResult & { kind: 'failed' } }
    | {
        readonly kind: 'planned'
        readonly result: ControlResult & { kind: 'passed' }
        readonly plan: Plan
        readonly pace: Pace
        /** Every fault that the plan may have. */
        readonly faults: readonly Fault[]
        /** What trials need beside the lab. */
        readonly conditions: Omit<TrialConditions, 'slot'>
        readonly standards: {
          readonly control: ControlKnowledge
          readonly cachePaths: readonly string[]
          readonly dataPaths: readonly string[]
        }
      }
}

/**
 * Everything that comes before the first corruption: gets the image and its facts, boots the control, plans.
 * @param note takes things that users should know
 * @throws BuildError, EngineError, ImageMissingError; the signal's reason when cancelled
 */
export async function prepare(
  inputs: Inputs,
  surroundings: Surroundings,
  note: (text: string) => void
): Promise<Prepared> {
  const { onProgress } = surroundings
  const labels = runLabels(surroundings.identity)
  const seeds = await readSeeds(inputs.seedState, inputs.workspace)
  const equipment = { ...surroundings, labels, note }
  const { facts, template } = await obtainImage(inputs, equipment)
  surroundings.onFacts(facts)
  const previous =
    inputs.previousImage === undefined
      ? undefined
      : await obtainPreviousImage(inputs.previousImage, inputs, equipment)
  const lab = labFor(inputs, facts, { ...surroundings, labels, template })
  const seedState = seedEntries(seeds, facts.user, lab.mounts)

  onProgress({ kind: 'control' })
  const { pairs, general } = requested(inputs, surroundings.catalogue)
  const paths = pairs.flatMap(({ path }) => (path === 'container' ? [] : [path]))
  const found = candidates(facts, inputs, { paths, mounts: lab.mounts })
  const { cachePaths, dataPaths } = roles(found)
  const locate = locator(surroundings.engine, inputs, facts, surroundings.environment)
  const { result, ...control } = await runControl(lab, {
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
  onProgress({ kind: 'control-done', control: result })
  if (result.kind === 'failed') return { lab, facts, control, locate, ready: { kind: 'failed', result } }
  const { knowledge } = result
  knowledge.notes.forEach(note)

  const faults = [...general, ...pairs.map(({ fault }) => fault)]
  const { limits } = control
  const canary = `cache-crash-test canary ${surroundings.identity.runId}`
  const places = [...lab.mounts, ...cachePaths, ...paths]
  const { imports, records } = needsImports(faults, places)
    ? await reconnoitre(lab, { facts, checks: control.checks, limits, places, seedState, canary, note })
    : NO_IMPORTS
  const maxParallel = shareNetwork(template) ? 1 : inputs.maxParallel
  const pace = paceOf(control.trace, knowledge, { ...inputs, maxParallel })
  const conditions = {
    control: knowledge,
    checks: control.checks,
    ...limits,
    secondBoot: inputs.secondBoot,
    replicas: inputs.replicas,
    seedState,
    dataPaths,
    previous,
    python: pythonStart(facts, records),
    canary
  }
  const planWith = (rehearsed: Rehearsed): Plan =>
    plan({
      faults: general,
      pairs,
      rules: inputs.scenarioFile?.rules ?? [],
      candidates: found,
      bootModes: inputs.bootModes,
      control: knowledge,
      layer: control.layer,
      mounts: readConfig(template),
      context: {
        facts,
        volumes: knowledge.volumes,
        imports,
        locks: knowledge.locks,
        // What the user gives is no more the image's own than what start-up makes.
        addedPaths: [...knowledge.addedPaths, ...knowledge.seededPaths],
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
  planned.notes.forEach(note)
  const declared = found.flatMap((one) => (one.declared ? one.path : []))
  coverageNotes(knowledge, [...declared, ...corruptedPaths(planned.scenarios)], inputs.dataPaths).forEach(
    note
  )
  const ids = new Set(planned.scenarios.map(({ id }) => id))
  for (const id of inputs.expectFailures.filter((expected) => !ids.has(expected)))
    note(`${id} in expect-failures is no scenario of this plan.`)
  return {
    lab,
    facts,
    control,
    locate,
    ready: {
      kind: 'planned',
      result,
      plan: planned,
      pace,
      faults,
      conditions,
      standards: { control: knowledge, cachePaths, dataPaths }
    }
  }
}

/** The faults that are asked for: anywhere, and at certain paths. */
function requested(
  inputs: Inputs,
  catalogue: readonly Fault[]
): { readonly general: readonly Fault[]; readonly pairs: readonly Pair[] } {
  const selected = inputs.faults.map((id) => faultIn(catalogue, id))
  const general = selected.filter(({ paths }) => paths === undefined)
  const scenarios = inputs.scenarioFile?.scenarios ?? []
  const pairs = [
    ...scenarios.map(({ fault, path, modes, ...terms }) => ({
      fault: faultIn(catalogue, fault),
      path,
      modes,
      terms
    })),
    ...selected.flatMap((fault) =>
      (fault.paths ?? []).map((path) => ({ fault, path, modes: undefined, terms: {} }))
    )
  ]
  return { general, pairs }
}

/** Which of the candidates' content may be thrown away, and which belongs to users. */
function roles(found: readonly Candidate[]): { cachePaths: string[]; dataPaths: string[] } {
  const withRole = (role: Candidate['role']): string[] =>
    found.filter((one) => one.role === role && one.paired !== true).map(({ path }) => path)
  return { cachePaths: withRole('cache'), dataPaths: withRole('data') }
}

/** The release that an upgrade comes from, or why there is none. */
function releaseBefore(previous: PreviousImage | undefined, facts: ImageFacts): PlantContext['previous'] {
  if (previous === undefined) return { reason: 'no previous-image is given' }
  return previous.id === facts.id
    ? { reason: `previous-image ${previous.reference} is the image under test itself` }
    : previous
}

function pythonStart(
  { python, hasSilentPython }: ImageFacts,
  imports: Reconnaissance['records']
): TrialConditions['python'] {
  if (python !== undefined) return { facts: python, imports }
  return hasSilentPython ? SILENT_PYTHON : undefined
}

const NO_IMPORTS: Reconnaissance = {
  imports: { kind: 'unknown', reason: 'there is no volume and no cache path that could hold bytecode' },
  records: []
}

function needsImports(faults: readonly Fault[], places: readonly string[]): boolean {
  return places.length > 0 && faults.some(({ family }) => family === 'bytecode' || family === 'skew')
}
