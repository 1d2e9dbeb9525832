import type { Engine } from '../../engine/engine.js'
import type { EngineError } from '../../engine/errors.js'
import type { ProbeSpec } from '../../model.js'
import type { Exit } from '../exit.js'
import type { Life } from '../life.js'
import type { LinesListener } from '../log.js'

/** What a port said in the control: an HTTP status for `GET /`, something unasked, or nothing but an open connection. */
export type PortAnswer =
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'greeting' }
  | { readonly kind: 'open' }

/** A probe ready to be asked: what the user wrote, or what the control learned. */
export type ReadyCheck =
  | ProbeSpec
  | { readonly kind: 'answers'; readonly port: number; readonly answer: PortAnswer }
  | { readonly kind: 'stays-up'; readonly seconds: number }

/** Where a container's port is reached from here. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** The container under observation, as probes see it. */
export interface Scene {
  readonly engine: Engine
  readonly containerId: string
  readonly life: Life
  /**
   * Waits until the container's process has ended.
   * @throws EngineError when the engine does not know how
   */
  readonly exit: () => Promise<Exit>
  /** Calls back with every log line from now on; the result stops that. */
  readonly onLines: (listener: LinesListener) => () => void
  /**
   * Where a container port is reached, or in words why it is not.
   * @throws EngineError when the engine cannot tell
   */
  readonly address: (port: number) => Promise<Address | string>
  /** Aborts when the answer is not wanted any more. */
  readonly signal: AbortSignal
}

/** What a check was answered that did not pass: untrusted text, or how the engine failed. */
export type Answer = string | EngineError

export function inWords(answer: Answer): string {
  return typeof answer === 'string' ? answer : answer.daemonMessage
}

/**
 * Asks until the check passes. What the container answers is never an error, however odd.
 * @param said is told what came last, for the message of a boot that timed out
 * @throws the signal's reason, or an error that is not the container's: no verdict can be had then
 */
export type Probe = (scene: Scene, said: (answer: Answer) => void) => Promise<void>

/** The check in words, as reports show it. */
export function describe(check: ReadyCheck): string {
  switch (check.kind) {
    case 'healthcheck':
      return 'health check is healthy'
    case 'http':
      return `http://:${check.port}${check.path} answers 2xx`
    case 'tcp':
      return `tcp://:${check.port} accepts connections`
    case 'log':
      return `log matches /${check.pattern}/${check.flags}`
    case 'exec':
      return `\`${check.command.join(' ')}\` exits with 0`
    case 'exit':
      return `exits with ${check.code}`
    case 'stays-up':
      return `stays up for ${check.seconds} s`
    case 'answers':
      return describeAnswer(check.port, check.answer)
  }
}

function describeAnswer(port: number, answer: PortAnswer): string {
  switch (answer.kind) {
    case 'http':
      return `http://:${port}/ answers ${answer.status}`
    case 'greeting':
      return `tcp://:${port} sends a greeting`
    case 'open':
      return `tcp://:${port} accepts connections`
  }
}
