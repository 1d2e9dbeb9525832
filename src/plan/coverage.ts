import { directoriesBetween, holder, isWithin, parentOf } from '../paths.js'
import type { ControlKnowledge, Scenario } from '../model.js'

/** How many names a note has at most. */
const MOST_NAMES = 5

/**
 * Where a user may think that something is tested, and it is not: what start-up wrote on a volume under no path that anything is
 * planted at, and data paths that no deploy of this run keeps.
 *
 * @param paths absolute; everything that was declared or detected
 * @param dataPaths absolute; those that were declared
 * @returns notes, a sentence or two each
 */
export function coverageNotes(
  { volumes, writtenPaths, sentinels }: Pick<ControlKnowledge, 'volumes' | 'writtenPaths' | 'sentinels'>,
  paths: readonly string[],
  dataPaths: readonly string[]
): string[] {
  const mounts = volumes.map(({ mount }) => mount)
  const written = writtenPaths.filter((path) => !sentinels.has(path) && !/\/__pycache__(?:\/|$)/.test(path))
  return [
    ...mounts.flatMap((mount) => {
      const names = uncovered(mount, written, paths)
      if (names.length === 0) return []
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
      return `Start-up also writes ${names.slice(0, MOST_NAMES).join(', ')}${more} on the volume ${mount}, where nothing is corrupted: name it in cache-paths or data-paths.`
    }),
    ...dataPaths
      .filter((path) => holder(path, mounts) === undefined)
      .map(
        (path) =>
          `${path} is on no volume, so only restarts of the same container are tested there. If production mounts it, name the mount point in volumes.`
      )
  ]
}

/**
 * Where something is planted or taken away: at a scenario's path, or, where that stands for a whole volume, at certain files of it.
 * @returns absolute paths
 */
export function corruptedPaths(scenarios: readonly Scenario[]): string[] {
  const paths = scenarios.flatMap(({ target, plant }) => {
    const isFilesOfVolume =
      target.volume === target.path && plant.readOnlyMount === undefined && plant.fullMount === undefined
    return isFilesOfVolume
      ? [...plant.entries.map(({ path }) => path), ...(plant.remove ?? [])]
      : [target.path]
  })
  return [...new Set(paths)]
}

/** What was written at a volume beside the paths: of a whole directory only the directory. */
function uncovered(mount: string, written: readonly string[], paths: readonly string[]): string[] {
  // A volume may hold tens of thousands of files: what is known of a directory is not asked again for each of them.
  const covered = new Set(paths)
  const leading = new Set(paths.flatMap((path) => [path, ...directoriesBetween('/', path), '/']))
  const isCovered: (path: string) => boolean = memoized(
    (path) => covered.has(path) || (path !== '/' && isCovered(parentOf(path)))
  )
  const isApart = (path: string): boolean => !leading.has(path) && !isCovered(path)
  const top: (path: string) => string = memoized((path) => {
    const parent = parentOf(path)
    return parent === mount || !isApart(parent) ? path : top(parent)
  })
  const beside = written.filter((path) => path !== mount && isWithin(path, mount) && isApart(path))
  return [...new Set(beside.map(top))].sort()
}

/** A function of a path that is called once for each. */
function memoized<T>(of: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>()
  return (path) => {
    if (!known.has(path)) known.set(path, of(path))
    return known.get(path) as T
  }
}
