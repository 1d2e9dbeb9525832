import { EngineError } from '../engine/errors.js'
import { isWithin } from '../paths.js'
import { Bench, readRoots, STATE_BOUNDS, type Lab } from './lab.js'
import { boot, type BootRequest } from './observe.js'
import { isInPlace, sameState, seedEntries, verifyPlant } from './plant.js'
import type { ReadyCheck } from './probes/probe.js'
import type { VolumeMount } from './container.js'
import type {
  BootObservation,
  BoundedTree,
  ControlKnowledge,
  Observation,
  Scenario,
  TreeEntry
} from '../model.js'

/** What trials need beside the lab: what the control taught. */
export interface TrialConditions {
  readonly control: ControlKnowledge
  readonly checks: readonly ReadyCheck[]
  readonly deadlineMs: number
  readonly secondBoot: boolean
  readonly replicas: number
  /** Printed by planted code when it runs. */
  readonly canary: string
  /** Holds a place among the trials that are booting until the work says that what follows only waits. */
  readonly slot: <T>(work: (settled: () => void) => Promise<T>) => Promise<T>
}

interface Container {
  readonly id: string
  readonly name: string
}

/** A container that waits to be started on the planted state, and how to make another one on the same volumes. */
interface Stage {
  readonly containers: readonly Container[]
  readonly next: () => Promise<Container>
}

/**
 * One execution of a scenario: create, plant, verify the plant, start, observe until settled, boot again without planting,
 * read the state back. Judges nothing and removes nothing: the caller disposes of the bench once logs have been read.
 *
 * @throws the signal's reason when the run is cancelled; an engine that fails becomes `problem` in the observation
 */
export async function runTrial(
  lab: Lab,
  scenario: Scenario,
  conditions: TrialConditions,
  bench: Bench
): Promise<Observation> {
  const began = performance.now()
  const elapsed = (): number => (performance.now() - began) / 1000
  try {
    return { ...(await observe(lab, scenario, conditions, bench)), seconds: elapsed() }
  } catch (error) {
    lab.signal.throwIfAborted()
    if (!(error instanceof EngineError)) throw error
    return problem(`the engine failed: ${error.message}`, elapsed())
  }
}

async function observe(
  lab: Lab,
  scenario: Scenario,
  conditions: TrialConditions,
  bench: Bench
): Promise<Omit<Observation, 'seconds'>> {
  const { engine } = lab
  const { plant, target } = scenario
  const staged = await stage(lab, scenario, conditions, bench)
  if ('problem' in staged) return problem(staged.problem, 0)

  const [first] = staged.containers
  if (first === undefined) return problem('no container was created', 0)
  const during = bench.timeline.during(null)
  const misplaced = await during('verify', () => verifyPlant(engine, first.id, plant))
  if (misplaced !== undefined) return problem(misplaced, 0)
  const roots = dataRoots(lab, scenario)
  const before = await readRoots(engine, first.id, roots)
  const pathBefore = await readTarget(lab, first.id, scenario)

  const boots = await bootAll(lab, conditions, bench, staged.containers, { ...conditions, label: 'boot' })
  const pathAfter =
    plant.kill === true ? undefined : ((await engine.readEntry(first.id, target.path)) ?? 'missing')
  const plantInPlace = await isInPlace(engine, first.id, plant, target.path)
  const pathTouched = !sameState(pathBefore, await readTarget(lab, first.id, scenario), target.path)

  let last = first
  let secondBoot: BootObservation | undefined
  if (conditions.secondBoot && boots.every(isUp)) {
    await during('stop', () => Promise.all(staged.containers.map(({ id }) => stop(lab, conditions, id))))
    last = await staged.next()
    secondBoot = await bootOnce(lab, conditions, bench, last, { ...conditions, label: 'second boot' })
  }
  const watched = [...conditions.control.sentinels.keys(), ...conditions.control.stableFiles]
  const dataAfter = await during('read-back', () =>
    readData(lab, last.id, roots, watched, plant.damaged !== undefined)
  )
  return {
    problem: undefined,
    boots,
    secondBoot,
    pathAfter,
    plantInPlace,
    pathTouched,
    dataBefore: before.entries,
    dataAfter,
    timeoutConfirmed: false
  }
}

