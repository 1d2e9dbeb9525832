import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newJob } from '../action/job.js'
import { runAction, startAction, verdicts, type ActionRun } from '../action/runner.js'
import { wholeRun } from './kill.js'
import { cleanUp, CLEANERS, type Cleaner, type Left } from './left.js'
import { pick, randomFrom } from './random.js'
import { follow, placeAt, STAGES, timed, type Place, type Timed } from './run-stages.js'

/** One image that repairs its cache, and one that gives up on it. */
export const IMAGES = { hardened: 'heals', fragile: 'exits-zero' } as const
export type Kind = keyof typeof IMAGES
const KINDS = Object.keys(IMAGES) as Kind[]

/** Something that a run needs, and that is taken from it while it runs. */
export interface Disruption {
  /** For `env` of the run. */
  readonly env?: NodeJS.ProcessEnv
  /** Takes the job's directory for temporary files before the run begins, and lets go of it in the end. */
  readonly prepare?: (temporary: string) => Promise<void>
  readonly release?: (temporary: string) => Promise<void>
  readonly begin: () => Promise<void>
  /** Gives it back; does nothing where it was never taken. */
  readonly end: () => Promise<void>
}

/** One run that something is taken from, and when. */
export interface DisruptionPoint extends Place {
  readonly kind: Kind
  /** When it comes back, in ms; undefined is once the run has ended. */
  readonly backAfterMs: number | undefined
  readonly cleaner: Cleaner
}

/** What runs come out as that nothing is taken from, and how long they take. */
export interface Undisturbed {
  readonly whole: Timed
  readonly verdicts: Readonly<Record<Kind, Readonly<Record<string, string>>>>
}

/** What came of a run that something was taken from. */
export interface Disrupted extends Left {
  readonly point: DisruptionPoint
  readonly run: ActionRun
  /** The stage that the run was in then; undefined where it had ended. */
  readonly stage: string | undefined
  /** How long it took to end by itself from then on, in ms. */
  readonly endedMs: number
  /** Where it says something that is not so, or does not say what it must. */
  readonly wrong: readonly string[]
}

/** The longest that something is away and comes back, unless it is away for good. */
const LONGEST_AWAY_MS = 5_000

/** Points all over a run, the same for the same seed. A third of them is for good. */
export function disruptionPoints(seed: string, count: number): DisruptionPoint[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, index) => ({
    kind: KINDS[index % KINDS.length] ?? 'hardened',
    ...placeAt((index + random()) / count, STAGES),
    backAfterMs: random() < 1 / 3 ? undefined : Math.round(random() ** 2 * LONGEST_AWAY_MS),
    cleaner: pick(random, CLEANERS)
  }))
}

/** A whole run, in which nothing may be left open: what is not known fails it. */
const inputsFor = (kind: Kind): Readonly<Record<string, string>> => ({
  ...wholeRun(IMAGES[kind]),
  strict: 'true'
})

/** Runs that nothing is taken from. @throws Error when one comes to no verdict */
export async function undisturbed(): Promise<Undisturbed> {
  const whole = await timed(STAGES, inputsFor('hardened'))
  const hardened = whole.run
  const fragile = await runAction(inputsFor('fragile'))
  for (const { report, output } of [hardened, fragile]) if (report === undefined) throw new Error(output)
  return {
    whole,
    verdicts: { hardened: verdicts(hardened.report), fragile: verdicts(fragile.report) }
  }
}

/** Starts a run, takes something from it at the point and gives it back, lets the cleaner clean up, and looks at what is left. */
export async function disruptAt(
  point: DisruptionPoint,
  { begin, end, prepare, release, env }: Disruption,
  right: Undisturbed
): Promise<Disrupted> {
  const [job, other] = [await newJob(), await newJob()]
  try {
    await prepare?.(job.temporary)
    const running = await startAction(
      { ...inputsFor(point.kind), 'report-dir': join(job.temporary, REPORT) },
      { env: { ...job.env, ...env } }
    )
    const followed = follow(running, right.whole)
    const stage = (await followed.reaches(point)) ? followed.stage() : undefined
    const began = performance.now()
    await begin()
    if (point.backAfterMs !== undefined) {
      await Promise.race([delay(point.backAfterMs), running.finished])
      await end()
    }
    const run = await running.finished
    const endedMs = performance.now() - began
    await end()
    await removeReport(job.temporary)
    const left = await cleanUp(run, point.cleaner, job, other)
    return { point, run, stage, endedMs, wrong: wrongIn(run, right.verdicts[point.kind]), ...left }
  } finally {
    await end()
    await release?.(job.temporary)
    await job.remove()
    await other.remove()
  }
}

const REPORT = 'report'

/** A report is no trace of a run, unless it is half of one. */
async function removeReport(temporary: string): Promise<void> {
  const directory = join(temporary, REPORT)
  for (const name of await readdir(directory).catch(() => []))
    if (/^(?:report\.json|report\.html|report-junit\.xml)$/.test(name)) await rm(join(directory, name))
  // What else is there keeps it.
  await rmdir(directory).catch(() => undefined)
}

/** What is known is right, what is not known says why, and the job passes only where all is known. */
function wrongIn(run: ActionRun, right: Readonly<Record<string, string>>): string[] {
  const wrong: string[] = []
  const found = verdicts(run.report)
  for (const { id, verdict, detail } of run.report?.scenarios ?? []) {
    const came = found[id]
    if (verdict !== 'inconclusive' && came !== right[id])
      wrong.push(`${id} came out as ${String(came)}, not ${right[id] ?? 'planned'}: ${detail}`)
    if (verdict === 'inconclusive' && detail.trim() === '') wrong.push(`${id} does not say why`)
  }
  if (run.report?.control.result === 'failed') wrong.push(`the control failed: ${run.report.control.message}`)
  const passes = Object.values(right).every((verdict) => !verdict.startsWith('failed'))
  const isAll = Object.keys(right).every((id) => found[id] === right[id])
  if (run.exitCode === 0 && !(passes && isAll)) wrong.push(`exit code 0 of ${JSON.stringify(found)}`)
  if (run.exitCode !== 0 && run.exitCode !== 1)
    wrong.push(`exit code ${String(run.exitCode)}, ${String(run.signal)}`)
  if (run.exitCode === 1 && !/^::error(?: [^:]*)?::.+/m.test(run.output))
    wrong.push('it failed and does not say why')
  return wrong
}
