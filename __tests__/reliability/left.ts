import { readdir } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { machineOfProcesses } from '../../src/processes.js'
import { docker } from '../action/docker.js'
import type { Job } from '../action/job.js'
import { execute, leftBehindBy, runAction, type Finished } from '../action/runner.js'
import { isBuilding } from '../action/stages.js'

/** Who cleans up first after a run. */
export const CLEANERS = ['the post step', 'the next run'] as const
export type Cleaner = (typeof CLEANERS)[number]

/** Labelled things, temporary files and builders that a run has left. */
export interface Left {
  /** Before anyone cleaned up. */
  readonly before: readonly string[]
  /** Once the post step had; empty where it was not asked to. */
  readonly afterPost: readonly string[]
  /** Once the next run had, or once nothing was left before. */
  readonly after: readonly string[]
  /** What those who cleaned up printed. */
  readonly said: string
}

/**
 * Lets the cleaner clean up after a run, and looks at what is left. Where that is something although the post step was there,
 * the next run comes, too, as on a runner that is used again.
 * @param other a job on the same machine
 */
export async function cleanUp(run: Finished, cleaner: Cleaner, job: Job, other: Job): Promise<Left> {
  const look = (): Promise<string[]> => traces(run, job.temporary)
  const before = await look()
  let [afterPost, said]: [string[], string] = [[], '']
  if (cleaner === 'the post step') {
    said += (await runAction({}, { entry: 'post/index.js', env: job.env })).output
    afterPost = await look()
    if (afterPost.length === 0) return { before, afterPost, after: [], said }
  }
  const env = { ...other.env, RUNNER_TEMP: job.temporary }
  said += (await runAction({ image: 'registry.invalid/none' }, { env })).output
  return { before, afterPost, after: await look(), said }
}

/** The lines that a soak prints of it, where it is worth a line. */
export function tellLeft({ afterPost, after, said }: Left): void {
  for (const thing of afterPost) console.log(`   LEFT BY THE POST STEP: ${thing}`)
  for (const thing of after) console.log(`   LEFT BEHIND: ${thing}`)
  if (afterPost.length + after.length > 0) console.log(said.replace(/^/gm, '   ; '))
}

/** Everything that tells of a run. */
async function traces(run: Finished, temporary: string): Promise<string[]> {
  const mine = `cache-crash-test-${hostname()}-${run.pid}-`
  const files = [
    ...(await readdir(temporary)),
    ...(await readdir(tmpdir())).filter((name) => name.startsWith(mine))
  ]
  return [
    ...(await tracesOnEngine(run)),
    ...files.map((name) => `file ${name}`),
    ...((await isBuilding(run.pid)) ? ['a builder'] : [])
  ]
}

/** What tells of a run on the engine, where something may yet appear that a builder was at. */
export async function tracesOnEngine(run: Finished): Promise<string[]> {
  return [...(await leftBehindBy(run)), ...(await partlyLabelledBy(run))]
}

/** Images that a killed builder had labelled only in part: with the first label, which has all of them. */
async function partlyLabelledBy({ pid }: Finished): Promise<string[]> {
  const ids = await docker('images', '--quiet', '--filter', 'label=cache-crash-test.all')
  const found: string[] = []
  for (const id of new Set(ids)) {
    // Another run may remove its own meanwhile.
    const { stdout } = await execute('docker', [
      'image',
      'inspect',
      '--format',
      '{{json .Config.Labels}}',
      id
    ])
    const isMine =
      stdout.includes(`${machineOfProcesses()}/${pid}\\"`) && !stdout.includes('"cache-crash-test.owner":')
    if (isMine) found.push(`partly labelled image ${id}`)
  }
  return found
}
