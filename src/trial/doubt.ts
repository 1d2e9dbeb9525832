import { SIGKILLED } from '../exit-codes.js'
import { wasOverTime } from './boots.js'
import { lackedSpace } from './room.js'
import { isFine } from './shortcoming.js'
import type { BootObservation, Observation, Scenario } from '../model.js'

/** What a boot may come to by the machine that it is on, and what is said where it was seen only once. */
const DOUBTS = {
  'over-time': 'it was over its time once, which was not confirmed',
  'out-of-memory': 'it was killed once, as when memory is out, which was not confirmed',
  'out-of-space': 'it found no space once, on a disk that nobody had filled, which was not confirmed',
  'not-started': 'the engine could not start it once, which was not confirmed'
} as const
type Doubt = keyof typeof DOUBTS

/** What was seen of which boot of a trial, to be compared with another run of it. */
export type Doubts = ReadonlySet<string>

export const NO_DOUBTS: Doubts = new Set()

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

/**
 * Marks the boots of a trial whose end may be the machine's doing.
 * @param seen what earlier runs of the trial came to: what is seen again is confirmed
 * @returns the observation, and all that has been seen by now; both as they were where there is nothing to doubt
 */
export function doubted(
  { plant }: Scenario,
  observation: Observation,
  seen: Doubts
): { readonly observation: Observation; readonly seen: Doubts; readonly isDoubtful: boolean } {
  const now = new Set<string>()
  let isDoubtful = false
  const mark = (boot: BootObservation, which: string): BootObservation => {
    const doubt = doubtOf(boot, plant.fullMount !== undefined)
    if (doubt === undefined) return boot
    const key = `${which}: ${doubt}`
    now.add(key)
    if (seen.has(key)) return boot
    isDoubtful = true
    return { ...boot, unconfirmed: DOUBTS[doubt] }
  }
  const boots = observation.boots.map((boot) => mark(boot, 'first'))
  const secondBoot = observation.secondBoot === undefined ? undefined : mark(observation.secondBoot, 'second')
  return { observation: { ...observation, boots, secondBoot }, seen: new Set([...seen, ...now]), isDoubtful }
}
