import { EngineError } from '../engine/errors.js'
import { holder, isWithin } from '../paths.js'
import { bootAll, bootOnce, stop, type TrialConditions } from './boots.js'
import { readWatching, STATE_BOUNDS, type Bench, type Lab } from './lab.js'
import { isInPlace, sameState, verifyPlant } from './plant.js'
import { noRoom } from './room.js'
import { everyBoot, isFine, isUp } from '../boot-health.js'
import { stage } from './stage.js'
import type { BootObservation, Observation, Plant, ReadBack, Scenario } from '../model.js'

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
    const observed = await observe(lab, scenario, conditions, bench).finally(() => bench.letGo())
    return { ...observed, seconds: elapsed() }
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
  if ('problem' in staged) return { ...problem(staged.problem, 0), preparation: staged.boot }

  const [first] = staged.containers
  if (first === undefined) return problem('no container was created', 0)
  const during = bench.timeline.during(null)
  const misplaced = await during('verify', () => verifyPlant(engine, first.id, plant))
  if (misplaced !== undefined) return problem(misplaced, 0)
  const before = await readBack(lab, conditions, scenario, first.id)
  const pathBefore = await readTarget(lab, first.id, scenario)

  const boots = await bootAll(lab, conditions, bench, staged.containers, { ...conditions, label: 'boot' })
  const pathAfter = hasNoPath(plant)
    ? undefined
    : ((await engine.readEntry(first.id, target.path)) ?? 'missing')
  const plantInPlace = await isInPlace(
    engine,
    first.id,
    plant,
    target.path,
    scenario.expectation === 'leave-alone' ? 'all' : 'any'
  )
  const pathTouched = !sameState(pathBefore, await readTarget(lab, first.id, scenario), target.path)

  let last = first
  let secondBoot: BootObservation | undefined
  const cameUp = boots.every(isUp)
  if (conditions.secondBoot && (cameUp || (staged.nextEvenIfDown === true && boots.every(isOver)))) {
    await during('stop', () =>
      Promise.all(staged.containers.map(({ id }) => stop(lab, conditions.control, id)))
    )
    const next = await staged.next()
    if ('problem' in next) return { ...problem(next.problem, 0), boots }
    last = next
    secondBoot = await bootOnce(lab, conditions, bench, last, { ...conditions, label: 'second boot' })
  }
  const bounds = { ...STATE_BOUNDS, keepContent: plant.damaged !== undefined }
  const dataAfter = await during('read-back', () => readBack(lab, conditions, scenario, last.id, bounds))
  // Not only where the log says so: on a full disk the engine cannot keep a log either.
  const isWell = everyBoot({ boots, secondBoot }).every(isFine)
  const full = isWell || plant.fullMount !== undefined ? undefined : await noRoom(lab, last.id)
  if (full !== undefined) return { ...problem(full, 0), boots }
  if (!cameUp && staged.excuse !== undefined) {
    await Promise.all([...staged.containers, last].map(({ id }) => engine.killContainer(id)))
    const excuse = await staged.excuse()
    if (excuse !== undefined) return { ...problem(excuse.problem, 0), preparation: excuse.boot, boots }
  }
  return {
    problem: undefined,
    boots,
    secondBoot,
    oldCode: staged.oldCode,
    pathAfter,
    plantInPlace,
    pathTouched,
    dataBefore: before.entries,
    dataAfter
  }
}

/** Reads where user data is: every volume, and the roots in the container's own layer. */
async function readBack(
  { engine, mounts }: Lab,
  { control, dataPaths }: TrialConditions,
  scenario: Scenario,
  container: string,
  bounds = STATE_BOUNDS
): Promise<ReadBack> {
  const watched = [...control.sentinels.keys(), ...control.stableFiles]
  const onVolumes = watched.filter((path) => holder(path, mounts) !== undefined)
  const volumes = await readWatching(engine, container, mounts, onVolumes, bounds)
  const roots = layerRoots(scenario, dataPaths, mounts)
  const inLayer = watched.filter((path) => holder(path, roots) !== undefined)
  const layer = await readWatching(engine, container, roots, inLayer, bounds)
  return {
    entries: new Map([...volumes.entries, ...layer.entries]),
    truncated: volumes.truncated,
    cutRoots: layer.truncated ? roots : []
  }
}

/** The data paths in the container's own layer where it stays, and what the scenario aims at. */
function layerRoots(
  { target, mode, plant }: Scenario,
  dataPaths: readonly string[],
  mounts: readonly string[]
): string[] {
  const declared = mode === 'restart' ? dataPaths : []
  const stays = mode === 'restart' || plant.fullMount !== undefined
  const aimedAt = target.role === 'data' && stays ? [target.path] : []
  return [...new Set([...declared, ...aimedAt])].filter((path) => holder(path, mounts) === undefined)
}

/** The tree at the target, for telling whether start-up touched it. Not read where the control already shows that it does. */
async function readTarget(
  lab: Lab,
  container: string,
  { target, plant }: Scenario
): Promise<Observation['dataBefore']> {
  if (target.used || hasNoPath(plant)) return new Map()
  // A loop can be read only as an entry of its parent.
  const entry = await lab.engine.readEntry(container, target.path)
  if (entry === undefined) return new Map()
  if (entry.type !== 'directory') return new Map([[entry.path, entry]])
  const tree = await lab.engine.read(container, target.path, STATE_BOUNDS)
  return new Map([...(tree?.entries ?? [])].filter(([path]) => isWithin(path, target.path)))
}

/** Whether the fault is about the container or its user, and not about what is at a path. */
function hasNoPath({ kill, runAs, previousRelease }: Plant): boolean {
  return kill === true || runAs !== undefined || previousRelease === true
}

/** It came up or it exited: whatever it left is left. */
function isOver({ outcome }: BootObservation): boolean {
  return outcome.kind === 'ready' || outcome.kind === 'exited'
}

function problem(words: string, seconds: number): Observation {
  return {
    problem: words,
    boots: [],
    secondBoot: undefined,
    oldCode: undefined,
    pathAfter: undefined,
    plantInPlace: false,
    pathTouched: false,
    dataBefore: new Map(),
    dataAfter: undefined,
    seconds
  }
}
