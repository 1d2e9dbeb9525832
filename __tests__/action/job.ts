import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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

const repository = { repo: { full_name: 'octo-org/octo-repo' } }
const PULL_REQUEST = { pull_request: { number: 7, head: repository, base: repository } }

/**
 * For `env` of a step in a workflow that a pull request has started.
 * @param directory where the event is written to
 * @param apiUrl of GitHub
 */
export async function pullRequestEnv(
  directory: string,
  apiUrl: string,
  { event = PULL_REQUEST, runId = 100 }: { readonly event?: object; readonly runId?: number } = {}
): Promise<NodeJS.ProcessEnv> {
  const file = join(directory, 'event.json')
  await writeFile(file, JSON.stringify(event))
  return {
    GITHUB_API_URL: apiUrl,
    GITHUB_EVENT_PATH: file,
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_WORKFLOW: 'CI',
    GITHUB_RUN_ID: String(runId)
  }
}
