import { EngineError } from '../engine/errors.js'
import type { PathChange } from '../engine/engine.js'
import { isData } from '../judge/data.js'
import { isWithin, parentOf } from '../paths.js'
import { Bench, readRoots, readWatching, STATE_BOUNDS, type Lab, type Container } from './lab.js'
import { boot, learnReadyChecks } from './observe.js'
import { bootRequest, FIRST_BOOT_MS, longer, patience, stop, wasOverTime, type BootLimits } from './boots.js'
import { SIGKILLED } from '../exit-codes.js'
import { doubtOf, untilConfirmed } from './doubt.js'
import { locksOf } from './locks.js'
import { sentinels } from './sentinels.js'
import { writeState } from './state.js'
import type { VolumeMount } from './container.js'
import { checkFailure, isFine, shortcoming, staysUp } from '../boot-health.js'
import { noRoom } from './room.js'
import { describe, type ReadyCheck } from './probes/probe.js'
import type { During } from './timeline.js'
import type { LayerState } from '../plan/targets.js'
import type {
  BootObservation,
  BoundedTree,
  ControlKnowledge,
  ControlResult,
  ControlTrace,
  Diagnosis,
  ImageFacts,
  SourceLocation,
  Tree,
  TreeEntry,
  VolumeState
} from '../model.js'

/** What is read back of one candidate in the container's own layer. */
const LAYER_BOUNDS = { entries: 5_000, bytes: 32 * 1024 * 1024, keepContent: true }

export interface ControlRequest {
  readonly facts: ImageFacts
  readonly cachePaths: readonly string[]
  readonly dataPaths: readonly string[]
  /** Paths that faults may be planted at: what the control left there is read back. */
  readonly candidates: readonly string[]
  readonly seed: string
  /** What the volumes hold before the first boot. */
  readonly seedState: readonly TreeEntry[]
  /** Whether any boot mode that was asked for starts a container a second time. */
  readonly restarts: boolean
  /** Explains a boot that failed while its container is still there to be read. */
  readonly explain: (boot: BootObservation) => Promise<{
    readonly diagnosis: Diagnosis | undefined
    readonly location: SourceLocation | undefined
  }>
}

export interface ControlOutcome {
  readonly result: ControlResult
  /** The readiness checks that trials use: the user's, or what the control learned. */
  readonly checks: readonly ReadyCheck[]
  /** Of the boots of trials. */
  readonly limits: BootLimits
  readonly layer: LayerState
  readonly trace: ControlTrace
  /** Whether the stop after the first boot took longer than its grace period. */
  readonly ignoresStopSignal: boolean
}

/**
 * Boots the image on clean state, then again on the state that this left: in a new container on the same volumes, and by
 * starting the same container again. Between them sentinels are planted, so that an image which does not stand a foreign
 * file is found out here and not blamed on a fault.
 *
 * @throws EngineError when the engine fails; a failing image is a result, not an error
 */
export async function runControl(lab: Lab, request: ControlRequest): Promise<ControlOutcome> {
  const outcome = await controlUnlessByChance(lab, request, true)
  if (outcome.result.kind === 'passed' || outcome.result.stage !== 'second-boot' || lab.mounts.length === 0)
    return outcome
  // Is it the second boot, or the foreign file? Only a control without sentinels can tell.
  const without = await controlUnlessByChance(lab, request, false)
  if (without.result.kind === 'failed') return without
  const { knowledge } = without.result
  return {
    ...without,
    result: {
      kind: 'passed',
      knowledge: {
        ...knowledge,
        notes: [
          ...knowledge.notes,
          'The image does not start with a foreign file on its volumes, so no sentinels are planted: that data is intact is shown by the files that start-up itself left and did not change.'
        ]
      }
    }
  }
}

/**
 * Makes the control again where its failure may be the machine's doing.
 * @throws EngineError where it failed in another such way each time
 */
