import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEGACY, withBuildKit, type FoundBuilder } from '../action/builders.js'
import { docker } from '../action/docker.js'
import { newJob } from '../action/job.js'
import { BASES, root, runAction, startAction, type ActionRun } from '../action/runner.js'
import { cleanUp, CLEANERS, type Cleaner, type Left } from './left.js'
import { pick, randomFrom } from './random.js'
import { follow, placeAt, STAGES as OF_EVERY_RUN, timed, type Place, type Timed } from './run-stages.js'

/** How a run comes to its end before its time. */
export const ENDS = ['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type End = (typeof ENDS)[number]

/** What the last step of the image says at its end, and its command does not. */
const BUILT = 'everything but the labels'
/** In which the image exists, and does not yet have its labels or its name. */
const LABELS = { name: 'labels', words: BUILT }

/** Every stage of a run that is ended. */
export const STAGES = OF_EVERY_RUN.flatMap((stage) => (stage.name === 'build' ? [stage, LABELS] : [stage]))
/** Those in which it matters what builds. */
export const OF_BUILD = STAGES.filter(({ name }) => name === 'build' || name === LABELS.name)

/** The builders that runs are ended under: both kinds, where this machine has BuildKit. */
export async function builders(): Promise<FoundBuilder[]> {
  const buildKit = await withBuildKit()
  return buildKit === undefined ? [LEGACY] : [LEGACY, buildKit]
}

/** One run that is ended, and when. */
export interface KillPoint extends Place, FoundBuilder {
  readonly end: End
  readonly cleaner: Cleaner
}

/**
 * Points all over a run, the same for the same seed. Every stage, every end and every builder comes up as often as any other,
 * and so do the ends under one builder.
 */
export function killPoints(
  seed: string,
  count: number,
  some: readonly FoundBuilder[],
  stages = STAGES
): KillPoint[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => ({
    ...placeAt((index + random()) / count, stages),
    ...(some[(index + Math.floor(index / ENDS.length)) % some.length] ?? LEGACY),
    end: ENDS[index % ENDS.length] ?? 'SIGKILL',
    cleaner: pick(random, CLEANERS)
  }))
}

/** A run that was ended, and what it left. */
export interface Aftermath extends Left {
  readonly point: KillPoint
  readonly run: ActionRun
  /** The stage that it was in when the signal came; undefined where it had ended. */
  readonly stage: string | undefined
  /** The last line that the run said about what it does. */
  readonly lastLine: string
  /** How long it took to end after the signal, in ms. */
  readonly endedMs: number
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

/** Ends whole runs, with a step in their build that takes a moment each time. */
export class Killer {
  readonly #directory: string
  /** On every image of this killer, and on the steps that a build leaves which is ended before it puts labels on. */
  readonly #token = `cache-crash-test-killer=${randomUUID()}`
  #timed = new Map<string, Timed>()

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** @param some builders of the runs that will be ended; times one run of each, side by side as those will be */
  static async open(some: readonly FoundBuilder[]): Promise<Killer> {
    const killer = new Killer(await mkdtemp(join(tmpdir(), 'killer-')))
    const heals = await readFile(join(root, '__tests__/fixtures/images/heals/Dockerfile'), 'utf8')
    const step = `RUN sleep 0.7 && echo "$OF_THIS_RUN: ${BUILT.replace('but', 'b""ut')}"`
    await writeFile(killer.#file, `${heals}\nLABEL ${killer.#token}\nARG OF_THIS_RUN\n${step}\n`)
    const whole = await Promise.all(
      some.map(async ({ builder, env }) => [builder, await timed(STAGES, killer.#inputs(), env)] as const)
    )
    killer.#timed = new Map(whole)
    return killer
  }

  /** How long a whole run takes here and now, in ms, by its builder. */
  get wholeMs(): ReadonlyMap<string, number> {
    return new Map([...this.#timed].map(([builder, { ms }]) => [builder, ms]))
  }

  /** A run that nobody ends. */
  async wholeRun(): Promise<ActionRun> {
    return await runAction(this.#inputs())
  }

  /**
   * Starts a run, ends it at the point, lets the cleaner of the point clean up, and looks at what is there. Where it was in
   * another stage by then, as a busy machine may have it, the same is done to another one, earlier in the stage.
   */
  async endAt(point: KillPoint): Promise<Aftermath[]> {
    const all: Aftermath[] = []
    for (const part of [point.part, point.part / 2, 0]) {
      all.push(await this.#endAt({ ...point, part }))
      if (all.at(-1)?.stage === point.stage) break
    }
    return all
  }

  async #endAt(point: KillPoint): Promise<Aftermath> {
    const whole = this.#timed.get(point.builder)
    if (whole === undefined) throw new Error(`no run with ${point.builder} was timed`)
    const [job, other] = [await newJob(), await newJob()]
    try {
      const running = await startAction(this.#inputs(), { env: { ...job.env, ...point.env } })
      const followed = follow(running, whole)
      await followed.reaches(point)
      const stage = followed.stage()
      const signalled = performance.now()
      const met = running.kill(point.end)
      const run = await running.finished
      const endedMs = performance.now() - signalled
      const left = await cleanUp(run, point.cleaner, job, other)
      const lastLine = run.stdout.trim().split('\n').at(-1) ?? ''
      return { point, run, stage: met ? stage : undefined, lastLine, endedMs, ...left }
    } finally {
      await job.remove()
      await other.remove()
    }
  }

  /** Removes what the legacy builder keeps of builds that were ended. */
  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true })
    const steps = await docker('images', '--quiet', '--filter', `label=${this.#token}`)
    if (steps.length > 0) await docker('rmi', ...new Set(steps))
  }

  get #file(): string {
    return join(this.#directory, 'Dockerfile')
  }

  /** No builder has a step of it already. */
  #inputs(): Readonly<Record<string, string>> {
    const whole = wholeRun('heals')
    const args = `${whole['build-args'] ?? ''}\nOF_THIS_RUN=${randomUUID()}`
    return { ...whole, file: this.#file, 'build-args': args }
  }
}
