import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A job on a runner: what its steps and their post steps have in common. */
export interface Job {
  /** For `env` of every process of the job. */
  readonly env: NodeJS.ProcessEnv
  /** The runner's directory for temporary files. */
  readonly temporary: string
  readonly remove: () => Promise<void>
}

/** A job that no other test shares. */
export async function newJob(): Promise<Job> {
  const temporary = await mkdtemp(join(tmpdir(), 'runner-temp-'))
  return {
    temporary,
    env: { GITHUB_RUN_ID: temporary, RUNNER_TEMP: temporary },
    remove: () => rm(temporary, { recursive: true, force: true })
  }
}
