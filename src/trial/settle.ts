import { setImmediate as nextTurn } from 'node:timers/promises'
import { EngineError } from '../engine/errors.js'
import type { BootOutcome } from '../model.js'
import type { Readiness } from './probes/readiness.js'
import type { Scene } from './probes/probe.js'
import type { RunningBoot } from './running-boot.js'
import { linkedController, tooLate, within } from './wait.js'

/** How a boot becomes ready: starts asking, with every listener in place when it returns. */
export type AskReady = (scene: Scene) => Readiness

/**
 * Waits until it is known how the boot ends: all checks have passed, the container has died, or the time is over. A
 * container that dies is not waited for.
 * @throws the signal's reason, or an error that says nothing about the image
 */
export async function settle(boot: RunningBoot, readiness: Readiness): Promise<BootOutcome> {
  const { request, life, signal } = boot
  const first = await within(
    request.deadlineMs,
    Promise.race([readiness.passed, life.died, boot.log.broken, boot.output.failed]),
    signal
  )
  if (typeof first === 'number') return { kind: 'ready', seconds: secondsSinceStart(boot, first) }
  if (first === tooLate) {
    const waitingFor = readiness.waitingFor()
    const state = await boot.engine.inspectContainer(request.containerId)
    if (state.running) return timedOut(boot, waitingFor)
    // The news of its death has not come, but the fact is there.
    life.ended(state.exitCode)
  }
  return await settleDead(boot, readiness)
}

/** Starts asking; `stop` ends whatever is still being asked. */
export function startAsking(
  boot: Omit<RunningBoot, 'log'>,
  ask: AskReady
): { readonly readiness: Readiness; readonly stop: () => void } {
  const { controller, unlink } = linkedController(boot.signal)
  const readiness = ask({
    engine: boot.engine,
    containerId: boot.request.containerId,
    life: boot.life,
    onLines: (listener) => boot.output.onLines(listener),
    address: (port) => boot.ports.address(port),
    signal: controller.signal
  })
  // It is raced, not always awaited.
  readiness.passed.catch(() => undefined)
  return {
    readiness,
    stop: () => {
      controller.abort()
      unlink()
    }
  }
}

async function settleDead(boot: RunningBoot, readiness: Readiness): Promise<BootOutcome> {
  const complete = await boot.log.drained()
  // The last line may be what a log probe waits for.
  boot.output.end()
  const { exitCode, at, oomKilled } = await deathOf(boot)
  const seconds = secondsSinceStart(boot, at)
  const mayBeReady = boot.request.checks.some((check) => check.kind === 'exit' && check.code === exitCode)
  if (mayBeReady && (await hasPassed(readiness))) {
    if (!complete) throw new EngineError('follow the log', undefined, 'the end of the log is missing')
    return { kind: 'ready', seconds }
  }
  return { kind: 'exited', seconds, exitCode, oomKilled }
}

/** Whether all has passed by now, once what has just been said has been heard. */
async function hasPassed(readiness: Readiness): Promise<boolean> {
  return await Promise.race([readiness.passed.then(() => true), nextTurn(false)])
}

/**
 * How the container's process ended.
 * @throws EngineError when nothing is known of its death
 */
export async function deathOf({
  engine,
  request,
  life
}: Pick<RunningBoot, 'engine' | 'request' | 'life'>): Promise<{
  readonly exitCode: number
  readonly oomKilled: boolean
  readonly at: number
}> {
  const death = life.death
  if (!death)
    throw new EngineError('observe the boot', undefined, 'the container is gone, and nobody knows how')
  // The state of a container that its restart policy has started again, or that removes itself, does not tell any more.
  const oomByEvent = life.outOfMemory && death.exitCode === SIGKILLED
  try {
    const state = await engine.inspectContainer(request.containerId)
    return { ...death, oomKilled: state.oomKilled || oomByEvent }
  } catch (error) {
    if (error instanceof EngineError) return { ...death, oomKilled: oomByEvent }
    throw error
  }
}

/** 128 + SIGKILL, which is what the kernel sends when memory is out. */
const SIGKILLED = 137

function timedOut(boot: RunningBoot, waitingFor: readonly string[]): BootOutcome {
  return {
    kind: 'timed-out',
    seconds: secondsSinceStart(boot, performance.now()),
    deadlineSeconds: boot.request.deadlineMs / 1000,
    waitingFor
  }
}

function secondsSinceStart(boot: RunningBoot, at: number): number {
  return Math.max(0, at - boot.startedAt) / 1000
}
