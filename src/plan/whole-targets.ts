import { holder, isWithin } from '../paths.js'
import { subtree } from './targets.js'
import type { ControlKnowledge, Target, Tree } from '../model.js'

/**
 * Cache and data paths as they are, mount points too, and every volume: for faults that damage files below a path. Each file
 * belongs to the innermost of them, which says whether it may be thrown away. Sentinels are nobody's, and so is a file with
 * two names: damage at one would tear them apart.
 */
export function wholeTargets(found: readonly Target[], control: ControlKnowledge): Target[] {
  const volumes = control.volumes
    .filter(({ mount }) => !found.some(({ path }) => path === mount))
    .map(({ mount, tree, truncated }): Target => ({
      path: mount,
      role: 'data',
      source: 'volume',
      volume: mount,
      entry: tree.get(mount),
      tree,
      parentExists: true,
      used: control.writtenPaths.some((written) => isWithin(written, mount)),
      inImage: true,
      complete: !truncated,
      learned: []
    }))
  const all = [...found, ...volumes]
  const paths = all.map(({ path }) => path)
  return all.map((target) => ({ ...target, tree: ownFiles(target, paths, control.sentinels) }))
}

function ownFiles({ path, tree }: Target, paths: readonly string[], sentinels: Tree): Tree {
  const entries = [...subtree(tree, path).values()]
  const shared = new Set(entries.flatMap(({ type, linkTarget }) => (type === 'hardlink' ? [linkTarget] : [])))
  return new Map(
    entries
      .filter((entry) => holder(entry.path, paths) === path && !sentinels.has(entry.path))
      .filter((entry) => entry.type !== 'hardlink' && !shared.has(entry.path))
      .map((entry) => [entry.path, entry])
  )
}

/** Locks of a healthy run in the container's own layer, each a target of its own, where no other target holds them. */
export function lockTargets(whole: readonly Target[], control: ControlKnowledge): Target[] {
  return [...control.locks.values()]
    .filter(({ path }) => !whole.some((target) => isWithin(path, target.path)))
    .map((lock) => ({
      path: lock.path,
      role: 'cache',
      source: 'a lock of the running container',
      volume: undefined,
      entry: undefined,
      tree: new Map(),
      parentExists: true,
      used: true,
      inImage: false,
      complete: true,
      learned: []
    }))
}
