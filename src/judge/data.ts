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

/**
 * What was lost: a sentinel or a stable file whose bytes are nowhere any more, or a damaged file whose surviving bytes are
 * nowhere any more. A file that was moved aside, whole, is not lost; an empty file holds nothing that could be.
 */
export function dataLosses(question: DataQuestion): DataLoss[] {
  const { before, after, plant } = question
  const planted = new Set(plant.entries.map(({ path }) => path))
  const watched = [...question.sentinels.keys(), ...question.stableFiles]
    .filter((path) => isData(path, question) && !planted.has(path))
    .filter((path) => !(plant.remove ?? []).some((removed) => isWithin(path, removed)))
  const losses = [...new Set(watched)].flatMap((path) => {
    const file = before.get(path)
    return file === undefined ? [] : lossOf(file, after)
  })
  return [...losses, ...damagedLosses(plant, after)]
}

function lossOf(file: TreeEntry, after: BoundedTree): DataLoss[] {
  if (file.sha256 === undefined || file.size === 0) return []
  const now = after.entries.get(file.path)
  if (now?.sha256 === file.sha256) return []
  if (now === undefined && after.truncated) return []
  if ([...after.entries.values()].some((entry) => entry.sha256 === file.sha256)) return []
  return [
    {
      path: file.path,
      how: now === undefined ? 'is gone' : `was overwritten (${file.size} → ${now.size} bytes)`
    }
  ]
}

function damagedLosses(plant: Plant, after: BoundedTree): DataLoss[] {
  return (plant.damaged ?? []).flatMap(({ path, surviving }) => {
    const survives = [...after.entries.values()].some((entry) => entry.content?.includes(surviving) === true)
    if (survives || surviving.length === 0 || after.truncated) return []
    return [{ path, how: `was damaged, and the ${surviving.length} bytes that could still be read are gone` }]
  })
}
