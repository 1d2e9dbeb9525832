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
  /** Settles when a container that was healthy became unhealthy; never rejects. */
  readonly worsened: Promise<void>
  /** The engine saw the kernel kill a process of the container for memory. */
  outOfMemory = false
  death: Death | undefined
  /** It was healthy, and is not any more. */
  unhealthy = false

  #started = false
  #wasHealthy = false
  #health: string | undefined
  readonly #healthListeners = new Set<(status: string) => void>()
  readonly #setDied: (death: Death) => void
  readonly #setWorsened: () => void

  constructor() {
    let setDied: (death: Death) => void = () => undefined
    let setWorsened: () => void = () => undefined
    this.died = new Promise((resolve) => (setDied = resolve))
    this.worsened = new Promise((resolve) => (setWorsened = resolve))
    this.#setDied = setDied
    this.#setWorsened = setWorsened
  }

  /** Takes an event of the container. */
  heard(event: ContainerEvent): void {
    if (event.action === 'start') this.#started = true
    if (!this.#started) return
    if (event.action === 'die') this.ended(event.exitCode)
    if (event.action === 'oom') this.outOfMemory = true
    const health = /^health_status: *(\w+)/.exec(event.action)?.[1]
    if (health !== undefined) this.healthIs(health)
  }

  /** Takes a death from whatever source tells of it first. */
  ended(exitCode?: number): void {
    if (this.death) return
    this.death = { exitCode, at: performance.now() }
    this.#setDied(this.death)
  }

  /** Takes a health status (`starting`, `healthy`, `unhealthy`) from an event or an inspection. */
  healthIs(status: string): void {
    if (status === 'healthy') this.#wasHealthy = true
    if (status === 'unhealthy' && this.#wasHealthy) {
      this.unhealthy = true
      this.#setWorsened()
    }
    this.#health = status
    for (const listener of this.#healthListeners) listener(status)
  }

  /** Calls the listener with every health status from now on, the known one included, until the result is called. */
  onHealth(listener: (status: string) => void): () => void {
    this.#healthListeners.add(listener)
    if (this.#health !== undefined) listener(this.#health)
    return () => this.#healthListeners.delete(listener)
  }
}