async function controlUnlessByChance(
  lab: Lab,
  request: ControlRequest,
  withSentinels: boolean
): Promise<ControlOutcome> {
  const first = firstLimits(lab)
  return await untilConfirmed(async (run) => {
    const outcome = await controlOnce(lab, request, {
      name: `${withSentinels ? 'control' : 'control-without-sentinels'}${run}`,
      withSentinels,
      limits: run === '' ? first : longer(first),
      // Most images that ignore their signal boot again all the same, and need not be waited for.
      graceSeconds: run === '' ? undefined : patience(lab)
    })
    const { result, ignoresStopSignal } = outcome
    if (result.kind === 'passed') return { result: outcome, doubts: [], failure: '' }
    const doubt = doubtOf(result.boot)
    // Where the user did not say how long it may take, it had far more time than any start-up needs; a later boot had two tries.
    const isNoChance =
      doubt === 'over-time' && (lab.health.startupTimeoutMs === undefined || result.stage !== 'first-boot')
    return {
      result: outcome,
      doubts: [
        ...(doubt === undefined || isNoChance ? [] : [`${result.stage}: ${doubt}`]),
        // What a SIGKILL left, where the stop only took longer than the engine waits, may be why.
        ...(doubt === undefined && ignoresStopSignal ? ['stop'] : [])
      ],
      failure: isFine(result.boot) ? result.message : `it ${shortcoming(result.boot)}`
    }
  })
}

async function controlOnce(
  lab: Lab,
  request: ControlRequest,
  { name, ...conditions }: { readonly name: string } & Omit<ControlConditions, 'traced'>
): Promise<ControlOutcome> {
  const bench = new Bench(lab, name)
  const boots: ControlTrace['boots'][number][] = []
  let outcome: Omit<ControlOutcome, 'trace'>
  try {
    outcome = await control(lab, request, bench, {
      ...conditions,
      traced: (boot) => boots.push(boot)
    })
  } finally {
    await bench.dispose()
  }
  return { ...outcome, trace: { boots, phases: bench.timeline.phases } }
}

interface ControlConditions {
  readonly withSentinels: boolean
  /** Of the first boot. */
  readonly limits: BootLimits
  /** Of the stop after it; undefined is the engine's own. */
  readonly graceSeconds: number | undefined
  /** Takes every boot as it has ended. */
  readonly traced: (boot: ControlTrace['boots'][number]) => void
}

