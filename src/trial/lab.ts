import { containerBody, type TmpfsVolume, type VolumeMount } from './container.js'
import { namePrefix } from '../names.js'
import { Timeline } from './timeline.js'
import { EngineError } from '../engine/errors.js'
import type { ContainerBody, Engine, ReadBounds } from '../engine/engine.js'
import type { BoundedTree, HealthInputs, ImageFacts, Inputs, Tree } from '../model.js'

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

/** The lab for an image: which of its paths outlive a deploy, and which ports are worth publishing. */
export function labFor(inputs: Inputs, facts: ImageFacts, equipment: LabEquipment): Lab {
  const { engine, labels, template, environment, signal } = equipment
  const asked = inputs.ready.flatMap((probe) =>
    probe.kind === 'http' || probe.kind === 'tcp' ? [probe.port] : []
  )
  return {
    engine,
    labels,
    template,
    environment,
    signal,
    runId: equipment.identity.runId,
    mounts: inputs.volumes ?? facts.volumes,
    ports: [...new Set([...facts.ports, ...inputs.ports, ...asked])].sort((a, b) => a - b),
    health: inputs,
    workspace: inputs.workspace
  }
}

/** How much state of a container is read back. Over it, the report says what was left out. */
export const STATE_BOUNDS: ReadBounds = { entries: 50_000, bytes: 256 * 1024 * 1024, keepContent: false }

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

/** Reads several roots of one container as one tree; `cut` are those that were not read whole. */
export async function readRoots(
  engine: Engine,
  container: string,
  roots: readonly string[],
  bounds: ReadBounds = STATE_BOUNDS
): Promise<BoundedTree & { readonly cut: readonly string[] }> {
  const trees = await Promise.all(roots.map((root) => engine.read(container, root, bounds)))
  const entries: Tree = new Map(trees.flatMap((tree) => [...(tree?.entries ?? [])]))
  const cut = roots.filter((_, index) => trees[index]?.truncated === true)
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
