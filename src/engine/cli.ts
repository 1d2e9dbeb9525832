import { execFile, type ExecFileException } from 'node:child_process'
import { EngineError } from './errors.js'

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
      // Not as the cause: its message repeats the command line, with the values of variables.
      reject(new EngineError(operation, undefined, reason(error, stderr, deadlineMs)))
    })
  })
}

function reason(error: ExecFileException, stderr: string, deadlineMs: number): string {
  if (error.code === 'ENOENT') return 'the docker command is not on the PATH'
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'the docker command said too much'
  if (error.killed === true) return `the docker command did not end within ${deadlineMs / 1000} s`
  return (
    stderr.trim().slice(-MESSAGE_BOUND) ||
    `the docker command ended with ${String(error.code ?? error.signal)}`
  )
}
