import { cutBetweenWords } from '../../cut.js'
import { EngineError } from '../../engine/errors.js'
import { isOfTheMachine } from '../../engine/start-failure.js'
import { unlessAborted } from '../../wait.js'
import { passed, poll } from './poll.js'
import type { Probe } from './probe.js'

/** How long the command may take that does not end; the next run gets twice the time. */
const ATTEMPT_MS = 10_000

/** Characters of the command's last line that are quoted. */
const QUOTED_CHARACTERS = 200

/** Passes when the command, run in the container without a shell, exits with 0. */
export function execProbe(command: readonly string[]): Probe {
  return (scene, said) => {
    let attemptMs = ATTEMPT_MS
    return poll(
      async () => {
        try {
          const run = scene.engine.exec(scene.containerId, command, attemptMs)
          const result = await unlessAborted(run, scene.signal)
          if (result === 'timed-out') {
            const words = `did not end within ${attemptMs / 1000} s`
            attemptMs *= 2
            return words
          }
          const { exitCode, output } = result
          return exitCode === 0 ? passed : `exited with ${exitCode}${quoted(output)}`
        } catch (error) {
          if (!(error instanceof EngineError)) throw error
          // A container that has just died, or has no such program; else it is not known what it would have said.
          return isOfContainer(error) ? error.daemonMessage : error
        }
      },
      said,
      scene.signal
    )
  }
}

/** Docker answers 404 or 409 where the container is gone or does not run, 400 or 500 where runc finds no such program. */
function isOfContainer({ status, daemonMessage }: EngineError): boolean {
  if (status === undefined || isOfTheMachine(daemonMessage)) return false
  return status < 500 || /\bexec: "/.test(daemonMessage)
}

function quoted(output: string): string {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  return line === '' ? '' : `: ${cutBetweenWords(line, QUOTED_CHARACTERS)}`
}
