import { posix } from 'node:path'
import { directoriesBetween, linkedPath } from './paths.js'
import type { Tree } from './model.js'

/**
 * Takes the first link out of a path, as the kernel does: a symbolic one on the way or at its end, or a second name of a file, whose
 * content an archive has under the first one.
 *
 * @param tree what lies at and below `top`
 * @param top absolute; `path` is at or below it
 * @returns the path to look at next, which may be anywhere; undefined where there is no link
 */
export function behindLink(tree: Tree, top: string, path: string): string | undefined {
  for (const at of [...directoriesBetween(top, path), path]) {
    const target = tree.get(at)?.linkTarget
    if (target !== undefined) return behind(path, at, target)
  }
  return undefined
}

/** Where a path leads of which a part is a link. */
export function behind(path: string, link: string, target: string): string {
  return posix.join(linkedPath(link, target), path.slice(link.length))
}
