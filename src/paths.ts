import { posix } from 'node:path'

/**
 * Absolute POSIX paths inside a container, as strings. Pure; the runner's own path rules play no part.
 */

/** As many links as Linux follows in one path (path_resolution(7)). */
export const LINUX_LINK_LIMIT = 40

/** Where a symbolic link leads: a relative target begins at the directory of the link. */
export function linkedPath(link: string, target: string): string {
  return posix.resolve(posix.dirname(link), target)
}

/** Whether `path` is `ancestor` itself or lies below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || ancestor === '/' || path.startsWith(`${ancestor}/`)
}

/** Whether the path or a directory that leads to it is one of the paths. */
export function isWithinAny(path: string, ancestors: ReadonlySet<string>): boolean {
  for (let at = path; at !== '/'; at = parentOf(at)) if (ancestors.has(at)) return true
  return ancestors.has('/')
}

/** The directory that holds the path; `/` for a first-level entry. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** The last component. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The deepest of the mount points that holds the path, if any. */
export function holder(path: string, mounts: readonly string[]): string | undefined {
  return mounts
    .filter((mount) => isWithin(path, mount))
    .sort((a, b) => b.length - a.length)
    .at(0)
}

/** Every directory from just below `top` down to the parent of `path`, outermost first. */
export function directoriesBetween(top: string, path: string): string[] {
  const found: string[] = []
  for (let at = parentOf(path); at !== top && at !== '/' && isWithin(at, top); at = parentOf(at))
    found.unshift(at)
  return found
}
