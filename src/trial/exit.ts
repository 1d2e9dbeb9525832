import type { Engine } from '../engine/engine.js'
import { EngineError } from '../engine/errors.js'
import { SIGKILLED } from '../exit-codes.js'
import type { Life } from './life.js'
import { tooLate, within } from '../wait.js'

/** How a container's process ended. */
export interface Exit {
  readonly exitCode: number
  readonly oomKilled: boolean
  /** `performance.now()` when we heard of it. */
  readonly at: number
  /**
   * Whether the container's state says so. Only an event does where it is gone already, or started again by its restart
   * policy; and an event may lie: the engine merges labels into its attributes, so that an image with a label `exitCode`
   * writes its own (Docker 20.10).
   */
  readonly confirmed: boolean
}

/** How long the event of a death may take longer than any other news of it: its stream may just be opened again. */
const NEWS_MS = 5_000

/**
 * Learns how a container ended; to be called once it has. An end that no event tells says nothing about the image: a daemon
 * that is started again repeats none of the events before, and kills the containers that it finds (Docker 20.10).
 * @throws EngineError when the engine does not know; the signal's reason
 */
export async function exitOf(
  engine: Engine,
  containerId: string,
  life: Life,
  signal: AbortSignal
): Promise<Exit> {
  const { at } = await life.died
  if ((await within(NEWS_MS, life.told, signal)) === tooLate) {
    const words = 'the container has ended and no event tells of it; was the daemon started again?'
    throw new EngineError('observe the exit', undefined, words)
  }
  const exitCode = life.death?.exitCode
  const oomByEvent = life.outOfMemory && exitCode === SIGKILLED
  try {
    const state = await engine.inspectContainer(containerId)
    if (!state.running && state.status !== 'restarting') {
      return { exitCode: state.exitCode, oomKilled: state.oomKilled, at, confirmed: true }
    }
  } catch (error) {
    if (exitCode === undefined || !(error instanceof EngineError)) throw error
  }
  if (exitCode === undefined) {
    throw new EngineError('observe the exit', undefined, 'the engine does not say how the container ended')
  }
  return { exitCode, oomKilled: oomByEvent, at, confirmed: false }
}
