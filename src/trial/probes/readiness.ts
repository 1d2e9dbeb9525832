import type { EngineError } from '../../engine/errors.js'
import { execProbe } from './exec.js'
import { exitProbe } from './exit.js'
import { healthcheckProbe } from './healthcheck.js'
import { httpProbe } from './http.js'
import { logProbe } from './log.js'
import type { Answer, PortAnswer, Probe, ReadyCheck, Scene } from './probe.js'
import { describe, inWords } from './probe.js'
import { staysUpProbe } from './stays-up.js'
import { greetingProbe, tcpProbe } from './tcp.js'

/** Checks that are being asked. */
export interface Readiness {
  /**
   * Settles when all have passed, with `performance.now()` of that moment.
   * Rejects with the signal's reason, or with an error that makes a verdict impossible.
   */
  readonly passed: Promise<number>
  /** What has not passed yet, each with what it said last; untrusted text. */
  waitingFor(): readonly string[]
  /** Why it is not known whether a check would pass: the engine failed when it was asked last. */
  trouble(): EngineError | undefined
}

/**
 * Asks all checks at once. Their listeners are in place when this returns, so that no log line is missed.
 * @throws RangeError when there is nothing to ask: who is asked nothing has not passed
 */
export function askAll(checks: readonly ReadyCheck[], scene: Scene): Readiness {
  if (checks.length === 0) throw new RangeError('there is no readiness check to ask')
  const pending = new Map<ReadyCheck, Answer>()
  const asked = checks.map(async (check) => {
    pending.set(check, 'no answer yet')
    await probeFor(check)(scene, (answer) => pending.set(check, answer))
    pending.delete(check)
  })
  return {
    passed: Promise.all(asked).then(() => performance.now()),
    waitingFor: () => [...pending].map(([check, answer]) => `${describe(check)}: ${inWords(answer)}`),
    trouble: () => [...pending.values()].find((answer) => typeof answer !== 'string')
  }
}

/** The probe that asks a check. */
function probeFor(check: ReadyCheck): Probe {
  switch (check.kind) {
    case 'healthcheck':
      return healthcheckProbe
    case 'http':
      return httpProbe(check.port, check.path, '2xx')
    case 'tcp':
      return tcpProbe(check.port)
    case 'log':
      return logProbe(check.pattern, check.flags)
    case 'exec':
      return execProbe(check.command)
    case 'exit':
      return exitProbe(check.code)
    case 'stays-up':
      return staysUpProbe(check.seconds)
    case 'answers':
      return probeForAnswer(check.port, check.answer)
  }
}

function probeForAnswer(port: number, answer: PortAnswer): Probe {
  switch (answer.kind) {
    case 'http':
      return httpProbe(port, '/', answer.status)
    case 'greeting':
      return greetingProbe(port)
    case 'open':
      return tcpProbe(port)
  }
}
