import { posix } from 'node:path'

/** Linux: PATH_MAX. */
const longestPath = 4096

/**
 * An absolute path inside a container without `.`, `..`, doubled and trailing slashes.
 * @returns undefined when the text is no absolute path, or one that no Linux takes
 */
export function normalAbsolutePath(text: string): string | undefined {
  if (!text.startsWith('/') || text.includes('\0') || text.length > longestPath) return undefined
  const path = posix.normalize(text)
  // POSIX keeps a leading double slash apart; Linux does not.
  return path === '/' ? path : path.replace(/\/$/, '')
}
