import { posix } from 'node:path'
import { parseLines } from './lists.js'
import type { ProblemList } from './problems.js'

const ACCEPTED = 'absolute paths in the container, one a line, e.g. /root/.cache'

/** The inputs that hold paths of the container. */
export type PathInput = 'volumes' | 'cache-paths' | 'data-paths' | 'seed-state'

/**
 * Parses a list of paths in the container.
 *
 * @returns normalised paths without a trailing slash, in the order given
 */
export function parseContainerPaths(
  input: PathInput,
  value: string,
  problems: ProblemList
): readonly string[] {
  const paths: string[] = []
  for (const line of parseLines(value)) {
    const path = normalize(line)
    const complaint =
      complaintAbout(input, line, path) ?? (paths.includes(path) ? 'is given twice' : undefined)
    if (complaint === undefined) paths.push(path)
    else problems.add(input, line, complaint, ACCEPTED)
  }
  return paths
}

/** @returns the path without a trailing slash, or what is wrong with it */
export function parseContainerPath(
  input: PathInput,
  text: string
): { readonly path: string } | { readonly complaint: string } {
  const path = normalize(text)
  const complaint = complaintAbout(input, text, path)
  return complaint === undefined ? { path } : { complaint }
}

function normalize(text: string): string {
  return posix.normalize(text).replace(/(?<=.)\/$/, '')
}

function complaintAbout(input: PathInput, line: string, path: string): string | undefined {
  if (line.startsWith('~') || line.includes('$')) {
    return 'would need a shell to expand it; write the absolute path, e.g. /root/.cache'
  }
  if (input === 'volumes' && line.includes(':')) {
    return 'names more than a mount point; every trial gets its own copy of a volume'
  }
  if (!line.startsWith('/')) return 'is not an absolute path'
  if (/\p{Cc}/u.test(line)) return 'contains a control character'
  if (/[*?]/.test(line)) return 'contains a wildcard, which nothing expands'
  if (/[,\s]\s*\//.test(line)) return 'looks like several paths on one line'
  if (line.split('/').includes('..')) return 'contains ".."'
  if (path === '/') return 'is the whole file system'
  if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(path)) return 'belongs to the kernel'
  return undefined
}

/**
 * A path cannot be thrown away and be kept. A data path *inside* a cache path is fine: the path that contains it then has
 * the role data.
 */
export function checkRoles(
  cachePaths: readonly string[],
  dataPaths: readonly string[],
  problems: ProblemList
): void {
  for (const path of cachePaths.filter((cachePath) => dataPaths.includes(cachePath))) {
    problems.add('cache-paths', path, 'is in data-paths too; a path is one or the other')
  }
}
