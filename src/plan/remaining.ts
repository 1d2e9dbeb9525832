import { secondsLeft, type Trial } from './estimate.js'
import type { Pace } from './pace.js'

/** What is left of a plan that is under way. Times are seconds since it began. */
export class Remaining {
  readonly #trials: Map<string, Trial>
  readonly #begun = new Map<string, number>()
  readonly #pace: Pace

  constructor(trials: readonly (Trial & { readonly id: string })[], pace: Pace) {
    this.#trials = new Map(trials.map((trial) => [trial.id, trial]))
    this.#pace = pace
  }

  begin(id: string, at: number): void {
    this.#begun.set(id, at)
  }

  /** It is to begin once more. */
  again(id: string): void {
    this.#begun.delete(id)
  }

  end(id: string): void {
    this.#trials.delete(id)
  }

  /** Estimated, in seconds; 0 when all that is left takes longer than it should. */
  secondsLeft(now: number): number {
    const all = [...this.#trials].map(([id, trial]) => ({ trial, begun: this.#begun.get(id) }))
    return secondsLeft(
      all.flatMap(({ trial, begun }) => (begun === undefined ? [trial] : [])),
      all.flatMap(({ trial, begun }) => (begun === undefined ? [] : [{ trial, seconds: now - begun }])),
      this.#pace
    )
  }
}
