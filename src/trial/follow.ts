import type { Engine } from '../engine/engine.js'
import { EngineError } from '../engine/errors.js'
import type { Life } from './life.js'
import type { Output } from './output.js'
import { linkedController, sleep, tooLate, unlessAborted, within } from '../wait.js'

/** A container's log that is being followed. */
export interface FollowedLog {
  /** Rejects when the log cannot be followed although the container lives; never fulfils. */
  readonly broken: Promise<never>
  /**
   * Finds out whether a log that is over by now is so because its container is. @throws what `broken` rejects with, where it
   * lives: what the container said since is not known
   */
  intact(): Promise<void>
  /**
   * Waits until everything that a dead container said has been read, for as long as more comes and a limited time. Where
   * something may be missing, the output knows.
   * @returns false when something may be missing
   */
  drained(): Promise<boolean>
  /**
   * Waits until all that a living container has said by now has been read, which takes its time after a flood.
   * @throws EngineError where it takes too long; what `broken` rejects with
   */
  heard(): Promise<void>
}

/** How long the log of a dead container may be silent before its end is not waited for any more. */
const SILENCE_MS = 5000

/**
 * How long a log is waited for in all. Docker 20.10 hands out some 10 MB a second, less on a busy machine, so
 * that after a flood the traceback that ends it comes late.
 */
const DRAIN_MS = 300_000

/** How long the news of a death may take longer than the end of the log. */
const NEWS_MS = 1000

/**
 * Follows a container's log into its output. The log ends with the container, which makes it a second witness: where the
 * event of a death is lost, the end of the log leads to an inspection.
 */
export function followLog(
  engine: Engine,
  containerId: string,
  output: Output,
  life: Life,
  signal: AbortSignal
): FollowedLog {
  let failure: unknown
  let heardAt = 0
  let isOver = false
  const ended = engine
    .followLogs(
      containerId,
      (chunk) => {
        heardAt = performance.now()
        output.push(chunk)
      },
      signal
    )
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      isOver = true
    })

  const explained = ended.then(async () => {
    if (!life.death) await sleep(NEWS_MS, signal)
    if (!life.death) {
      const state = await engine.inspectContainer(containerId)
      if (state.running) {
        throw failure instanceof Error
          ? failure
          : new EngineError('follow the log', undefined, 'it ended while the container was running')
      }
      life.ended()
    }
  })
  const broken = explained.then(() => unlessAborted(new Promise<never>(() => undefined), signal))
  broken.catch(() => undefined)

  const endReached = async (): Promise<boolean> => {
    const deadline = performance.now() + DRAIN_MS
    for (;;) {
      const asked = performance.now()
      const end = await within(Math.min(SILENCE_MS, deadline - asked), ended, signal)
      if (end !== tooLate) return failure === undefined
      if (heardAt < asked || performance.now() >= deadline) return false
    }
  }
  const intact = async (): Promise<void> => {
    if (isOver) await explained
  }
  return {
    broken,
    intact,
    drained: async () => {
      const complete = await endReached()
      if (!complete) output.missEnd()
      return complete
    },
    heard: async () => {
      const { controller, unlink } = linkedController(signal)
      try {
        const heard = engine.logsHeard(containerId, controller.signal)
        const outcome = await within(DRAIN_MS, Promise.race([heard, broken]), signal)
        if (outcome === tooLate)
          throw new EngineError(
            'follow the log',
            undefined,
            'the engine hands it out too slowly to hear all of it'
          )
        await intact()
      } finally {
        controller.abort()
        unlink()
      }
    }
  }
}
