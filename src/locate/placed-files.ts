import { posix } from 'node:path'
import { isWithin } from '../paths.js'
import { pathPattern } from './pattern.js'
import type { Copied } from './dockerfile.js'

/** Which file of the context an absolute path in the image was made from, as far as COPY and ADD tell. */
export type PlacedFiles = ReadonlyMap<string, string>

/**
 * Carries out what a Dockerfile copies, on names.
 * @param files of the context that the builder gets, relative to it
 * @param spend called for each file of each step; it throws when that took too long
 */
export function placeFiles(
  copies: readonly Copied[],
  files: readonly string[],
  spend: () => void = () => undefined
): PlacedFiles {
  const placed = new Map<string, string>()
  for (const copy of copies) {
    if (copy.from === 'elsewhere') {
      for (const path of placed.keys()) {
        spend()
        if (isWithin(path, copy.destination)) placed.delete(path)
      }
      continue
    }
    const matches = copy.sources.map(pathPattern)
    for (const file of files) {
      const paths = matches.flatMap((match) => {
        spend()
        return destinations(file, match, copy)
      })
      for (const path of paths) placed.set(path, file)
    }
  }
  return placed
}

/** Where a file of the context ends: as a file that is copied, or as one in a directory whose content is. */
function destinations(
  file: string,
  matches: (path: string) => boolean,
  { destination, intoDirectory }: Copied & { from: 'context' }
): string[] {
  if (matches(file)) {
    const inside = posix.join(destination, posix.basename(file))
    return intoDirectory ? [inside] : [destination, inside]
  }
  if (matches('')) return [posix.join(destination, file)]
  for (let slash = file.indexOf('/'); slash !== -1; slash = file.indexOf('/', slash + 1)) {
    if (matches(file.slice(0, slash))) return [posix.join(destination, file.slice(slash + 1))]
  }
  return []
}
