import { isFine } from '../boot-health.js'
import { writeProbe } from './write-probe.js'
import type { Lab } from './lab.js'
import type { BootObservation } from '../model.js'

/** Words of the C library, Python, Node.js and Rust, and SQLite's own. */
const NO_SPACE =
  /no space left on device|\bENOSPC\b|\bErrno 28\b|os error 28\b|database or disk is full|disk quota exceeded/i

/** Whether a boot that is not fine says that it found no space to write to. */
export function lackedSpace(observed: BootObservation): boolean {
  const { head, tail } = observed.log
  return !isFine(observed) && [...head, ...tail].some((line) => NO_SPACE.test(line))
}

/** The same as the last words of the engine's, which before them has paths, and those are the image's. */
const ENGINE_NO_SPACE = /: (?:no space left on device|disk quota exceeded)(?:: unknown)?\s*$/i

/** More than a disk has left over that is called full. */
const PROBE_BYTES = 1024 * 1024

/**
 * The engine's words where its disk is full, which says nothing about the image; undefined where there is room.
 * @throws EngineError when the engine does not answer
 */
export async function noRoom({ engine, mounts }: Lab, container: string): Promise<string | undefined> {
  const directory = mounts[0] ?? '/'
  const refusal = await writeProbe(engine, container, directory, 'room-probe', Buffer.alloc(PROBE_BYTES))
  // Whether there is room is not known then.
  if (refusal !== undefined && refusal.status === undefined) throw refusal
  return refusal !== undefined && ENGINE_NO_SPACE.test(refusal.daemonMessage)
    ? `there is no room on the engine’s disk: ${refusal.daemonMessage}`
    : undefined
}
