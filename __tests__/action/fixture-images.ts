import { join } from 'node:path'
import type { Report, ReportScenario } from '../../src/report/schema.js'
import { BASES, execute, root, runCli, type Base, type CliRun } from './runner.js'

/** Where images are described: small scripts of our own, or software as Debian packages it. */
export type Collection = 'images' | 'software'

/** A run that was carried out, whatever came out. */
export interface ReportedRun extends CliRun {
  readonly report: Report
}

/** The fixture images of one test file: each is built when it is first tested, and all are removed at the end. */
export class FixtureImages {
  readonly #tags = new Map<string, Promise<string>>()
  readonly #collection: Collection
  readonly #base: Base | undefined

  /** @param base what they are built on, unless each has the base that is usual for it */
  constructor(collection: Collection = 'images', base?: Base) {
    this.#collection = collection
    this.#base = base
  }

  /**
   * Crash-tests an image with the command line tool of dist/.
   * @throws Error with the output when the run could not be carried out
   * @param name a folder of the collection below fixtures/
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
    const made = this.#tags.get(name) ?? this.#build(name)
    this.#tags.set(name, made)
    return await made
  }

  async remove(): Promise<void> {
    const tags = await Promise.all(this.#tags.values())
    if (tags.length > 0) await execute('docker', ['rmi', ...tags])
  }

  async #build(name: string): Promise<string> {
    const base = this.#base ?? usualBase(this.#collection, name)
    const context = join(root, '__tests__/fixtures', this.#collection)
    // The process is in the name, since test files may run side by side.
    const tag = `cache-crash-test-fixture-${process.pid}:${name}-${base}`
    const args = [
      '--tag',
      tag,
      '--file',
      join(context, name, 'Dockerfile'),
      '--build-arg',
      `BASE_IMAGE=${BASES[base]}`
    ]
    const { exitCode, output } = await execute('docker', ['build', ...args, context])
    if (exitCode !== 0) throw new Error(`the fixture image ${name} cannot be built:\n${output}`)
    return tag
  }
}

function usualBase(collection: Collection, name: string): Base {
  switch (collection) {
    case 'images':
      return name === 'no-shell' ? 'no-shell' : 'python3.11'
    case 'software':
      return 'debian12'
  }
}

/** The scenario of a run, by the beginning of its id. @throws Error when there is none */
export function scenarioOf({ report }: Pick<CliRun, 'report'>, id: string): ReportScenario {
  const scenario = report?.scenarios.find((candidate) => candidate.id.startsWith(id))
  if (scenario === undefined) throw new Error(`no scenario ${id} was run`)
  return scenario
}

/** What a scenario's report shows of its log: its beginning and its end. */
export function logLines({ log }: Pick<ReportScenario, 'log'>): string[] {
  return [...(log?.head ?? []), ...(log?.tail ?? [])]
}

/** Reason of every (fault, path) that was left out, by `fault@path`. */
export function omissions({ report }: Pick<CliRun, 'report'>): Record<string, string> {
  return Object.fromEntries(
    (report?.omissions ?? []).map(({ fault, path, reason }) => [`${fault}@${path}`, reason])
  )
}