async function control(
  lab: Lab,
  request: ControlRequest,
  bench: Bench,
  { withSentinels, limits: limitsOfFirst, graceSeconds, traced }: ControlConditions
): Promise<Omit<ControlOutcome, 'trace'>> {
  const { engine, mounts } = lab
  const volumes = bench.volumes({ noCopy: false })
  const first = await bench.container(volumes)
  await writeState(lab, bench, first, volumes, request.seedState)
  const pristine = await readRoots(engine, first.id, mounts)

  let last = first
  let ignoresStopSignal = false
  const label = 'first boot'
  const learned = await firstBoot(lab, request, first, limitsOfFirst, bench.timeline.during(label))
  traced({ label, observation: learned.observation })
  const { checks } = learned
  throwIfUnobserved(learned.observation)
  const failed = async (
    stage: FailedControl['stage'],
    message: string,
    boot: BootObservation
  ): Promise<Omit<ControlOutcome, 'trace'>> => {
    const full = isFine(boot) ? undefined : await noRoom(lab, last.id)
    if (full !== undefined) throw new EngineError('boot on clean state', undefined, full)
    // Lost data is not explained by what the log says.
    const explanation = stage === 'data' ? {} : await request.explain(boot)
    return {
      result: { kind: 'failed', stage, blame: blameFor(stage, boot), message, boot, ...explanation },
      checks,
      limits: limitsOfFirst,
      layer: { tree: new Map(), truncated: [] },
      ignoresStopSignal
    }
  }
  if (!isFine(learned.observation)) {
    return await failed('first-boot', firstBootMessage(learned.observation), learned.observation)
  }
  const limits = limitsAfter(lab, learned.observation)
  ignoresStopSignal = await bench.timeline.during(label)('stop', () =>
    stopAndLearn(lab, first.id, graceSeconds)
  )
  const afterFirst = await readRoots(engine, first.id, mounts)
  const layerData = request.restarts ? request.dataPaths.filter((path) => !onVolume(path, mounts)) : []
  const layerAfterFirst = await readRoots(engine, first.id, layerData)

  const planted = sentinels(
    {
      mounts: withSentinels ? mounts : [],
      cachePaths: request.cachePaths,
      dataPaths: withSentinels ? request.dataPaths : []
    },
    (path) => afterFirst.entries.get(path)?.type === 'directory',
    request.facts.user,
    request.seed
  )
  const carrier =
    lab.template.HostConfig?.ReadonlyRootfs === true
      ? await bench.container(volumes, { carrier: true })
      : first
  if (planted.size > 0)
    await bench.timeline.during(null)('plant', () => engine.write(carrier.id, [...planted.values()]))

  let second: BootObservation | undefined
  let running: BoundedTree | undefined
  let runningLayer: BoundedTree | undefined
  const locks = new Map<string, TreeEntry>()
  const end = (id: string): Promise<void> => stop(lab, { ignoresStopSignal }, id)
  for (const later of laterBoots(lab, request, bench, volumes, first)) {
    const during = bench.timeline.during(later.label)
    const again = async (within: BootLimits): Promise<BootObservation> => {
      last = await later.container()
      return await boot(engine, { ...bootRequest(lab, last, within, undefined), checks }, lab.signal, {
        during
      })
    }
    let observed = await again(limits)
    if (wasOverTime(observed)) {
      // Once is no proof: the first boot may have met a machine with less to do.
      await end(last.id)
      observed = await again(longer(limits))
    }
    traced({ label: later.label, observation: observed })
    throwIfUnobserved(observed)
    if (!isFine(observed))
      return await failed('second-boot', secondBootMessage(later.how, observed, planted), observed)
    second ??= observed
    running = await readWatching(engine, last.id, mounts, [...planted.keys()])
    if (last === first) runningLayer = await readRoots(engine, first.id, layerData)
    for (const lock of await locksOf(engine, last.id, running.entries, mounts)) locks.set(lock.path, lock)
    const lost = [...planted.values()].find(
      ({ path, sha256 }) => running?.entries.get(path)?.sha256 !== sha256
    )
    if (lost !== undefined) return await failed('data', dataMessage(later.how, lost.path), observed)
    const { id } = last
    await during('stop', () => end(id))
  }

  const afterLast = await readRoots(engine, last.id, mounts, { ...STATE_BOUNDS, keepContent: true })
  const layerAfterLast = await readRoots(engine, first.id, layerData)
  const stable = [
    ...stableFiles([afterFirst, running ?? afterFirst, afterLast]),
    ...stableFiles([layerAfterFirst, runningLayer ?? layerAfterFirst, layerAfterLast])
  ].filter((path) => !planted.has(path))
  const volumeChanges = changedPaths(pristine.entries, afterLast.entries).filter((path) => !planted.has(path))
  const layerChanges = (await engine.changes(first.id)).filter(({ path }) => !onVolume(path, mounts))
  const layerPaths = (wanted: (kind: PathChange['kind']) => boolean): string[] =>
    layerChanges.filter(({ kind }) => wanted(kind)).map(({ path }) => path)
  const knowledge: ControlKnowledge = {
    readySeconds: readySeconds(learned.observation),
    secondReadySeconds: readySeconds(second ?? learned.observation),
    ignoresStopSignal,
    writtenPaths: [...layerPaths((kind) => kind !== 'deleted'), ...volumeChanges],
    addedPaths: [
      ...layerPaths((kind) => kind === 'added'),
      ...volumeChanges.filter((path) => !pristine.entries.has(path))
    ],
    seededPaths: request.seedState.filter(({ type }) => type !== 'directory').map(({ path }) => path),
    volumes: volumeStates(mounts, afterLast),
    stableFiles: stable.filter((path) => isData(path, request)),
    stableCacheFiles: stable.filter((path) => !isData(path, request)),
    locks,
    sentinels: planted,
    notes: [
      ...checks.filter(({ kind }) => kind === 'stays-up').map(weakReadiness),
      ...silentPorts(lab, checks),
      ...afterLast.cut.map(beyondBounds)
    ]
  }
  return {
    result: { kind: 'passed', knowledge },
    checks,
    limits,
    layer: await readLayer(lab, first.id, request.candidates),
    ignoresStopSignal
  }
}

/** A boot after the first one, on the state that this left. */
interface LaterBoot {
  readonly label: string
  /** In words for a message. */
  readonly how: string
  /** What to start: asked again where it was over its time. */
  readonly container: () => Promise<Container>
}

