import { isWithinAny } from '../paths.js'
import type { Engine } from '../engine/engine.js'
import type { Tree, TreeEntry } from '../model.js'

/** `server.pid`, `.X99-lock`, `node.lock`, `SingletonLock`, `index.lck`: names by which a process says that it is here. */
const LOCK_NAME = /(?:\.pid|[.-]lock|\.lck|\/SingletonLock)$/

/** Read one by one at most. */
const MOST_LOCKS = 100

/**
 * Locks and pid files that are there while a container runs, on its volumes and in its own layer. Where a lock can be left
 * behind is not guessed: it is where a healthy run had one.
 * @param onVolumes what the volumes hold at this moment
 * @param mounts their mount points
 * @returns files and links, at most a hundred of the container's own layer
 */
export async function locksOf(
  engine: Engine,
  container: string,
  onVolumes: Tree,
  mounts: readonly string[]
): Promise<TreeEntry[]> {
  const places = new Set(mounts)
  const paths = (await engine.changes(container))
    .filter(({ path, kind }) => kind === 'added' && LOCK_NAME.test(path) && !isWithinAny(path, places))
    .map(({ path }) => path)
    .slice(0, MOST_LOCKS)
  const inLayer = await Promise.all(paths.map((path) => engine.readEntry(container, path)))
  return [...onVolumes.values(), ...inLayer.filter((entry) => entry !== undefined)].filter(
    ({ path, type }) => LOCK_NAME.test(path) && (type === 'file' || type === 'symlink')
  )
}
