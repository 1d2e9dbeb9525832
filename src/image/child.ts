import { spawn } from 'node:child_process'
import { reasonOf } from '../wait.js'

/** What is listened to of a child's output. */
export interface ChildListeners {
  readonly stdout: (chunk: Buffer) => void
  readonly stderr: (chunk: Buffer) => void
}

/** How long a child that is told to end may take before it is killed. */
const GRACE_MS = 2_000

/**
 * Runs a program without a shell, in a process group of its own: when the signal aborts, the group is told to end (a plugin of
 * the Docker CLI is a child of its own, and a builder goes on until its client is gone), and killed if it does not.
 *
 * @param environment decides which program is found, too
 * @returns the exit code; NaN when a signal ended it
 * @throws the signal's reason once the child has ended, or why the program could not be run
 */
export function runChild(
  program: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  listeners: ChildListeners,
  signal?: AbortSignal
): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal))
      return
    }
    const child = spawn(program, argv, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true
    })
    let killer: NodeJS.Timeout | undefined
    const end = (): void => {
      signalGroup(child.pid, 'SIGTERM')
      killer = setTimeout(() => {
        signalGroup(child.pid, 'SIGKILL')
      }, GRACE_MS)
    }
    const over = (): void => {
      clearTimeout(killer)
      signal?.removeEventListener('abort', end)
    }
    signal?.addEventListener('abort', end, { once: true })
    child.stdout.on('data', listeners.stdout)
    child.stderr.on('data', listeners.stderr)
    child.on('error', (error) => {
      over()
      reject(error)
    })
    child.on('close', (exitCode) => {
      over()
      if (signal?.aborted === true) reject(reasonOf(signal))
      else resolve(exitCode ?? Number.NaN)
    })
  })
}

/** Signals a process group that may be gone already. */
function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // Gone, and its `close` event is on the way.
  }
}
