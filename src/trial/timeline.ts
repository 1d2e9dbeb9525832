import type { Phase, PhaseName } from '../model.js'

/** Runs a piece of work and records when it began and ended. */
export type During = <T>(name: PhaseName, work: () => Promise<T>) => Promise<T>

/** For work that nobody keeps the time of. */
export const untimed: During = (_, work) => work()

/** What was done when, in milliseconds since the timeline was made. */
export class Timeline {
  readonly #origin = performance.now()
  /** In the order in which they began; undefined until it has ended. */
  readonly #phases: (Phase | undefined)[] = []

  /** @param boot which boot the work belongs to, in words; null for what concerns the trial as a whole */
  during(boot: string | null): During {
    return async (name, work) => {
      const end = this.begin(boot, name)
      try {
        return await work()
      } finally {
        end()
      }
    }
  }

  /** Begins a phase that the result, when it is called, ends. */
  begin(boot: string | null, name: PhaseName): () => void {
    const startMs = this.#now()
    const place = this.#phases.push(undefined) - 1
    return () => {
      this.#phases[place] = { name, boot, startMs, endMs: this.#now() }
    }
  }

  /** Phases that have ended, in the order in which they began; those of replicas overlap. */
  get phases(): readonly Phase[] {
    return this.#phases.filter((phase) => phase !== undefined)
  }

  #now(): number {
    return Math.round(performance.now() - this.#origin)
  }
}
