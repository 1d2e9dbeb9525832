import type { Engine } from '../engine/engine.js'
import type { Exit } from './exit.js'
import type { FollowedLog } from './follow.js'
import type { Life } from './life.js'
import type { Output, OutputWatch } from './output.js'
import type { Ports } from './ports.js'
import type { ReadyCheck } from './probes/probe.js'
import type { SmokeTest } from './smoke-test.js'
import type { During } from './timeline.js'

/** One boot to observe: a created or stopped container, and what is asked of it. */
export interface BootRequest extends OutputWatch {
  readonly containerId: string
  /** Name of the container, for reports and scripts. */
  readonly name: string
  /** All must pass. */
  readonly checks: readonly ReadyCheck[]
  /** How long the container may take to be ready, counted from the engine's word that it has started. */
  readonly deadlineMs: number
  /** How long it must stay up after that. */
  readonly stableForMs: number
  readonly smokeTest: Pick<SmokeTest, 'script' | 'workspace' | 'environment' | 'deadlineMs'> | undefined
}

/** A boot whose container has been started, with everything that watches it. */
export interface RunningBoot {
  readonly engine: Engine
  readonly request: BootRequest
  readonly life: Life
  /** Asks the engine once; settles after the container's process has ended. */
  readonly exit: () => Promise<Exit>
  readonly output: Output
  readonly log: FollowedLog
  readonly ports: Ports
  /** `performance.now()` when the engine said that the process runs. */
  readonly startedAt: number
  readonly during: During
  /** Aborts when the observation ends, for whatever reason. */
  readonly signal: AbortSignal
}
