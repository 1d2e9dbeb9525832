import type { BoundedTree, TreeEntry } from '../model.js'

/** What the daemon says of itself. */
export interface EngineInfo {
  readonly version: string
  /** Host where published ports are reached: `127.0.0.1` for a local daemon. */
  readonly host: string
  /** Whether limits of memory, processors and processes bind: rootless Docker has no control groups on some hosts. */
  readonly enforcesLimits: boolean
}

/** The parts of an image's configuration that the project relies on. */
export interface ImageInspect {
  readonly id: string
  readonly os: string
  readonly architecture: string
  readonly user: string
  readonly env: Readonly<Record<string, string>>
  readonly workdir: string
  readonly volumes: readonly string[]
  /** TCP ports only. */
  readonly ports: readonly number[]
  readonly healthcheck: readonly string[] | undefined
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

/** A container's body as `POST /containers/create` takes it; opaque but for the keys that are overridden. */
export interface ContainerBody {
  readonly [key: string]: unknown
  readonly HostConfig?: Readonly<Record<string, unknown>>
}

export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly running: boolean
  readonly exitCode: number
  readonly oomKilled: boolean
  /** The daemon's words when the process could not be started. */
  readonly error: string
  readonly restartCount: number
  readonly health: string | undefined
  readonly tty: boolean
  /** Published host ports by TCP container port. */
  readonly publishedPorts: ReadonlyMap<number, number>
  /** `host`, `bridge`, `none`, … */
  readonly networkMode: string
}

/** An event of one container: `die`, `oom`, `health_status: healthy`, `start`, `mount` (one for each of its volumes), … */
export interface ContainerEvent {
  readonly container: string
  readonly action: string
  /** For `die`: the exit code. */
  readonly exitCode: number | undefined
}

export interface PathChange {
  readonly path: string
  readonly kind: 'added' | 'modified' | 'deleted'
}

/** How much may be read back from a container. */
export interface ReadBounds {
  /** Entries at most. */
  readonly entries: number
  /** Bytes of archive at most. */
  readonly bytes: number
  /** Keep the content of files, not only their hashes. */
  readonly keepContent: boolean
}

/** A resource of ours that is still on the engine. */
export interface LabelledResource {
  readonly kind: 'container' | 'volume' | 'image'
  readonly id: string
  /** Of an image, its tags and digests. */
  readonly names: readonly string[]
  /** A container that the legacy builder made for a step that runs nothing, and that was never started. */
  readonly isUnstartedStep: boolean
  readonly labels: Readonly<Record<string, string>>
}

export interface ExecResult {
  readonly exitCode: number
  /** Both streams, cut to the bound. */
  readonly output: string
}

/**
 * The port to a container engine. Every method throws EngineError when the engine refuses or does not answer; none
 * waits without a bound unless it says so.
 */
export interface Engine {
  info(): Promise<EngineInfo>

  /** Undefined when there is no such image on the engine. */
  inspectImage(reference: string): Promise<ImageInspect | undefined>
  /** Pulls through the CLI so that its credentials apply. */
  pullImage(reference: string): Promise<void>
  /** Removes a tag, and what only it kept alive; a missing image is not an error. */
  removeImage(reference: string): Promise<void>

  /**
   * Lets the CLI parse `docker create` flags: creates a container from them, reads its Config and HostConfig, removes it.
   * @returns a body for createContainer
   */
  createBody(
    options: readonly string[],
    image: string,
    command: readonly string[] | undefined,
    labels: Readonly<Record<string, string>>
  ): Promise<ContainerBody>
  /** @returns the container's id */
  createContainer(body: ContainerBody, name?: string): Promise<string>
  startContainer(id: string): Promise<void>
  /** Graceful: the image's stop signal, then SIGKILL after `graceSeconds` (the engine's default when undefined). */
  stopContainer(id: string, graceSeconds?: number): Promise<void>
  killContainer(id: string): Promise<void>
  /** By force, anonymous volumes included; a missing container is not an error. */
  removeContainer(id: string): Promise<void>
  inspectContainer(id: string): Promise<ContainerState>

  removeVolume(name: string): Promise<void>

  /**
   * Writes entries into a container that need not run (`PUT …/archive` at `/`, volumes included). A directory is replaced
   * by a file where the entry says so (Docker 20.10: unless noOverwriteDirNonDir is set).
   */
  write(id: string, entries: readonly TreeEntry[]): Promise<void>
  /**
   * Reads the tree at an absolute path back, the path itself included. Symlinks are not followed, except in the
   * directories that lead to the path.
   * @returns undefined when nothing is there
   */
  read(id: string, path: string, bounds: ReadBounds): Promise<BoundedTree | undefined>
  /** Only the entry at the path, a symlink loop included; file content is hashed up to 256 MiB. */
  readEntry(id: string, path: string): Promise<TreeEntry | undefined>
  /**
   * Keeps every volume of a container that is not running mounted until the returned function is called, so that one that
   * forgets its content when nobody uses it (a tmpfs) can be written before a boot and read after it. Meanwhile other
   * containers use the volumes as ever, and this one can be neither written nor read nor removed.
   * @returns ends it; throws when the engine had ended it before
   */
  keepMounted(id: string): Promise<() => Promise<void>>
  /** Changes in the container's own layer; volumes are not in it. */
  changes(id: string): Promise<readonly PathChange[]>

  /**
   * Follows the container's output from its last start until it stops or the signal aborts.
   * @param onChunk receives raw bytes of stdout and stderr in order of arrival
   */
  followLogs(id: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void>
  /**
   * Waits until whoever follows the container's output has been given all that the engine has of it by now. Of a container with
   * a tty it cannot be told, since its output has no times.
   */
  logsHeard(id: string, signal: AbortSignal): Promise<void>
  /** Runs a command in a running container; `timed-out` where it has not ended by then: it goes on there. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult | 'timed-out'>

  /**
   * Calls the listener for every event of one container until the returned function is called. The stream is opened by
   * the first subscription and is established before the promise settles, so that no event of a later start is missed.
   */
  onContainerEvent(id: string, listener: (event: ContainerEvent) => void): Promise<() => void>

  /** The containers, volumes and images that carry the label key; this project makes no networks. */
  listLabelled(labelKey: string): Promise<readonly LabelledResource[]>

  /** Closes every connection; a second call does nothing. */
  close(): void
}
