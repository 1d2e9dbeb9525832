import type {
  ContainerEvent,
  ContainerState,
  Engine,
  EngineInfo,
  ExecResult
} from '../../../src/engine/engine.js'
import { EngineError } from '../../../src/engine/errors.js'

export const CONTAINER = 'c0ffee'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * One container of an engine, played by hand: a test says what happens, and the engine answers as Docker 20.10 was seen to
 * (state first, then the `die` event, then the end of the log).
 */
export class FakeEngine implements Engine {
  /** What was asked, in order. */
  readonly calls: string[] = []
  readonly state: Mutable<ContainerState> = created(CONTAINER, 'under-test')
  /** Played once the container has started, before `startContainer` returns. */
  onStart: () => void | Promise<void> = () => undefined
  /** Thrown by `startContainer`. */
  refusal: Error | undefined
  /** Answers `exec`. */
  onExec: (timeoutMs: number) => Promise<ExecResult | 'timed-out'> = () =>
    Promise.resolve({ exitCode: 0, output: '' })
  /** Answers `inspectContainer` instead of the state. */
  onInspect: (() => ContainerState) | undefined
  onSubscribe: () => Promise<void> = () => Promise.resolve()
  readonly #listeners = new Set<(event: ContainerEvent) => void>()
  readonly #followers = new Set<{
    onChunk: (chunk: Buffer) => void
    end: () => void
    fail: (error: Error) => void
  }>()
  readonly #written: Buffer[] = []
  #logEnded = false

  get subscriptions(): number {
    return this.#listeners.size
  }

  get followers(): number {
    return this.#followers.size
  }

  emit(action: string, exitCode?: number): void {
    for (const listener of [...this.#listeners]) listener({ container: CONTAINER, action, exitCode })
  }

  say(chunk: string | Buffer): void {
    const bytes = Buffer.from(chunk)
    this.#written.push(bytes)
    for (const { onChunk } of this.#followers) onChunk(bytes)
  }

  endLog(): void {
    this.#logEnded = true
    for (const { end } of [...this.#followers]) end()
  }

  failLog(error: Error): void {
    for (const { fail } of [...this.#followers]) fail(error)
  }

  /** The process ends, as the state, the events and the log tell. */
  die(exitCode: number, oomKilled = false): void {
    this.vanish(exitCode, oomKilled)
    if (oomKilled) this.emit('oom')
    this.emit('die', exitCode)
    this.endLog()
  }

  /** The process ends, and no event tells. */
  vanish(exitCode: number, oomKilled = false): void {
    Object.assign(this.state, { running: false, status: 'exited', exitCode, oomKilled })
  }

  async startContainer(): Promise<void> {
    this.calls.push('start')
    await Promise.resolve()
    if (this.refusal) throw this.refusal
    Object.assign(this.state, { running: true, status: 'running' })
    this.emit('start')
    await this.onStart()
  }

  inspectContainer(): Promise<ContainerState> {
    this.calls.push('inspect')
    try {
      return Promise.resolve(this.onInspect?.() ?? { ...this.state })
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error('odd', { cause: error }))
    }
  }

  /** Answers `logsHeard`: at once, as the engine does where its follower keeps up. */
  onLogsHeard: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()

  logsHeard(_id: string, signal: AbortSignal): Promise<void> {
    return this.onLogsHeard(signal)
  }

  followLogs(_id: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void> {
    this.calls.push('follow')
    return new Promise((resolve, reject) => {
      const follower = {
        onChunk,
        end: () => {
          this.#followers.delete(follower)
          resolve()
        },
        fail: (error: Error) => {
          this.#followers.delete(follower)
          reject(error)
        }
      }
      this.#followers.add(follower)
      signal.addEventListener('abort', follower.end, { once: true })
      for (const chunk of this.#written) onChunk(chunk)
      if (this.#logEnded) follower.end()
    })
  }

  async onContainerEvent(_id: string, listener: (event: ContainerEvent) => void): Promise<() => void> {
    this.calls.push('subscribe')
    await this.onSubscribe()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  exec(_id: string, _command: readonly string[], timeoutMs: number): Promise<ExecResult | 'timed-out'> {
    this.calls.push('exec')
    return this.onExec(timeoutMs)
  }

  info(): Promise<EngineInfo> {
    return Promise.resolve({
      version: '0',
      enforcesLimits: true,
      host: '127.0.0.1'
    })
  }

  close(): void {
    this.#listeners.clear()
  }

  inspectImage = unwanted
  pullImage = unwanted
  removeImage = unwanted
  createBody = unwanted
  createContainer = unwanted
  stopContainer = unwanted
  killContainer = unwanted
  removeContainer = unwanted
  removeVolume = unwanted
  write = unwanted
  read = unwanted
  readEntry = unwanted
  keepMounted = unwanted
  changes = unwanted
  listLabelled = unwanted
}

function unwanted(): Promise<never> {
  return Promise.reject(new EngineError('fake', undefined, 'observing a boot does not need this'))
}

/** The state of a container that was created and never started. */
export function created(id: string, name: string): ContainerState {
  return {
    id,
    name,
    status: 'created',
    running: false,
    exitCode: 0,
    oomKilled: false,
    error: '',
    restartCount: 0,
    health: undefined,
    tty: false,
    publishedPorts: new Map(),
    networkMode: 'bridge'
  }
}
