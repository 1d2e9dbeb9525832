import type { Engine } from '../engine/engine.js'
import { EngineError } from '../engine/errors.js'
import type { BootObservation, BootOutcome } from '../model.js'
import type { Exit } from './exit.js'
import { exitOf } from './exit.js'
import { followLog } from './follow.js'
import { Life } from './life.js'
import { Output } from './output.js'
import { portsOf } from './ports.js'
import type { LearningTimes } from './probes/learn.js'
import { learnPorts } from './probes/learn.js'
import type { ReadyCheck } from './probes/probe.js'
import { askAll } from './probes/readiness.js'
import type { BootRequest } from './running-boot.js'
import type { AskReady } from './settle.js'
import { settle, startAsking } from './settle.js'
import { isFine } from '../boot-health.js'
import { isOfTheImage } from '../engine/start-failure.js'
import type { Steadiness } from './steady.js'
import { watchSteadiness } from './steady.js'
import { messageOf } from '../thrown.js'
import { untimed, type During } from './timeline.js'
import { linkedController } from '../wait.js'

export type { BootRequest } from './running-boot.js'

/** Called as a boot goes on. */
export interface BootPhases {
  /**
   * The outcome is known and what follows mostly waits: called once in every boot that is not aborted, before `stable-for`
   * and the smoke test.
   */
  readonly onSettled?: (outcome: BootOutcome) => void
  /** Keeps the time of the boot's phases. */
  readonly during?: During
}

/** The control's first boot, when the user named no probes. */
export interface LearnRequest extends Omit<BootRequest, 'checks'> {
  readonly hasHealthcheck: boolean
  /** Container TCP ports that are exposed or published. */
  readonly ports: readonly number[]
}

/** How long a container without health check and ports must live to count as ready. */
const STAYS_UP_SECONDS = 5

/**
 * Starts a container and observes it until its outcome is known and everything that comes after ready has been watched.
 * The container is left as it then is. Nothing that goes wrong on our side or the engine's can look like a pass: it is the
 * outcome `engine-error`.
 * @throws only the signal's reason
 */
export async function boot(
  engine: Engine,
  request: BootRequest,
  signal: AbortSignal,
  phases: BootPhases = {}
): Promise<BootObservation> {
  return await observe(engine, request, (scene) => askAll(request.checks, scene), signal, phases)
}

/**
 * Boots like `boot`, and learns what to ask later boots: the image's health check where it has one, else what its ports
 * answer, else that it stays up.
 * @returns the boot, and the checks; empty when it did not become ready
 * @throws only the signal's reason
 */
export async function learnReadyChecks(
  engine: Engine,
  request: LearnRequest,
  signal: AbortSignal,
  phases: BootPhases = {},
  times?: LearningTimes
): Promise<{ readonly observation: BootObservation; readonly checks: readonly ReadyCheck[] }> {
  if (request.hasHealthcheck || request.ports.length === 0) {
    const checks: readonly ReadyCheck[] = request.hasHealthcheck
      ? [{ kind: 'healthcheck' }]
      : [{ kind: 'stays-up', seconds: STAYS_UP_SECONDS }]
    const observation = await boot(engine, { ...request, checks }, signal, phases)
    return { observation, checks: observation.outcome.kind === 'ready' ? checks : [] }
  }
  let learned: () => readonly ReadyCheck[] = () => []
  const ask: AskReady = (scene) => {
    const learning = learnPorts(request.ports, scene, times)
    learned = learning.checks
    return learning.readiness
  }
  const observation = await observe(engine, { ...request, checks: [] }, ask, signal, phases)
  return { observation, checks: observation.outcome.kind === 'ready' ? learned() : [] }
}

async function observe(
  engine: Engine,
  request: BootRequest,
  ask: AskReady,
  signal: AbortSignal,
  phases: BootPhases
): Promise<BootObservation> {
  signal.throwIfAborted()
  const { controller, unlink } = linkedController(signal)
  const life = new Life()
  const output = new Output()
  let unsubscribe: () => void = () => undefined
  const during = phases.during ?? untimed
  let settled = false
  const onSettled = (outcome: BootOutcome): BootOutcome => {
    if (!settled) {
      settled = true
      phases.onSettled?.(outcome)
    }
    return outcome
  }
  const observation = (outcome: BootOutcome, steadiness: Steadiness): BootObservation => {
    output.end()
    const observed = {
      container: request.name,
      outcome,
      ...steadiness,
      ...output.findings(),
      ...(life.outOfMemory ? { outOfMemory: true } : {})
    }
    // A job that somebody else ends may well say that all is done.
    const counts = !isFine(observed) || request.checks.some((check) => check.kind === 'exit')
    if (life.signalled && counts) return { ...observed, ...unobserved(INTERRUPTED) }
    // The last line of all may be what a pattern does not come to an end with.
    return output.failure === undefined ? observed : { ...observed, ...unobserved(messageOf(output.failure)) }
  }
  try {
    output.watchFor(request)
    // Before the start, so that no event of it is missed.
    unsubscribe = await engine.onContainerEvent(request.containerId, (event) => {
      life.heard(event)
    })
    signal.throwIfAborted()
    const refusal = await during('start', () => start(engine, request.containerId))
    signal.throwIfAborted()
    if (refusal) return observation(onSettled(refusal), NOTHING_AFTER)

    let exit: Promise<Exit> | undefined
    const parts = {
      engine,
      request,
      life,
      output,
      exit: () => (exit ??= exitOf(engine, request.containerId, life, controller.signal)),
      ports: portsOf(engine, request.containerId),
      startedAt: performance.now(),
      during,
      signal: controller.signal
    }
    const asking = startAsking(parts, ask)
    const running = {
      ...parts,
      log: followLog(engine, request.containerId, output, life, controller.signal)
    }
    const outcome = onSettled(
      await during('ready', () => settle(running, asking.readiness)).finally(asking.stop)
    )
    // Where ready means that it has exited, there is nothing left that could be unstable.
    const lives = outcome.kind === 'ready' && !request.checks.some((check) => check.kind === 'exit')
    const steadiness = lives ? await watchSteadiness(running) : NOTHING_AFTER
    signal.throwIfAborted()
    return observation(outcome, steadiness)
  } catch (error) {
    signal.throwIfAborted()
    return observation(onSettled({ kind: 'engine-error', message: messageOf(error) }), NOTHING_AFTER)
  } finally {
    controller.abort()
    unlink()
    unsubscribe()
  }
}

/** Whatever a container did that somebody was about to end, it did not do by itself. */
const INTERRUPTED = 'somebody else had the engine stop the container, or its daemon ended'

/** Instead of what was observed, where nothing follows from it. */
function unobserved(message: string) {
  return {
    outcome: { kind: 'engine-error', message },
    stability: undefined,
    smokeTest: undefined,
    forbiddenLog: undefined
  } as const
}

const NOTHING_AFTER: Steadiness = { stability: undefined, smokeTest: undefined }

/**
 * Starts the container.
 * @returns undefined when it runs, or the crash that the engine's refusal stands for
 * @throws EngineError when the refusal says nothing about the image
 */
async function start(engine: Engine, containerId: string): Promise<BootOutcome | undefined> {
  try {
    await engine.startContainer(containerId)
    return undefined
  } catch (error) {
    if (!(error instanceof EngineError) || error.status === undefined) throw error
    const state = await engine.inspectContainer(containerId)
    if (!isOfTheImage(state)) throw error
    return {
      kind: 'exited',
      seconds: 0,
      exitCode: state.exitCode,
      oomKilled: state.oomKilled,
      error: state.error
    }
  }
}
