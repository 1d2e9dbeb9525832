import type { ControlKnowledge, ControlTrace, Inputs, Phase, PhaseName } from '../model.js'

/** How long the parts of a boot take on this machine, in seconds. */
export interface Pace {
  readonly create: number
  readonly plant: number
  readonly start: number
  /** From the start to ready: on clean state, and on the state that a boot left. */
  readonly ready: number
  readonly readyAgain: number
  /** What a boot then waits without work: to be stable, and for the smoke test. */
  readonly settle: number
  readonly stop: number
  /** Removing everything that one trial made. */
  readonly remove: number
  /** Reading state before and after a boot. */
  readonly read: number
  readonly secondBoot: boolean
  readonly replicas: number
  /** Boots at the same time. */
  readonly parallel: number
}

/** A kill, where the image ignores its stop signal: trials then kill at once (Docker 20.10, measured). */
const KILL_SECONDS = 0.1

/**
 * Learns from the control how long trials will take: they do the same things on the same machine.
 * @param trace what the control did when
 */
export function paceOf(
  trace: ControlTrace,
  knowledge: Pick<ControlKnowledge, 'readySeconds' | 'secondReadySeconds' | 'ignoresStopSignal'>,
  inputs: Pick<Inputs, 'secondBoot' | 'replicas' | 'maxParallel'>
): Pace {
  const { phases } = trace
  const mean = (name: PhaseName): number | undefined => meanSeconds(phases.filter((one) => one.name === name))
  return {
    create: mean('create') ?? 0,
    plant: mean('plant') ?? 0,
    start: mean('start') ?? 0,
    ready: knowledge.readySeconds,
    readyAgain: knowledge.secondReadySeconds,
    settle: (mean('stable') ?? 0) + (mean('smoke-test') ?? 0),
    stop: knowledge.ignoresStopSignal ? KILL_SECONDS : (mean('stop') ?? 0),
    remove: mean('remove') ?? 0,
    read: gaps(phases) / Math.max(1, trace.boots.length),
    secondBoot: inputs.secondBoot,
    replicas: inputs.replicas,
    parallel: inputs.maxParallel
  }
}

function meanSeconds(phases: readonly Phase[]): number | undefined {
  if (phases.length === 0) return undefined
  return phases.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0) / phases.length / 1000
}

/** Seconds in which no phase ran: the control then read state back. */
function gaps(phases: readonly Phase[]): number {
  let [covered, reached] = [0, 0]
  for (const { startMs, endMs } of [...phases].sort((a, b) => a.startMs - b.startMs)) {
    covered += Math.max(0, endMs - Math.max(startMs, reached))
    reached = Math.max(reached, endMs)
  }
  return (reached - covered) / 1000
}
