import { EngineError } from '../engine/errors.js'
import { isFine } from './shortcoming.js'
import type { Engine } from '../engine/engine.js'
import type { BootObservation, TreeEntry } from '../model.js'

/** Words of the C library, Python, Node.js and Rust, and SQLite's own. */
const NO_SPACE =
  /no space left on device|\bENOSPC\b|\bErrno 28\b|os error 28\b|database or disk is full|disk quota exceeded/i

/** Whether a boot that is not fine says that it found no space to write to. */
export function lackedSpace(observed: BootObservation): boolean {
  const { head, tail } = observed.log
  return !isFine(observed) && [...head, ...tail].some((line) => NO_SPACE.test(line))
}

/** More than a disk has left over that is called full. */
const PROBE_BYTES = 1024 * 1024

/** The engine's words where its disk is full, which says nothing about the image; undefined where there is room. */
export async function noRoom(engine: Engine, container: string, path: string): Promise<string | undefined> {
  const content = Buffer.alloc(PROBE_BYTES)
  const probe: TreeEntry = {
    path: `${path === '/' ? '' : path}/.cache-crash-test-room-probe`,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: content.length,
    content
  }
  try {
    await engine.write(container, [probe])
    return undefined
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return NO_SPACE.test(error.daemonMessage)
      ? `there is no room on the engine’s disk: ${error.daemonMessage}`
      : undefined
  }
}