/** The ways of starting again that trials use; at least one. */
function laterBoots(
  { mounts }: Lab,
  { restarts }: ControlRequest,
  bench: Bench,
  volumes: readonly VolumeMount[],
  first: Container
): LaterBoot[] {
  const second: LaterBoot = {
    label: 'second boot',
    how: 'a new container on the volumes that the first boot left',
    container: () => bench.container(volumes)
  }
  const restart: LaterBoot = {
    label: 'restart',
    how: 'the same container, started again',
    container: () => Promise.resolve(first)
  }
  return [...(mounts.length > 0 ? [second] : []), ...(restarts || mounts.length === 0 ? [restart] : [])]
}

function beyondBounds(mount: string): string {
  return `${mount} holds more than ${STATE_BOUNDS.entries} entries or ${STATE_BOUNDS.bytes / 1024 / 1024} MiB (all volumes together: twice as much), or a name that is not UTF-8: trials start on volumes with what the image brings, not with what the control left`
}

function weakReadiness(check: ReadyCheck): string {
  return `The image has neither a health check nor a port, so all that is asked of it is that it ${describe(check)}: a service that hangs, or crashes later, as on a busy machine, is not noticed. Say with \`ready\` what ready means.`
}

/** Where ports are asked because nothing better is known, those that did not answer. */
function silentPorts({ ports }: Lab, checks: readonly ReadyCheck[]): string[] {
  const answering = checks.flatMap((check) => (check.kind === 'answers' ? [check.port] : []))
  const silent = answering.length === 0 ? [] : ports.filter((port) => !answering.includes(port))
  return silent.map(
    (port) =>
      `Port ${port} did not answer within a second of another one in the control, so no trial asks it. Say with \`ready\` what ready means.`
  )
}

/** The first boot on clean state, which also learns what to ask later boots where the user did not say. */
async function firstBoot(
  lab: Lab,
  { facts }: ControlRequest,
  container: Container,
  limits: BootLimits,
  during: During
): Promise<{ readonly observation: BootObservation; readonly checks: readonly ReadyCheck[] }> {
  const request = bootRequest(lab, container, limits, undefined)
  const checks = lab.health.ready
  if (checks.length > 0)
    return { observation: await boot(lab.engine, { ...request, checks }, lab.signal, { during }), checks }
  return await learnReadyChecks(
    lab.engine,
    { ...request, hasHealthcheck: facts.hasHealthcheck, ports: lab.ports },
    lab.signal,
    { during }
  )
}

function firstLimits({ health }: Lab): BootLimits {
  const limit = health.startupTimeoutMs ?? FIRST_BOOT_MS
  return { deadlineMs: limit, smokeTestMs: limit }
}

/** Of the boots after the first one, by how long that took. */
function limitsAfter({ health }: Lab, first: BootObservation): BootLimits {
  return {
    deadlineMs: health.startupTimeoutMs ?? trialDeadline(readySeconds(first)),
    smokeTestMs: health.startupTimeoutMs ?? trialDeadline(first.smokeTest?.seconds ?? 0)
  }
}

/**
 * The time that a trial's boot gets: generous, since the same image was ready after 1.4 s on an idle machine and 18.6 s on a
 * busy one.
 */
function trialDeadline(controlSeconds: number): number {
  return Math.max(30_000, 10 * controlSeconds * 1000)
}

function readySeconds({ outcome }: BootObservation): number {
  return outcome.kind === 'ready' ? outcome.seconds : 0
}

/** A graceful stop. @returns true when the grace period ran out: the image ignores its stop signal */
async function stopAndLearn(lab: Lab, container: string, graceSeconds: number | undefined): Promise<boolean> {
  const { running } = await lab.engine.inspectContainer(container)
  if (!running) return false
  await lab.engine.stopContainer(container, graceSeconds)
  const { exitCode, oomKilled } = await lab.engine.inspectContainer(container)
  // Which the engine sends when the grace period is over.
  return exitCode === SIGKILLED && !oomKilled
}

function onVolume(path: string, mounts: readonly string[]): boolean {
  return mounts.some((mount) => isWithin(path, mount))
}

/**
 * Of one that was not read whole, none is copied, since what is on one volume may speak of what is on another: then all content is
 * let go.
 */
