import { createHash } from 'node:crypto'
import { directoriesBetween, isWithin, isWithinAny, parentOf } from '../paths.js'
import { STATE_BOUNDS } from './lab.js'
import { writeProbe } from './write-probe.js'
import type { Engine } from '../engine/engine.js'
import type { ControlKnowledge, FullMount, Plant, Tree, TreeEntry, VolumeState } from '../model.js'

/**
 * The state that a trial starts from: what the control left on the volumes, without what the plant removes or replaces.
 * A volume that could not be read back whole starts as it did for the control, with sentinels; the directories that lead to these
 * and to what is planted are as start-up makes them, or the engine would make them root's. Planted entries are not in it: they
 * are written last, so that they win.
 *
 * @param seedState what every volume holds before the image boots for the first time
 */
export function stateToRestore(
  { volumes, sentinels }: Pick<ControlKnowledge, 'volumes' | 'sentinels'>,
  seedState: readonly TreeEntry[],
  plant: Plant
): TreeEntry[] {
  const startOf = ({ mount, tree }: VolumeState): TreeEntry[] => {
    const lasting = [...sentinels.values()]
    const leading = [...lasting, ...plant.entries].flatMap(({ path }) =>
      directoriesBetween(mount, path).flatMap((at) => tree.get(at) ?? [])
    )
    const entries = [...seedState, ...leading, ...lasting].filter(({ path }) => isWithin(path, mount))
    return [...new Map(entries.map((entry) => [entry.path, entry])).values()]
  }
  const replaced = plant.entries.filter(({ type }) => type !== 'directory').map(({ path }) => path)
  const gone = new Set([...(plant.remove ?? []), ...replaced])
  return volumes.flatMap((volume) =>
    without(gone, volume.truncated ? startOf(volume) : [...volume.tree.values()])
  )
}

/**
 * Entries without those that are gone. A file whose first name is, and that has others, keeps its content under the next one, of
 * which the rest are links then: an archive with a link to what is not there is refused.
 */
function without(gone: ReadonlySet<string>, entries: readonly TreeEntry[]): TreeEntry[] {
  const lost = new Map(
    entries.flatMap((entry) => (isWithinAny(entry.path, gone) ? [[entry.path, entry]] : []))
  )
  const nextNames = new Map<string, string>()
  return entries.flatMap((entry) => {
    if (lost.has(entry.path)) return []
    const first = entry.type === 'hardlink' ? lost.get(entry.linkTarget ?? '') : undefined
    if (first === undefined) return [entry]
    const next = nextNames.get(first.path)
    if (next !== undefined) return [{ ...entry, linkTarget: next }]
    nextNames.set(first.path, entry.path)
    return [{ ...first, path: entry.path }]
  })
}

/**
 * Re-reads what was planted through the engine and compares: a pass is only worth something when the corruption was there.
 *
 * @returns what is not as planted, in words; undefined when everything is in place
 */
export async function verifyPlant(
  engine: Engine,
  container: string,
  plant: Plant
): Promise<string | undefined> {
  const removed = plant.remove ?? []
  const found = await readAt(engine, container, [...plant.entries.map(({ path }) => path), ...removed])
  for (const entry of plant.entries) {
    const difference = compare(entry, found.get(entry.path), plant)
    if (difference !== undefined) return `the plant is not in place: ${entry.path} ${difference}`
  }
  for (const path of removed) {
    if (found.has(path)) return `the plant is not in place: ${path} is still there`
  }
  if (plant.readOnlyMount !== undefined && (await isWritable(engine, container, plant.readOnlyMount))) {
    return `the plant is not in place: ${plant.readOnlyMount} can be written`
  }
  if (
    plant.fullMount !== undefined &&
    (await isWritable(engine, container, probeDirectory(plant.fullMount)))
  ) {
    return `the plant is not in place: there is room at ${plant.fullMount.path}`
  }
  return undefined
}

/**
 * Whether the fault is still there after a boot: the entry at the target's path, or for faults below it, any of the files
 * that were written or taken away.
 * @param extent `all` asks whether everything is exactly as it was planted
 */
