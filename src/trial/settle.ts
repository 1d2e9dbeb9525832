import { setImmediate as nextTurn } from 'node:timers/promises'
import { EngineError } from '../engine/errors.js'
import type { BootOutcome } from '../model.js'
import type { Readiness } from './probes/readiness.js'
import type { Scene } from './probes/probe.js'
import type { RunningBoot } from './running-boot.js'
import { linkedController, tooLate, within } from '../wait.js'

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
  if (typeof first === 'number') {
    await boot.log.intact()
    return { kind: 'ready', seconds: secondsSinceStart(boot, first) }
  }
  if (first === tooLate) {
    const waitingFor = readiness.waitingFor()
    const asked = life.healthNews
    const state = await boot.engine.inspectContainer(request.containerId)
    if (state.running) {
      // The news of its health may be lost as well.
      life.inspected(state.health, asked)
      // What a log is searched for may have been said, and not be handed out yet.
      if (request.checks.some(({ kind }) => kind === 'log')) await boot.log.heard()
      if (!(await hasPassed(readiness))) {
        const trouble = readiness.trouble()
        if (trouble !== undefined) throw trouble
        return timedOut(boot, waitingFor)
      }
      return { kind: 'ready', seconds: secondsSinceStart(boot, performance.now()) }
    }
    // The news of its death has not come, but the fact is there.
    life.ended()
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
    exit: boot.exit,
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
  const { exitCode, oomKilled, at, confirmed } = await boot.exit()
  const seconds = secondsSinceStart(boot, at)
  const wanted = boot.request.checks.filter((check) => check.kind === 'exit')
  if (wanted.some(({ code }) => code === exitCode)) {
    const passed = await hasPassed(readiness)
    // Where it has not passed, what is waited for may be in what is missing.
    if (!complete) throw incomplete('the end of the log is missing')
    if (passed && !confirmed) throw incomplete('the engine does not confirm the exit code')
    if (passed) return { kind: 'ready', seconds }
  }
  return { kind: 'exited', seconds, exitCode, oomKilled }
}

function incomplete(what: string): EngineError {
  return new EngineError('observe the exit', undefined, what)
}

/** Whether all has passed by now, once what has just been said has been heard. */
async function hasPassed(readiness: Readiness): Promise<boolean> {
  return await Promise.race([readiness.passed.then(() => true), nextTurn(false)])
}

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
