import { execFile } from 'node:child_process'
import { EngineError } from './errors.js'
import { messageOf } from './failure.js'

/** Standard output or error of the CLI that is kept; more than that ends the command. */
const OUTPUT_BOUND = 4 * 1024 * 1024

/** Words of the CLI that an error carries. */
const MESSAGE_BOUND = 4000

/**
 * Runs the `docker` command that is on the PATH of the environment, without a shell.
 *
 * @param environment decides the daemon, exactly as in the user's terminal
 * @param operation what is asked, in words, for errors
 * @returns standard output
 * @throws EngineError with the CLI's own words when it fails, is missing, or takes longer than `deadlineMs`
 */
export function runDocker(
  environment: NodeJS.ProcessEnv,
  operation: string,
  args: readonly string[],
  deadlineMs: number
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      env: environment,
      timeout: deadlineMs,
      // SIGTERM may be ignored by a CLI that waits for a credential helper.
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BOUND,
      encoding: 'utf8'
    } as const
    execFile('docker', args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout)
        return
      }
      reject(new EngineError(operation, undefined, reason(error, stderr, deadlineMs), { cause: error }))
    })
  })
}

function reason(
  error: NodeJS.ErrnoException | { killed?: boolean; code?: unknown },
  stderr: string,
  deadlineMs: number
): string {
  if (error.code === 'ENOENT') return 'the docker command is not on the PATH'
  if ('killed' in error && error.killed && error.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return `the docker command did not end within ${deadlineMs / 1000} s`
  }
  const words = stderr.trim()
  if (words !== '') return words.slice(-MESSAGE_BOUND)
  return messageOf(error).slice(0, MESSAGE_BOUND)
}
