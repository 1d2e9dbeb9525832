import { isWithin } from '../paths.js'
import type { BoundedTree, Plant, Tree, TreeEntry } from '../model.js'

/** One loss of user data, in words. */
export interface DataLoss {
  readonly path: string
  readonly how: string
}

export interface DataQuestion {
  /** What was on the volumes when the container started on the planted state. */
  readonly before: Tree
  readonly after: BoundedTree
  readonly sentinels: Tree
  /** Files that did not change between the control's boots. */
  readonly stableFiles: readonly string[]
  readonly cachePaths: readonly string[]
  readonly dataPaths: readonly string[]
  readonly plant: Plant
}

/**
 * Whether the path holds user data: it is on a volume and under no cache path, or under a data path.
 */
export function isData(
  path: string,
  { cachePaths, dataPaths }: Pick<DataQuestion, 'cachePaths' | 'dataPaths'>
): boolean {
  return (
    dataPaths.some((dataPath) => isWithin(path, dataPath)) ||
    !cachePaths.some((cachePath) => isWithin(path, cachePath))
  )
}

/** What became of user data. */
export interface DataFindings {
  readonly losses: readonly DataLoss[]
  /** A file that is not what it was, where not all of the volume could be read: it may have been moved aside. */
  readonly unknown: string | undefined
}

/**
 * What was lost: a sentinel or a stable file whose bytes are nowhere any more, or a damaged file whose surviving bytes are
 * nowhere any more. A file that was moved aside, whole, is not lost; an empty file holds nothing that could be.
 */
export function dataFindings(question: DataQuestion): DataFindings {
  const { before, after, plant } = question
  const planted = new Set(plant.entries.map(({ path }) => path))
  // The user's own files first: the first loss is the one that is named.
  const watched = [...question.stableFiles, ...question.sentinels.keys()]
    .filter((path) => isData(path, question) && !planted.has(path))
    .filter((path) => !(plant.remove ?? []).some((removed) => isWithin(path, removed)))
  const losses = [...new Set(watched)].flatMap((path) => {
    const file = before.get(path)
    if (file === undefined) return []
    const losses = lossOf(file, after.entries)
    if (!question.sentinels.has(path)) return losses
    return losses.map(({ how }) => ({ path, how: `(planted as user data) ${how}` }))
  })
  const all = [...losses, ...damagedLosses(plant, after.entries)]
  return after.truncated ? { losses: [], unknown: all.at(0)?.path } : { losses: all, unknown: undefined }
}

function lossOf(file: TreeEntry, after: Tree): DataLoss[] {
  if (file.sha256 === undefined || file.size === 0) return []
  const now = after.get(file.path)
  if (now?.sha256 === file.sha256) return []
  if ([...after.values()].some((entry) => entry.sha256 === file.sha256)) return []
  return [
    {
      path: file.path,
      how: now === undefined ? 'is gone' : `was overwritten (${file.size} → ${now.size} bytes)`
    }
  ]
}

function damagedLosses(plant: Plant, after: Tree): DataLoss[] {
  return (plant.damaged ?? []).flatMap(({ path, surviving }) => {
    const survives = [...after.values()].some((entry) => entry.content?.includes(surviving) === true)
    if (survives || surviving.length === 0) return []
    return [{ path, how: `was damaged, and the ${surviving.length} bytes that could still be read are gone` }]
  })
}
