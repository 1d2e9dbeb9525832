import type { ContainerEvent } from '../engine/engine.js'

/** How a container's process ended, as far as the event says. */
export interface Death {
  /** As the event has it, to be confirmed by an inspection; undefined when nobody said. */
  readonly exitCode: number | undefined
  /** `performance.now()` when we heard of it. */
  readonly at: number
}

/**
 * What the engine's events say of one container since its start.
 *
 * Events before `start` are those of an earlier run of the same container (a `restart` trial stops it first) that arrive
 * late; the engine logs `start` before it lets go of the container, so `die` of this run cannot overtake it
 * (moby daemon/start.go, 20.10 to 28).
 */
export class Life {
  /** Settles when the container's process has ended; never rejects. */
  readonly died: Promise<Death>
  /** Settles when the engine has told that the process ended, whoever else did before; never rejects. */
  readonly told: Promise<void>
  /** Settles when a container that was healthy became unhealthy; never rejects. */
  readonly worsened: Promise<void>
  /** The engine saw the kernel kill a process of the container for memory. */
  outOfMemory = false
  /**
   * Somebody had the engine send it a signal. Nobody of us does that to a container that is observed: it is another user of
   * the engine, or a daemon that ends, or one that was started again and finds containers of the one before it (20.10).
   */
  signalled = false
  death: Death | undefined
  /** It was healthy, and is not any more. */
  unhealthy = false
  /** How often something was heard of its health. */
  healthNews = 0

  #started = false
  #wasHealthy = false
  #health: string | undefined
  readonly #healthListeners = new Set<(status: string) => void>()
  readonly #setDied: (death: Death) => void
  readonly #setTold: () => void
  readonly #setWorsened: () => void

  constructor() {
    let setDied: (death: Death) => void = () => undefined
    let setTold: () => void = () => undefined
    let setWorsened: () => void = () => undefined
    this.told = new Promise((resolve) => (setTold = resolve))
    this.died = new Promise((resolve) => (setDied = resolve))
    this.worsened = new Promise((resolve) => (setWorsened = resolve))
    this.#setDied = setDied
    this.#setTold = setTold
    this.#setWorsened = setWorsened
  }

  /** Takes an event of the container. */
  heard(event: ContainerEvent): void {
    if (event.action === 'start') this.#started = true
    if (!this.#started) return
    if (event.action === 'kill') this.signalled = true
    if (event.action === 'die') {
      this.ended(event.exitCode)
      this.#setTold()
    }
    if (event.action === 'oom') this.outOfMemory = true
    const health = /^health_status: *(\w+)/.exec(event.action)?.[1]
    if (health !== undefined) this.healthIs(health)
  }

  /** Takes a death from whatever source tells of it first. */
  ended(exitCode?: number): void {
    // Who tells later may know more.
    this.death = { exitCode: this.death?.exitCode ?? exitCode, at: this.death?.at ?? performance.now() }
    this.#setDied(this.death)
  }

  /** Takes a health status (`starting`, `healthy`, `unhealthy`) from an event or an inspection. */
  healthIs(status: string): void {
    if (status === 'healthy') this.#wasHealthy = true
    if (status === 'unhealthy' && this.#wasHealthy) {
      this.unhealthy = true
      this.#setWorsened()
    }
    this.healthNews += 1
    this.#health = status
    for (const listener of this.#healthListeners) listener(status)
  }

  /**
   * Takes the health of an inspection, where the news of it may have been lost.
   * @param asked the count of `healthNews` when it was asked for: what came meanwhile is newer
   */
  inspected(health: string | undefined, asked: number): void {
    if (this.healthNews !== asked) return
    if (health === 'starting' || health === 'healthy' || health === 'unhealthy') this.healthIs(health)
  }

  /** Calls the listener with every health status from now on, the known one included, until the result is called. */
  onHealth(listener: (status: string) => void): () => void {
    this.#healthListeners.add(listener)
    if (this.#health !== undefined) listener(this.#health)
    return () => this.#healthListeners.delete(listener)
  }
}
