import { containerBody, type TmpfsVolume, type VolumeMount } from './container.js'
import { namePrefix } from '../names.js'
import { Timeline } from './timeline.js'
import { EngineError } from '../engine/errors.js'
import type { ContainerBody, Engine, ReadBounds } from '../engine/engine.js'
import { ProblemList } from '../inputs/problems.js'
import type { BoundedTree, HealthInputs, ImageFacts, Inputs, TreeEntry } from '../model.js'

/** What every boot of a run shares. */
export interface Lab {
  readonly engine: Engine
  readonly runId: string
  readonly labels: Readonly<Record<string, string>>
  /** What the CLI made of the user's options, env and command. */
  readonly template: ContainerBody
  /** Mount points that outlive a deploy. */
  readonly mounts: readonly string[]
  /** TCP ports to publish. */
  readonly ports: readonly number[]
  readonly health: HealthInputs
  readonly workspace: string
  /** What a smoke test inherits, and where temporary files go. */
  readonly environment: NodeJS.ProcessEnv
  /** Ends every wait when the run is cancelled. */
  readonly signal: AbortSignal
}

/** What a lab is made from, beside the inputs and the image. */
export type LabEquipment = Pick<Lab, 'engine' | 'labels' | 'template' | 'environment' | 'signal'> & {
  readonly identity: { readonly runId: string }
}

/** Each costs a volume of the engine in every boot, and a reading of what is on it. */
export const MOST_VOLUMES = 64

/**
 * Each costs a proxy of the daemon in every boot, and a question while the control starts. Of an image that exposes more, only those
 * are published that an input names.
 */
export const MOST_PORTS = 64

/**
 * The lab for an image.
 * @throws InputError as placesFor does
 */
export function labFor(inputs: Inputs, facts: ImageFacts, equipment: LabEquipment): Lab {
  const { engine, labels, template, environment, signal, identity } = equipment
  return {
    engine,
    labels,
    template,
    environment,
    signal,
    runId: identity.runId,
    ...placesFor(inputs, facts),
    health: inputs,
    workspace: inputs.workspace
  }
}

type PlaceInputs = Pick<Inputs, 'volumes' | 'ports' | 'ready'>
type PlaceFacts = Pick<ImageFacts, 'volumes' | 'ports' | 'hasHealthcheck'>

/**
 * Which of an image's paths outlive a deploy, and which of its ports are worth publishing.
 * @throws InputError where there are more of either than a boot can have, and no input says which of them count
 */
export function placesFor(inputs: PlaceInputs, facts: PlaceFacts): Pick<Lab, 'mounts' | 'ports'> {
  const problems = new ProblemList()
  const places = { mounts: mountsOf(inputs, facts, problems), ports: portsOf(inputs, facts, problems) }
  problems.throwIfAny()
  return places
}

function mountsOf(inputs: PlaceInputs, facts: PlaceFacts, problems: ProblemList): readonly string[] {
  const mounts = inputs.volumes ?? facts.volumes
  if (mounts.length > MOST_VOLUMES)
    problems.add(
      'volumes',
      undefined,
      `there are ${mounts.length}, by the image or by this input`,
      `up to ${MOST_VOLUMES}, those that outlive a deploy`
    )
  return mounts
}

function portsOf(inputs: PlaceInputs, facts: PlaceFacts, problems: ProblemList): readonly number[] {
  const asked = inputs.ready.flatMap((probe) =>
    probe.kind === 'http' || probe.kind === 'tcp' ? [probe.port] : []
  )
  const named = [...new Set([...inputs.ports, ...asked])]
  const isRange = facts.ports.length > MOST_PORTS
  const isLearned = inputs.ready.length === 0 && !facts.hasHealthcheck
  if (named.length > MOST_PORTS || (isRange && isLearned && named.length === 0))
    problems.add(
      'ports',
      undefined,
      isRange && named.length === 0
        ? `the image exposes ${facts.ports.length}, too many to ask which of them tells that it is ready`
        : `there are ${named.length}, by this input and by ready`,
      `up to ${MOST_PORTS}, those that start-up listens on`
    )
  return [...new Set([...(isRange ? [] : facts.ports), ...named])].sort((a, b) => a - b)
}

/** How much of one volume is read back. Over it, the report says what was left out. */
export const STATE_BOUNDS: ReadBounds = { entries: 50_000, bytes: 256 * 1024 * 1024, keepContent: false }

/** How much of all volumes together is read back, as a multiple of that: an image may declare as many as it likes. */
const ALL_VOLUMES = 2

/** What is special about one container. */
export interface ContainerOptions {
  readonly carrier?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** As `--user` writes it. */
  readonly user?: string
  readonly template?: ContainerBody
}

/** A container of a trial or a control. */
export interface Container {
  readonly id: string
  readonly name: string
}

/** Containers and volumes of one trial or control, so that they can be removed together. */
export class Bench {
  /** What is done at this bench; making and removing things records itself. */
  readonly timeline = new Timeline()
  readonly #lab: Lab
  readonly #prefix: string
  readonly #containers: Container[] = []
  readonly #volumes: string[] = []
  readonly #kept = new Set<() => Promise<void>>()