/** Brings the volumes and containers into the planted state, by the rules of the boot mode. */
async function stage(
  lab: Lab,
  scenario: Scenario,
  conditions: TrialConditions,
  bench: Bench
): Promise<Stage | { readonly problem: string }> {
  const { engine } = lab
  const { plant, mode } = scenario
  const seeded = conditions.control.volumes.every(({ truncated }) => !truncated)
  const volumes = bench.volumes({ noCopy: seeded })
  const seed = seedEntries(conditions.control, plant)

  if (mode === 'restart' || plant.kill === true) {
    const container = await bench.container(volumes)
    await writeState(lab, bench, container, volumes, seedEntries(conditions.control, NOTHING))
    const clean = await bootOnce(lab, conditions, bench, container, {
      canary: undefined,
      label: 'clean boot'
    })
    if (!isUp(clean)) return { problem: `the clean boot before the fault failed: ${clean.outcome.kind}` }
    await bench.timeline.during('clean boot')('stop', () =>
      plant.kill === true ? engine.killContainer(container.id) : stop(lab, conditions, container.id)
    )
    await writeState(lab, bench, container, volumes, plant.entries)
    if (mode === 'restart') return { containers: [container], next: () => Promise.resolve(container) }
    return { containers: [await bench.container(volumes)], next: () => bench.container(volumes) }
  }

  const mounted = withReadOnlyMount(volumes, scenario, bench)
  const count = mode === 'concurrent' ? conditions.replicas : 1
  const containers: Container[] = []
  for (let made = 0; made < count; made++) containers.push(await bench.container(mounted))
  const [first] = containers
  if (first === undefined) return { problem: 'no container was created' }
  await writeState(lab, bench, first, mounted, [...seed, ...readOnlyContent(lab, scenario), ...plant.entries])
  return { containers, next: () => bench.container(mounted) }
}

const NOTHING = { entries: [], summary: 'nothing' }

/** The run's volumes, with the one at the fault's path read-only, or one more that is. */
function withReadOnlyMount(
  volumes: readonly VolumeMount[],
  { plant }: Scenario,
  bench: Bench
): VolumeMount[] {
  const { readOnlyMount } = plant
  if (readOnlyMount === undefined) return [...volumes]
  if (volumes.some(({ target }) => target === readOnlyMount)) {
    return volumes.map((volume) => (volume.target === readOnlyMount ? { ...volume, readOnly: true } : volume))
  }
  return [...volumes, bench.volume(readOnlyMount, { noCopy: true, readOnly: true })]
}

/** What a volume mounted read-only at the target holds: what healthy start-up left there, owned as it was. */
function readOnlyContent(lab: Lab, { plant, target }: Scenario): TreeEntry[] {
  if (plant.readOnlyMount === undefined || lab.mounts.includes(plant.readOnlyMount)) return []
  return target.entry?.type === 'directory' ? [...target.tree.values()] : []
}

/**
 * Writes through the container itself, or, where it could not (a read-only mount or root file system), through one that is
 * never started and mounts the same volumes writable.
 */
async function writeState(
  lab: Lab,
  bench: Bench,
  container: Container,
  volumes: readonly VolumeMount[],
  entries: readonly TreeEntry[]
): Promise<void> {
  if (entries.length === 0) return
  const needsCarrier =
    lab.template.HostConfig?.ReadonlyRootfs === true || volumes.some(({ readOnly }) => readOnly)
  const writer = needsCarrier
    ? await bench.container(
        volumes.map((volume) => ({ ...volume, readOnly: false })),
        { carrier: true }
      )
    : container
  await bench.timeline.during(null)('plant', () => lab.engine.write(writer.id, entries))
}

/** Data at the end. Beyond the bound the files that are watched are read one by one, since nothing follows from an absence. */
async function readData(
  lab: Lab,
  container: string,
  roots: readonly string[],
  watched: readonly string[],
  keepContent: boolean
): Promise<BoundedTree> {
  const tree = await readRoots(lab.engine, container, roots, { ...STATE_BOUNDS, keepContent })
  if (!tree.truncated) return tree
  const entries = new Map(tree.entries)
  for (const path of watched.filter((at) => !entries.has(at))) {
    const entry = await lab.engine.readEntry(container, path)
    if (entry !== undefined) entries.set(path, entry)
  }
  return { entries, truncated: true }
}

