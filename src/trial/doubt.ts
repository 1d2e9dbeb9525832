import { EngineError } from '../engine/errors.js'
import { SIGKILLED } from '../exit-codes.js'
import { wasOverTime } from './boots.js'
import { lackedSpace } from './room.js'
import { isFine } from '../boot-health.js'
import type { BootObservation, Observation, Scenario } from '../model.js'

/** What a boot may come to by the machine that it is on, and what is said where it was seen only once. */
const DOUBTS = {
  'over-time': 'it timed out once, which a further run did not confirm',
  'out-of-memory': 'it was killed once, as if out of memory, which a further run did not confirm',
  'out-of-space':
    'it found no space once, on a disk that no fault had filled, which a further run did not confirm',
  'not-started': 'the engine could not start it once, which a further run did not confirm',
  'beside-others': 'it failed once beside other trials, which a further run alone did not confirm'
} as const
type Doubt = keyof typeof DOUBTS

/** What was seen of which boot of a trial, to be compared with another run of it. */
export type Doubts = ReadonlySet<string>

export const NO_DOUBTS: Doubts = new Set()

/**
 * How the runs of something are called whose failure may be the machine's doing, behind its name: what is seen twice is
 * confirmed, and after the last run nothing is.
 */
export const RUNS = ['', '-again', '-again-3'] as const

/** What came of one run of something. */
export interface Attempt<T> {
  readonly result: T
  /** In which ways its failure may be the machine's doing; none where it did not fail, or where that is certain. */
  readonly doubts: readonly string[]
  /** How it failed, for whoever has to hear that it is not known why. */
  readonly failure: string
}

/**
 * Runs something until it is known what it comes to.
 * @param attempt is told the end of its name
 * @throws UnconfirmedError where it failed in another such way each time
 */
export async function untilConfirmed<T>(
  attempt: (run: (typeof RUNS)[number]) => Promise<Attempt<T>>
): Promise<T> {
  const seen = new Set<string>()
  const failures: string[] = []
  for (const run of RUNS) {
    const { result, doubts, failure } = await attempt(run)
    if (doubts.length === 0 || doubts.some((doubt) => seen.has(doubt))) return result
    doubts.forEach((doubt) => seen.add(doubt))
    failures.push(failure)
  }
  const words = `it failed in another way each time, as on a machine that is out of its resources: ${failures.join('; ')}`
  throw new UnconfirmedError('boot healthy state', undefined, words)
}

/** Something failed, each time in another way that may be the machine's doing. */
export class UnconfirmedError extends EngineError {}

/**
 * What the machine may have to do with how a boot ended; undefined where it is the container's own doing.
 * @param diskIsFull whether that is what the boot has to stand
 */
export function doubtOf(boot: BootObservation, diskIsFull = false): Doubt | undefined {
  const { outcome, stability } = boot
  if (wasOverTime(boot)) return 'over-time'
  const ends = [outcome, stability].flatMap((end) => (end?.kind === 'exited' ? [end] : []))
  // The kernel sends SIGKILL also where the engine does not learn that memory was out.
  if (ends.some(({ oomKilled, exitCode }) => oomKilled || exitCode === SIGKILLED)) return 'out-of-memory'
  if (boot.outOfMemory === true && !isFine(boot)) return 'out-of-memory'
  if (!diskIsFull && lackedSpace(boot)) return 'out-of-space'
  if (outcome.kind === 'exited' && outcome.error !== undefined) return 'not-started'
  return undefined
}

/** What there is to doubt of one run of a trial, in the light of those before it. */
export interface Doubted {
  /** With its boots marked. */
  readonly observation: Observation
  /** All that has been seen by now. */
  readonly seen: Doubts
  /** What was seen in this run, and in an earlier one. */
  readonly confirmed: Doubts
  /** Whether something was seen for the first time. */
  readonly isDoubtful: boolean
  /** Whether a boot failed beside other trials, and nothing else is known that may be why. */
  readonly failedBesideOthers: boolean
}

/**
 * Marks the boots of a trial whose end may be the machine's doing.
 * @param seen what earlier runs of the trial came to: what is seen again is confirmed
 * @param besideOthers whether other trials ran meanwhile: what containers share (processors, a device, a database) may be why
 */
export function doubted(
  { plant }: Scenario,
  observation: Observation,
  seen: Doubts,
  besideOthers: boolean
): Doubted {
  const now = new Set<string>()
  const confirmed = new Set<string>()
  let failedBesideOthers = false
  const mark = (boot: BootObservation, which: string): BootObservation => {
    const doubt =
      doubtOf(boot, plant.fullMount !== undefined) ??
      (besideOthers && boot.outcome.kind !== 'engine-error' && !isFine(boot) ? 'beside-others' : undefined)
    if (doubt === undefined) return boot
    failedBesideOthers ||= doubt === 'beside-others'
    const key = `${which}: ${doubt}`
    now.add(key)
    if (seen.has(key)) {
      confirmed.add(key)
      return boot
    }
    return {
      ...boot,
      unconfirmed: { why: DOUBTS[doubt], isOver: doubt === 'beside-others' && boot.outcome.kind === 'ready' }
    }
  }
  const boots = observation.boots.map((boot) => mark(boot, 'first'))
  const secondBoot = observation.secondBoot === undefined ? undefined : mark(observation.secondBoot, 'second')
  // What comes of it is the problem; it only has to be made again.
  if (observation.preparation !== undefined) mark(observation.preparation, 'preparation')
  return {
    observation: { ...observation, boots, secondBoot },
    seen: new Set([...seen, ...now]),
    confirmed,
    isDoubtful: now.size > confirmed.size,
    failedBesideOthers
  }
}