  /** @param purpose part of every name, e.g. `control` or the number of a trial */
  constructor(lab: Lab, purpose: string) {
    this.#lab = lab
    this.#prefix = `${namePrefix(lab.runId)}${purpose}`
  }

  /** Fresh volumes for every mount point of the run; the engine makes them when the first container mounts them. */
  volumes(options: { readonly noCopy: boolean }): VolumeMount[] {
    return this.#lab.mounts.map((target) => this.volume(target, options))
  }

  volume(
    target: string,
    options: { readonly noCopy: boolean; readonly readOnly?: boolean; readonly tmpfs?: TmpfsVolume }
  ): VolumeMount {
    const name = `${this.#prefix}-volume-${this.#volumes.length + 1}`
    this.#volumes.push(name)
    return { name, target, readOnly: false, ...options }
  }

  /**
   * Keeps volumes mounted, so that one in memory keeps its content when no container runs.
   * @returns ends it, as `letGo` does for all of them
   */
  async keepMounted(volumes: readonly VolumeMount[]): Promise<() => Promise<void>> {
    const carrier = await this.container(volumes, { carrier: true })
    const release = await this.#lab.engine.keepMounted(carrier.id)
    this.#kept.add(release)
    return async () => {
      this.#kept.delete(release)
      await release()
    }
  }

  /** Keeps nothing mounted any more. @throws EngineError when the engine had let go of something before */
  async letGo(): Promise<void> {
    const kept = [...this.#kept]
    this.#kept.clear()
    await Promise.all(kept.map((release) => release()))
  }

  /**
   * Creates a container of the image under test.
   * @param options `carrier` makes one that is never started and only gives access to the volumes; `template` is for an
   *   image that is not the one under test
   */
  async container(volumes: readonly VolumeMount[], options: ContainerOptions = {}): Promise<Container> {
    const name = `${this.#prefix}-${this.#containers.length + 1}`
    const { template, env, user } = options
    const body = containerBody(template ?? this.#lab.template, {
      labels: this.#lab.labels,
      volumes,
      ports: options.carrier === true ? [] : this.#lab.ports,
      writableLayer: options.carrier === true,
      ...(env === undefined ? {} : { env }),
      ...(user === undefined ? {} : { user })
    })
    const create = (): Promise<string> => this.#lab.engine.createContainer(body, name)
    const container = { id: await this.timeline.during(null)('create', create), name }
    this.#containers.push(container)
    return container
  }

  /** Ends what runs, and removes nothing. @throws EngineError */
  async kill(): Promise<void> {
    await Promise.all(this.#containers.map(({ id }) => this.#lab.engine.killContainer(id)))
  }

  /**
   * Removes everything by force. What the engine will not remove now says nothing about the image: the sweep at the end of
   * the run tries again, and reports what then is still there.
   */
  async dispose(): Promise<void> {
    const { engine } = this.#lab
    await this.timeline.during(null)('remove', async () => {
      await allThatCan(this.#containers.map(({ id }) => engine.removeContainer(id)))
      await allThatCan(this.#volumes.map((name) => engine.removeVolume(name)))
    })
  }
}

/** Enough to see what a root itself is. */
const LEAST_BOUNDS = { entries: 1, bytes: 64 * 1024 }

/**
 * Reads several roots of one container as one tree, one after another, within twice the bounds of one; `cut` are those that were
 * not read whole.
 */
export async function readRoots(
  engine: Engine,
  container: string,
  roots: readonly string[],
  bounds: ReadBounds = STATE_BOUNDS
): Promise<BoundedTree & { readonly cut: readonly string[] }> {
  const entries = new Map<string, TreeEntry>()
  const cut: string[] = []
  let entriesLeft = ALL_VOLUMES * bounds.entries
  let bytesLeft = ALL_VOLUMES * bounds.bytes
  for (const root of roots) {
    const tree = await engine.read(container, root, {
      ...bounds,
      entries: Math.min(bounds.entries, Math.max(entriesLeft, LEAST_BOUNDS.entries)),
      bytes: Math.min(bounds.bytes, Math.max(bytesLeft, LEAST_BOUNDS.bytes))
    })
    if (tree === undefined) continue
    if (tree.truncated) cut.push(root)
    for (const [path, entry] of tree.entries) {
      entries.set(path, entry)
      entriesLeft -= 1
      bytesLeft -= entry.sha256 === undefined ? 0 : entry.size
    }
  }
  return { entries, truncated: cut.length > 0, cut }
}

/**
 * Reads several roots of one container as one tree. Beyond the bounds, the files that are watched are read one by one, since
 * nothing follows from an absence.
 */
export async function readWatching(
  engine: Engine,
  container: string,
  roots: readonly string[],
  watched: readonly string[],
  bounds: ReadBounds = STATE_BOUNDS
): Promise<BoundedTree> {
  const tree = await readRoots(engine, container, roots, bounds)
  if (!tree.truncated) return tree
  const entries = new Map(tree.entries)
  for (const path of watched.filter((at) => !entries.has(at))) {
    const entry = await engine.readEntry(container, path)
    if (entry !== undefined) entries.set(path, entry)
  }
  return { entries, truncated: true }
}

/** Waits for all of them. @throws only what is not the engine's failure */
async function allThatCan(removals: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(removals)) {
    if (result.status === 'rejected' && !(result.reason instanceof EngineError)) throw result.reason
  }
}