/** Where user data is looked for: every volume, and what the scenario aims at in the container's own layer. */
function dataRoots(lab: Lab, { target, mode }: Scenario): string[] {
  const inLayer = target.role === 'data' && target.volume === undefined && mode === 'restart'
  return inLayer ? [...lab.mounts, target.path] : [...lab.mounts]
}

/** The tree at the target, for telling whether start-up touched it. Not read where the control already shows that it does. */
async function readTarget(
  lab: Lab,
  container: string,
  { target, plant }: Scenario
): Promise<Observation['dataBefore']> {
  if (target.used || plant.kill === true) return new Map()
  // A loop can be read only as an entry of its parent.
  const entry = await lab.engine.readEntry(container, target.path)
  if (entry === undefined) return new Map()
  if (entry.type !== 'directory') return new Map([[entry.path, entry]])
  const tree = await lab.engine.read(container, target.path, STATE_BOUNDS)
  return new Map([...(tree?.entries ?? [])].filter(([path]) => isWithin(path, target.path)))
}

/** What a boot is watched for, and what the timeline calls it. */
interface BootWatch {
  readonly canary: string | undefined
  readonly label: string
}

/** Boots containers at the same moment: replicas that race for their volume, or just one. */
async function bootAll(
  lab: Lab,
  conditions: TrialConditions,
  { timeline }: Bench,
  containers: readonly Container[],
  { canary, label }: BootWatch
): Promise<BootObservation[]> {
  const labels = containers.map((_, index) => (containers.length === 1 ? label : `replica ${index + 1}`))
  const endWait = timeline.begin(labels[0] ?? label, 'wait')
  return await conditions.slot((settled) => {
    endWait()
    let unsettled = containers.length
    const onSettled = (): void => {
      if (--unsettled === 0) settled()
    }
    return Promise.all(
      containers.map((container, index) =>
        boot(
          lab.engine,
          { ...bootRequest(lab, container, conditions.deadlineMs, canary), checks: conditions.checks },
          lab.signal,
          { onSettled, during: timeline.during(labels[index] ?? label) }
        )
      )
    )
  })
}

async function bootOnce(
  lab: Lab,
  conditions: TrialConditions,
  bench: Bench,
  container: Container,
  watch: BootWatch
): Promise<BootObservation> {
  const [observation] = await bootAll(lab, conditions, bench, [container], watch)
  if (observation === undefined) throw new Error('a boot of one container gave no observation')
  return observation
}

/** What is asked of one boot beside its readiness checks, by the run's inputs. */
export function bootRequest(
  lab: Lab,
  container: Container,
  deadlineMs: number,
  canary: string | undefined
): Omit<BootRequest, 'checks'> {
  const { smokeTest, stableForMs, forbidLogs } = lab.health
  return {
    containerId: container.id,
    name: container.name,
    deadlineMs,
    stableForMs,
    forbidLogs,
    canary,
    smokeTest:
      smokeTest === undefined ? undefined : { script: smokeTest, workspace: lab.workspace, deadlineMs }
  }
}

/** Ready and still fine at the end of its checks. */
export function isUp({ outcome, stability, smokeTest }: BootObservation): boolean {
  return (
    outcome.kind === 'ready' &&
    (stability === undefined || stability.kind === 'stable') &&
    (smokeTest === undefined || smokeTest.exitCode === 0)
  )
}

/** Graceful, unless the control showed that the image ignores its stop signal: waiting out the grace period changes nothing. */
async function stop(lab: Lab, { control }: TrialConditions, id: string): Promise<void> {
  await (control.ignoresStopSignal ? lab.engine.killContainer(id) : lab.engine.stopContainer(id))
}

function problem(words: string, seconds: number): Observation {
  return {
    problem: words,
    boots: [],
    secondBoot: undefined,
    pathAfter: undefined,
    plantInPlace: false,
    pathTouched: false,
    dataBefore: new Map(),
    dataAfter: undefined,
    timeoutConfirmed: false,
    seconds
  }
}
