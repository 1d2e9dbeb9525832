import { machineOfProcesses } from '../../src/processes.js'
import { readdir } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { newJob, type Job } from '../action/job.js'
import { docker } from '../action/docker.js'
import {
  BASES,
  execute,
  leftBehindBy,
  runAction,
  startAction,
  type ActionRun,
  type Finished
} from '../action/runner.js'
import { isBuilding } from '../action/stages.js'
import { pick, randomFrom } from './random.js'

/** How a run comes to its end before its time. */
export const ENDS = ['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type End = (typeof ENDS)[number]

/** Who cleans up after it. */
export const CLEANERS = ['the post step', 'the next run'] as const
export type Cleaner = (typeof CLEANERS)[number]

/** One run that is ended, and when. */
export interface KillPoint {
  readonly end: End
  /** As a part of the time that a whole run takes. */
  readonly at: number
  readonly cleaner: Cleaner
}

/** What was there after a run that was ended. */
export interface Aftermath {
  readonly point: KillPoint
  readonly run: Finished
  /** The last line that the run said about what it does. */
  readonly said: string
  /** Labelled things, temporary files and builders that were left, before anyone cleaned up and after it. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** How long it took to end after the signal, in ms. */
  readonly endedMs: number
}

/** Points all over a run, the same for the same seed. Every end comes up as often as any other. */
export function killPoints(seed: string, count: number): KillPoint[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => ({
    end: ENDS[index % ENDS.length] ?? 'SIGKILL',
    at: (index + random()) / count,
    cleaner: pick(random, CLEANERS)
  }))
}

/**
 * One of everything that a run can leave: a build, a draft, containers, volumes, an image, files of a smoke test.
 * @param image a folder of __tests__/fixtures/images
 */
export const wholeRun = (image: string): Readonly<Record<string, string>> => ({
  context: '__tests__/fixtures/images',
  file: `__tests__/fixtures/images/${image}/Dockerfile`,
  'build-args': `BASE_IMAGE=${BASES['python3.11']}`,
  'cache-paths': '/data/cache',
  faults: 'file-for-directory\ndisk-full',
  'stable-for': '200ms',
  'smoke-test': 'sleep 0.1'
})
const WHOLE_RUN = wholeRun('heals')

/** @returns how long a whole run takes here and now, in ms */
export async function timeWholeRun(): Promise<{ readonly ms: number; readonly run: ActionRun }> {
  const began = performance.now()
  const run = await runAction(WHOLE_RUN)
  return { ms: performance.now() - began, run }
}

/** Starts a run, ends it at the point, lets the cleaner of the point clean up, and looks at what is there. */
export async function endAt(point: KillPoint, wholeMs: number): Promise<Aftermath> {
  const [job, other] = [await newJob(), await newJob()]
  try {
    const running = await startAction(WHOLE_RUN, { env: job.env })
    await Promise.race([delay(point.at * wholeMs), running.finished])
    const signalled = performance.now()
    running.kill(point.end)
    const run = await running.finished
    const endedMs = performance.now() - signalled
    const before = await traces(run, job.temporary)
    await cleanUp(point.cleaner, job, other)
    const after = await traces(run, job.temporary)
    const said = run.stdout.trim().split('\n').at(-1) ?? ''
    return { point, run, said, before, after, endedMs }
  } finally {
    await job.remove()
    await other.remove()
  }
}

/** @param other a job on the same machine, as on a runner that is used again */
export async function cleanUp(cleaner: Cleaner, job: Job, other: Job): Promise<void> {
  if (cleaner === 'the post step') await runAction({}, { entry: 'post/index.js', env: job.env })
  else
    await runAction({ image: 'registry.invalid/none' }, { env: { ...other.env, RUNNER_TEMP: job.temporary } })
}

/** Everything that tells of a run. */
export async function traces(run: Finished, temporary: string): Promise<string[]> {
  const mine = `cache-crash-test-${hostname()}-${run.pid}-`
  const files = [
    ...(await readdir(temporary)),
    ...(await readdir(tmpdir())).filter((name) => name.startsWith(mine))
  ]
  return [
    ...(await leftBehindBy(run)),
    ...(await partlyLabelledBy(run)),
    ...files.map((name) => `file ${name}`),
    ...((await isBuilding(run.pid)) ? ['a builder'] : [])
  ]
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
