import { EngineError } from '../../../src/engine/errors.js'
import type { ContainerBody, ContainerEvent, ContainerState, Engine } from '../../../src/engine/engine.js'
import type { Lab } from '../../../src/trial/lab.js'
import { created } from './fake-engine.js'

/** What a container does once it is started: is ready, perhaps after some words, hangs without one, or says something and exits. */
export type Behaviour =
  | 'ready'
  | 'hangs'
  | { readonly exitCode: number; readonly oomKilled?: boolean; readonly says?: string }
  | { readonly isReadyAfter: string }

/** The engine's own grace period, in seconds. */
const GRACE_SECONDS = 10

/** How a container behaves in its first start, its second one, … */
export type Behave = (name: string, start: number) => Behaviour

/** Says that a container is ready; what every fake container's readiness check waits for. */
const READY = 'ready'

interface FakeContainer {
  readonly state: { -readonly [Key in keyof ContainerState]: ContainerState[Key] }
  starts: number
  log: Buffer[]
  ended: boolean
  readonly followers: Set<() => void>
  readonly listeners: Set<(event: ContainerEvent) => void>
}

/**
 * An engine of many containers in memory, for whole trials and controls: what takes minutes of a real machine, or its luck, in
 * milliseconds. It has no volumes: whatever is written is gone, and nothing can be read back.
 */
export class FakeDocker {
  /** Names of containers, in the order in which they were started. */
  readonly started: string[] = []
  /** What `stop` and `kill` were called with. */
  readonly ended: string[] = []
  /** What containers were created with, by their names. */
  readonly bodies = new Map<string, ContainerBody>()
  /** The most containers that ran at the same time. */
  mostRunning = 0
  /** Whether the last stop of any container became a SIGKILL; shared volumes would show it. */
  wasKilled = false
  readonly #behave: Behave
  readonly #stopSeconds: number
  readonly #containers = new Map<string, FakeContainer>()

  /** @param stopSeconds how long a container takes to stop */
  constructor(behave: Behave, stopSeconds = 0) {
    this.#behave = behave
    this.#stopSeconds = stopSeconds
  }

  /** A lab on this engine, with no ports, and no mounts unless they are given; its readiness check is a line in the log. */
  lab(
    over: {
      readonly template?: Lab['template']
      readonly health?: Partial<Lab['health']>
      readonly mounts?: readonly string[]
    } = {}
  ): Lab {
    const { template = {}, health = {}, mounts = [] } = over
    return {
      engine: this.#engine(),
      runId: 'run',
      labels: {},
      template,
      mounts,
      ports: [],
      health: {
        ready: [{ kind: 'log', pattern: `^${READY}$`, flags: '' }],
        startupTimeoutMs: 200,
        stableForMs: 0,
        smokeTest: undefined,
        forbidLogs: [],
        ...health
      },
      workspace: '/tmp',
      environment: process.env,
      signal: new AbortController().signal
    } as unknown as Lab
  }

  #engine(): Engine {
    const refuse = (name: string | symbol) => (): Promise<never> =>
      Promise.reject(new EngineError('fake', undefined, `unexpected: ${String(name)}`))
    const known = {
      createContainer: (body: ContainerBody, name = '') => {
        this.bodies.set(name, body)
        this.#containers.set(name, newContainer(name))
        return Promise.resolve(name)
      },
      startContainer: (id: string) => this.#start(id),
      inspectContainer: (id: string) => Promise.resolve({ ...this.#get(id).state }),
      stopContainer: (id: string, grace?: number) => {
        this.ended.push(`stop ${id}${grace === undefined ? '' : ` within ${grace} s`}`)
        this.wasKilled = this.#stopSeconds > (grace ?? GRACE_SECONDS)
        if (this.#get(id).state.running) this.#die(id, this.wasKilled ? 137 : 0)
        return Promise.resolve()
      },
      killContainer: (id: string) => {
        this.ended.push(`kill ${id}`)
        if (this.#get(id).state.running) this.#die(id, 137)
        return Promise.resolve()
      },
      removeContainer: (id: string) => {
        const container = this.#containers.get(id)
        if (container?.state.running === true) this.#die(id, 137)
        this.#containers.delete(id)
        return Promise.resolve()
      },
      removeVolume: () => Promise.resolve(),
      write: () => Promise.resolve(),
      read: () => Promise.resolve(undefined),
      readEntry: () => Promise.resolve(undefined),
      changes: () => Promise.resolve([]),
      followLogs: (id: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          const { log, ended, followers } = this.#get(id)
          log.forEach(onChunk)
          const end = (): void => {
            followers.delete(end)
            resolve()
          }
          if (ended) end()
          else {
            followers.add(end)
            signal.addEventListener('abort', end, { once: true })
          }
        }),
      logsHeard: () => Promise.resolve(),
      onContainerEvent: (id: string, listener: (event: ContainerEvent) => void) => {
        const { listeners } = this.#get(id)
        listeners.add(listener)
        return Promise.resolve(() => listeners.delete(listener))
      },
      info: () => Promise.resolve({ host: '127.0.0.1' })
    }
    return new Proxy(known, {
      get: (methods, name) => (name in methods ? methods[name as keyof typeof methods] : refuse(name))
    }) as unknown as Engine
  }

  async #start(id: string): Promise<void> {
    const container = this.#get(id)
    container.log = []
    container.ended = false
    container.starts += 1
    Object.assign(container.state, { running: true, status: 'running' })
    this.started.push(id)
    const running = [...this.#containers.values()].filter(({ state }) => state.running).length
    this.mostRunning = Math.max(this.mostRunning, running)
    for (const listener of container.listeners)
      listener({ container: id, action: 'start', exitCode: undefined })
    const does = this.#behave(id, container.starts)
    if (does === 'ready') container.log.push(Buffer.from(`${READY}\n`))
    if (typeof does !== 'object') return
    if ('isReadyAfter' in does) {
      container.log.push(Buffer.from(`${does.isReadyAfter}\n${READY}\n`))
      return
    }
    if (does.says !== undefined) container.log.push(Buffer.from(`${does.says}\n`))
    setTimeout(() => {
      this.#die(id, does.exitCode, does.oomKilled)
    }, 5)
    await Promise.resolve()
  }

  #die(id: string, exitCode: number, oomKilled = false): void {
    const container = this.#get(id)
    Object.assign(container.state, { running: false, status: 'exited', exitCode, oomKilled })
    for (const listener of container.listeners) listener({ container: id, action: 'die', exitCode })
    container.ended = true
    for (const end of [...container.followers]) end()
  }

  #get(id: string): FakeContainer {
    const container = this.#containers.get(id)
    if (container === undefined) throw new EngineError('fake', 404, `No such container: ${id}`)
    return container
  }
}

function newContainer(name: string): FakeContainer {
  return {
    state: created(name, name),
    starts: 0,
    log: [],
    ended: false,
    followers: new Set(),
    listeners: new Set()
  }
}