function volumeStates(mounts: readonly string[], state: BoundedTree): VolumeState[] {
  const entries = state.truncated
    ? [...state.entries].map(([path, entry]) => [path, withoutContent(entry)] as const)
    : [...state.entries]
  return mounts.map((mount) => ({
    mount,
    tree: new Map(entries.filter(([path]) => isWithin(path, mount))),
    truncated: state.truncated
  }))
}

function withoutContent(entry: TreeEntry): TreeEntry {
  const bare = { ...entry }
  delete bare.content
  return bare
}

/** Paths that are new or differ. Directories count only when they are new: their mtime changes with their content. */
function changedPaths(before: Tree, after: Tree): string[] {
  return [...after.values()]
    .filter((entry) => {
      const was = before.get(entry.path)
      if (was === undefined) return true
      if (was.type !== entry.type) return true
      return entry.type !== 'directory' && (was.mtime !== entry.mtime || was.sha256 !== entry.sha256)
    })
    .map(({ path }) => path)
}

/** Files with the same content in every one of the states, a running one among them: some live only between runs. */
function stableFiles(states: readonly BoundedTree[]): string[] {
  const [first, ...others] = states
  if (first === undefined) return []
  return [...first.entries.values()]
    .filter(
      ({ path, sha256 }) =>
        sha256 !== undefined && others.every(({ entries }) => entries.get(path)?.sha256 === sha256)
    )
    .map(({ path }) => path)
}

/** What the control left at the candidates outside volumes, and the directories that hold them. */
async function readLayer(lab: Lab, container: string, candidates: readonly string[]): Promise<LayerState> {
  const tree = new Map<string, TreeEntry>()
  const truncated: string[] = []
  for (const path of candidates.filter((candidate) => !onVolume(candidate, lab.mounts))) {
    for (const at of [parentOf(path), path]) {
      const entry = await lab.engine.readEntry(container, at)
      if (entry !== undefined) tree.set(at, entry)
    }
    if (tree.get(path)?.type === 'directory' || tree.get(path)?.type === 'file') {
      const below = await lab.engine.read(container, path, LAYER_BOUNDS)
      for (const [at, entry] of below?.entries ?? []) tree.set(at, entry)
      if (below?.truncated === true) truncated.push(path)
    }
  }
  return { tree, truncated }
}

/** What the engine kept us from seeing says nothing about the image. @throws EngineError */
function throwIfUnobserved({ outcome }: BootObservation): void {
  if (outcome.kind !== 'engine-error') return
  throw new EngineError('boot on clean state', undefined, outcome.message)
}

type FailedControl = Extract<ControlResult, { readonly kind: 'failed' }>

function blameFor(stage: FailedControl['stage'], boot: BootObservation): FailedControl['blame'] {
  if (boot.outcome.kind === 'timed-out') return 'probe'
  // A check that fails later has passed before, and so is right.
  return stage === 'first-boot' && staysUp(boot) ? 'check' : 'image'
}

function firstBootMessage(observed: BootObservation): string {
  const { outcome } = observed
  switch (outcome.kind) {
    case 'exited':
      return `The image does not start on clean state: it exited ${outcome.exitCode} after ${outcome.seconds.toFixed(1)} s, before it was ready.${outcome.error === undefined ? '' : ` ${outcome.error}`} Fix the image, or give it what it needs under env, command or options.`
    case 'timed-out':
      return `The container is running, but it was not ready after ${outcome.seconds.toFixed(0)} s: ${outcome.waitingFor.join('; ')}. If it is healthy, the probe asks the wrong thing: set ready; if it is slow, set startup-timeout.`
    case 'engine-error':
      return `The engine failed during the first boot: ${outcome.message}`
    case 'ready':
      return `The image was ready on clean state, but ${checkFailure(observed)}.`
  }
}

function dataMessage(how: string, path: string): string {
  return (
    `Start-up removed or changed ${path}, a file that it did not make, on a healthy second boot (${how}). ` +
    'If everything there may be thrown away, declare the path under cache-paths; if not, this is data loss.'
  )
}

function secondBootMessage(how: string, observed: BootObservation, planted: Tree): string {
  const files = [...planted.keys()]
  const foreign =
    files.length === 0 ? '' : ` (It also met ${files.join(', ')}, as a user’s file would lie there.)`
  return `The image starts once but not twice: with no fault planted, its second boot (${how}) ${shortcoming(observed)}.${foreign}`
}
