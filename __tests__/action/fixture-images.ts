import { join } from 'node:path'
import type { Report, ReportScenario } from '../../src/report/schema.js'
import { BASES, execute, root, runCli, type CliRun } from './runner.js'

const CONTEXT = join(root, '__tests__/fixtures/images')

/** A run that was carried out, whatever came out. */
export interface ReportedRun extends CliRun {
  readonly report: Report
}

/** The fixture images of one test file: each is built when it is first tested, and all are removed at the end. */
export class FixtureImages {
  readonly #tags = new Map<string, Promise<string>>()

  /**
   * Crash-tests an image with the command line tool of dist/.
   * @throws Error with the output when the run could not be carried out
   * @param name a folder of fixtures/images
   * @param args options of the command line; `--stable-for` is 500ms unless they say otherwise
   */
  async crashTest(name: string, args: readonly string[] = []): Promise<ReportedRun> {
    const run = await runCli(['--image', await this.tag(name), '--stable-for', '500ms', ...args])
    const { report } = run
    if (report === undefined) throw new Error(`the run wrote no report:\n${run.output}`)
    return { ...run, report }
  }

  /** Builds an image, or takes it where it has been built. @returns what to call it */
  async tag(name: string): Promise<string> {
    const made = this.#tags.get(name) ?? build(name)
    this.#tags.set(name, made)
    return await made
  }

  async remove(): Promise<void> {
    const tags = await Promise.all(this.#tags.values())
    if (tags.length > 0) await execute('docker', ['rmi', ...tags])
  }
}

async function build(name: string): Promise<string> {
  // The process is in the name, since test files may run side by side.
  const tag = `cache-crash-test-fixture-${process.pid}:${name}`
  const base = name === 'no-shell' ? BASES['no-shell'] : BASES['python3.11']
  const args = [
    '--tag',
    tag,
    '--file',
    join(CONTEXT, name, 'Dockerfile'),
    '--build-arg',
    `BASE_IMAGE=${base}`
  ]
  const { exitCode, output } = await execute('docker', ['build', ...args, CONTEXT])
  if (exitCode !== 0) throw new Error(`the fixture image ${name} cannot be built:\n${output}`)
  return tag
}

/** The scenario of a run, by the beginning of its id. @throws Error when there is none */
export function scenarioOf({ report }: Pick<CliRun, 'report'>, id: string): ReportScenario {
  const scenario = report?.scenarios.find((candidate) => candidate.id.startsWith(id))
  if (scenario === undefined) throw new Error(`no scenario ${id} was run`)
  return scenario
}

/** Reason of every (fault, path) that was left out, by `fault@path`. */
export function omissions({ report }: Pick<CliRun, 'report'>): Record<string, string> {
  return Object.fromEntries(
    (report?.omissions ?? []).map(({ fault, path, reason }) => [`${fault}@${path}`, reason])
  )
}
