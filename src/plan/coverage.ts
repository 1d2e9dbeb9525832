import { holder, isWithin, parentOf } from '../paths.js'
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
  const isApart = (path: string): boolean =>
    holder(path, paths) === undefined && !paths.some((other) => isWithin(other, path))
  const tops = written
    .filter((path) => path !== mount && isWithin(path, mount) && isApart(path))
    .map((path) => {
      let top = path
      while (parentOf(top) !== mount && isApart(parentOf(top))) top = parentOf(top)
      return top
    })
  return [...new Set(tops)].sort()
}
