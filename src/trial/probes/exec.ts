import { cutBetweenWords } from '../../cut.js'
import { EngineError } from '../../engine/errors.js'
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
          // A container that has just died: not passed, and whatever else is wrong ends the wait.
          if (error instanceof EngineError) return error.daemonMessage
          throw error
        }
      },
      said,
      scene.signal
    )
  }
}

function quoted(output: string): string {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  return line === '' ? '' : `: ${cutBetweenWords(line, QUOTED_CHARACTERS)}`
}
