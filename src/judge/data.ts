import { holder, isWithin } from '../paths.js'
import type { Plant, ReadBack, Tree, TreeEntry } from '../model.js'

/** One loss of user data, in words. */
export interface DataLoss {
  readonly path: string
  readonly how: string
}

export interface DataQuestion {
  /** What was on the volumes when the container started on the planted state. */
  readonly before: Tree
  readonly after: ReadBack
  readonly sentinels: Tree
  /** Files that did not change between the control's boots. */
  readonly stableFiles: readonly string[]
  readonly cachePaths: readonly string[]
  readonly dataPaths: readonly string[]
  readonly plant: Plant
}

/**
 * Whether a path on a volume holds user data: the innermost cache or data path that contains it says so, and where none
 * does it is data. A path that is declared as both is data. Bytecode in `__pycache__` is nobody's data, wherever it is:
 * Python makes it from the source beside it, anew whenever that differs.
 */
export function isData(
  path: string,
  { cachePaths, dataPaths }: Pick<DataQuestion, 'cachePaths' | 'dataPaths'>
): boolean {
  if (/\/__pycache__\/[^/]+\.pyc$/.test(path)) return false
  const [cache, data] = [holder(path, cachePaths), holder(path, dataPaths)]
  return cache === undefined || (data !== undefined && data.length >= cache.length)
}

/** What became of user data. */
export interface DataFindings {
  readonly losses: readonly DataLoss[]
  /** A file that is not what it was, where not all of the volume could be read: it may have been moved aside. */
  readonly unknown: string | undefined
}

/**
 * What was lost: a sentinel or a stable file whose bytes are nowhere any more, or a damaged stable file whose surviving bytes
 * are nowhere any more. A file that was moved aside, whole, is not lost; an empty file holds nothing that could be.
 */
export function dataFindings(question: DataQuestion): DataFindings {
  const { before, after, plant } = question
  const planted = new Set(plant.entries.map(({ path }) => path))
  // The user's own files first: the first loss is the one that is named.
  const watched = [...question.stableFiles, ...question.sentinels.keys()]
    .filter((path) => isData(path, question) && !planted.has(path))
    .filter((path) => !(plant.remove ?? []).some((removed) => isWithin(path, removed)))
  // What was there all the time, and happens to have the same bytes, is another file.
  const arrived = [...after.entries.values()].filter(({ path, sha256, mtime }) => {
    const was = before.get(path)
    return sha256 !== was?.sha256 || mtime !== was?.mtime
  })
  const losses = [...new Set(watched)].flatMap((path) => {
    const file = before.get(path)
    if (file === undefined) return []
    const losses = lossOf(file, after.entries.get(path), arrived)
    if (!question.sentinels.has(path)) return losses
    return losses.map(({ how }) => ({ path, how: `(planted as user data) ${how}` }))
  })
  const all = [...losses, ...damagedLosses(question, after.entries)]
  // What was moved off a volume into the container's own layer is lost with the next deploy.
  const mayBeElsewhere = ({ path }: DataLoss): boolean =>
    after.truncated || holder(path, after.cutRoots) !== undefined
  const unknown = all.find(mayBeElsewhere)?.path
  return { losses: all.filter((loss) => !mayBeElsewhere(loss)), unknown }
}

function lossOf(file: TreeEntry, now: TreeEntry | undefined, arrived: readonly TreeEntry[]): DataLoss[] {
  if (file.sha256 === undefined || file.size === 0) return []
  if (now?.sha256 === file.sha256) return []
  if (arrived.some(({ sha256 }) => sha256 === file.sha256)) return []
  return [
    {
      path: file.path,
      how: now === undefined ? 'is gone' : `was overwritten (${file.size} → ${now.size} bytes)`
    }
  ]
}

/** Of a file that healthy start-up rewrites, too, it proves nothing that its bytes are gone. */
function damagedLosses({ plant, stableFiles }: DataQuestion, after: Tree): DataLoss[] {
  const stable = new Set(stableFiles)
  return (plant.damaged ?? []).flatMap(({ path, surviving }) => {
    if (!stable.has(path) || surviving.length === 0) return []
    const holds = (entry: TreeEntry | undefined): boolean => entry?.content?.includes(surviving) === true
    // In its own place first: of many files, hardly one was moved.
    if (holds(after.get(path)) || [...after.values()].some(holds)) return []
    return [{ path, how: `was damaged, and the ${surviving.length} bytes that could still be read are gone` }]
  })
}