export async function isInPlace(
  engine: Engine,
  container: string,
  plant: Plant,
  path: string,
  extent: 'any' | 'all'
): Promise<boolean> {
  if (plant.kill === true) return false
  if (plant.readOnlyMount !== undefined || plant.fullMount !== undefined) return true
  if (plant.runAs !== undefined || plant.previousRelease === true) return true
  const at = plant.entries.filter((entry) => entry.path === path)
  const parents = new Set(plant.entries.map((entry) => parentOf(entry.path)))
  const watched = at.length > 0 ? at : plant.entries.filter((entry) => !parents.has(entry.path))
  const removed = plant.remove ?? []
  const found = await readAt(engine, container, [...watched.map((entry) => entry.path), ...removed])
  const inPlace = [
    ...watched.map((entry) => compare(entry, found.get(entry.path), plant) === undefined),
    ...removed.map((gone) => !found.has(gone))
  ]
  return extent === 'all' ? inPlace.every(Boolean) : inPlace.some(Boolean)
}

/** More entries than these are read as one tree, which takes one request and not one each. */
const READ_ONE_BY_ONE = 16

/** What is at the paths, by path; nothing where nothing is there. */
async function readAt(engine: Engine, container: string, paths: readonly string[]): Promise<Tree> {
  const [first] = paths
  const found = new Map<string, TreeEntry>()
  let unread = paths
  if (first !== undefined && paths.length > READ_ONE_BY_ONE) {
    const top = paths.reduce((common, path) => {
      let at = common
      while (!isWithin(path, at)) at = parentOf(at)
      return at
    }, parentOf(first))
    const tree = await engine.read(container, top, STATE_BOUNDS)
    for (const path of paths) {
      const entry = tree?.entries.get(path)
      if (entry !== undefined) found.set(path, entry)
    }
    // Only beyond the bound does an absence say nothing.
    unread = tree?.truncated === true ? paths.filter((path) => !found.has(path)) : []
  }
  for (const path of unread) {
    const entry = await engine.readEntry(container, path)
    if (entry !== undefined) found.set(path, entry)
  }
  return found
}

/** How an entry differs from what was planted; mtimes of directories change with their content and do not count. */
function compare(
  planted: TreeEntry,
  found: TreeEntry | undefined,
  { byTime }: Pick<Plant, 'byTime'>
): string | undefined {
  if (found === undefined) return 'is missing'
  if (found.type !== planted.type) return `is a ${found.type}, not a ${planted.type}`
  if (found.linkTarget !== planted.linkTarget) return `links to ${String(found.linkTarget)}`
  if (found.uid !== planted.uid || found.gid !== planted.gid) return `belongs to ${found.uid}:${found.gid}`
  if (planted.type !== 'symlink' && found.mode !== planted.mode) return `has mode 0${found.mode.toString(8)}`
  if (planted.type !== 'file') return undefined
  if (byTime === true && found.mtime !== planted.mtime) return `is dated ${found.mtime}, not ${planted.mtime}`
  const sha256 = createHash('sha256')
    .update(planted.content ?? Buffer.alloc(0))
    .digest('hex')
  return found.sha256 === sha256 ? undefined : 'has other content'
}

/** Where no file may remain that start-up could meet: without space, an empty one is made before the write is refused. */
function probeDirectory({ path, outOf }: FullMount): string {
  return outOf === 'space' ? `${path}/lost+found` : path
}

/** The engine itself is refused when it writes below a read-only mount or on a full one, which is the proof that it is one. */
async function isWritable(engine: Engine, container: string, path: string): Promise<boolean> {
  const refusal = await writeProbe(engine, container, path, 'write-probe', Buffer.from('x'))
  if (refusal === undefined) return true
  // At the end: what stands before it has the path, which the image may have named so.
  if (
    refusal.status !== undefined &&
    /(?:read-only(?: file system)?|no space left on device)(?:: unknown)?\W*$/i.test(refusal.daemonMessage)
  )
    return false
  throw refusal
}

/** Whether two trees hold the same entries; `below` limits the comparison to a path. */
export function sameState(before: Tree, after: Tree, below: string): boolean {
  const relevant = (tree: Tree): string[] =>
    [...tree.values()]
      .filter(({ path }) => isWithin(path, below))
      .map(({ path, type, mode, uid, mtime, linkTarget, sha256 }) =>
        JSON.stringify([path, type, mode, uid, mtime, linkTarget, sha256])
      )
      .sort()
  const [first, second] = [relevant(before), relevant(after)]
  return first.length === second.length && first.every((line, index) => line === second[index])
}
