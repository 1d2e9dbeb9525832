import { grouped } from '../grouped.js'
import { holder, isWithin, parentOf } from '../paths.js'
import type { ControlKnowledge, ImageFacts, Omission, Role, Target, Tree, TreeEntry } from '../model.js'

/** A path that may become a target, before anyone knows what the control left there. */
export interface Candidate {
  readonly path: string
  readonly role: Role
  /** How we came by it, in words for the report. */
  readonly source: string
  /** A declared path is always planned; a detected one only when the control used it. */
  readonly declared: boolean
  /** Whether it is one only for the faults that a scenario file pairs with it. */
  readonly paired?: true
}

/**
 * Cache and data paths that are declared or can be told from the image: what moves a cache (`HF_HOME`, …) and
 * `HOME/.cache`, the default of the XDG base directory specification.
 *
 * @returns one candidate a path; a declaration wins over a detection, and a path that contains a data path is data
 */
export function candidates(
  facts: Pick<ImageFacts, 'cacheEnv' | 'home'>,
  declared: { readonly cachePaths: readonly string[]; readonly dataPaths: readonly string[] },
  paired: { readonly paths: readonly string[]; readonly mounts: readonly string[] } = {
    paths: [],
    mounts: []
  }
): Candidate[] {
  const { cachePaths, dataPaths } = declared
  const roleOf = (path: string): Role =>
    dataPaths.some((dataPath) => isWithin(dataPath, path)) ? 'data' : 'cache'
  const all: Candidate[] = [
    ...dataPaths.map((path) => ({ path, role: 'data' as const, source: 'data-paths', declared: true })),
    ...cachePaths.map((path) => ({ path, role: roleOf(path), source: 'cache-paths', declared: true })),
    ...facts.cacheEnv.map(({ name, path }) => ({ path, role: roleOf(path), source: name, declared: false })),
    ...(facts.home === '/'
      ? []
      : [
          {
            path: `${facts.home}/.cache`,
            role: roleOf(`${facts.home}/.cache`),
            source: 'HOME/.cache',
            declared: false
          }
        ])
  ]
  const first = new Map<string, Candidate>()
  for (const candidate of all) if (!first.has(candidate.path)) first.set(candidate.path, candidate)
  const general = [...first.values()]
  const others = [...new Set(paired.paths)].filter((path) => !first.has(path))
  return [...general, ...others.map((path) => pairedCandidate(path, general, paired.mounts))]
}

/** What is on a volume and under no cache path is data; in the container's own layer nothing is, unless it is declared. */
function pairedCandidate(path: string, general: readonly Candidate[], mounts: readonly string[]): Candidate {
  const cache = general.some((one) => one.role === 'cache' && isWithin(path, one.path))
  const data = general.some(
    (one) => one.role === 'data' && (isWithin(path, one.path) || isWithin(one.path, path))
  )
  const role = data || (!cache && mounts.some((mount) => isWithin(path, mount))) ? 'data' : 'cache'
  return { path, role, source: 'scenario file', declared: true, paired: true }
}

/** What was read back of the container's own layer, for candidates that are not on a volume. */
export interface LayerState {
  /** Entries at and below the candidates, and the directories that hold them. */
  readonly tree: Tree
  /** Candidates of which more is there than was read back. */
  readonly truncated: readonly string[]
}

/** Everything below `path` in a tree, the path itself included. */
export function subtree(tree: Tree, path: string): Tree {
  return new Map([...tree].filter(([at]) => isWithin(at, path)))
}

/**
 * Turns candidates into targets with what the control left at them, and explains the detected ones that it did not use.
 * Mount points stay as they are: `expand` makes their entries.
 */
export function targets(
  found: readonly Candidate[],
  control: Pick<ControlKnowledge, 'volumes' | 'writtenPaths' | 'addedPaths' | 'seededPaths' | 'sentinels'>,
  layer: LayerState
): {
  readonly targets: readonly Target[]
  /** Also those that only the faults paired with them are aimed at. */
  readonly all: readonly Target[]
  readonly unused: readonly Candidate[]
} {
  const made = found.map((candidate) => ({ candidate, target: target(candidate, control, layer) }))
  const isUsed = ({ path, used }: Target): boolean => used || isSeeded(path, control)
  const kept = made.filter(({ candidate, target }) => candidate.declared || isUsed(target))
  const paths = kept.flatMap(({ candidate }) => (candidate.paired ? [] : [candidate.path]))
  const finished = kept.map(({ candidate, target }) => ({
    paired: candidate.paired === true,
    target: candidate.paired
      ? target
      : { ...target, learned: target.learned.filter((file) => holder(file.path, paths) === target.path) }
  }))
  return {
    targets: finished.filter(({ paired }) => !paired).map(({ target }) => target),
    all: finished.map(({ target }) => target),
    unused: made
      .filter(({ candidate, target }) => !candidate.declared && !isUsed(target))
      .map(({ candidate }) => candidate)
  }
}

function target(
  candidate: Pick<Candidate, 'path' | 'role' | 'source'>,
  control: Pick<ControlKnowledge, 'volumes' | 'writtenPaths' | 'addedPaths' | 'seededPaths' | 'sentinels'>,
  layer: LayerState
): Target {
  const { path, role, source } = candidate
  const volume = control.volumes
    .filter(({ mount }) => isWithin(path, mount))
    .sort((a, b) => b.mount.length - a.mount.length)
    .at(0)
  const tree = volume?.tree ?? layer.tree
  const below = subtree(tree, path)
  return {
    path,
    role,
    source,
    volume: volume?.mount,
    entry: tree.get(path),
    tree: below,
    parentExists: parentOf(path) === '/' || holdsEntries(tree.get(parentOf(path))),
    used: control.writtenPaths.some((written) => isWithin(written, path)),
    inImage: tree.has(path) && !control.addedPaths.includes(path) && !isSeeded(path, control),
    complete: volume === undefined ? !layer.truncated.includes(path) : !volume.truncated,
    learned: learnedFiles(below, control)
  }
}

/** What start-up wrote or was given, of a tree. A file with two names is left out: damage at one would tear them apart, which heals the other. */
function learnedFiles(
  tree: Tree,
  {
    writtenPaths,
    seededPaths,
    sentinels
  }: Pick<ControlKnowledge, 'writtenPaths' | 'seededPaths' | 'sentinels'>
): TreeEntry[] {
  const written = new Set([...writtenPaths, ...seededPaths])
  const entries = [...tree.values()]
  const shared = new Set(entries.flatMap(({ type, linkTarget }) => (type === 'hardlink' ? [linkTarget] : [])))
  return entries
    .filter(({ type, content }) => type === 'file' && content !== undefined)
    .filter(({ path }) => written.has(path) && !sentinels.has(path) && !shared.has(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Whether `seed-state` put anything at or below the path. */
function isSeeded(path: string, { seededPaths }: Pick<ControlKnowledge, 'seededPaths'>): boolean {
  return seededPaths.some((seeded) => isWithin(seeded, path))
}

/** A directory, or a link that may lead to one. */
function holdsEntries(entry: TreeEntry | undefined): boolean {
  return entry?.type === 'directory' || entry?.type === 'symlink'
}

/** Whether the target is a mount point, which nobody can replace: unlink answers EBUSY. */
export function isMountPoint(target: Target): boolean {
  return target.volume === target.path
}

/**
 * The first-level entries of a mount point that the control wrote or was given, as targets of their own.
 * @returns the target itself when it is not a mount point
 */
export function expand(
  target: Target,
  control: Pick<ControlKnowledge, 'volumes' | 'writtenPaths' | 'addedPaths' | 'seededPaths' | 'sentinels'>
): Target[] {
  if (!isMountPoint(target)) return [target]
  // In one pass each, since a volume may have as many entries at its first level as it can have at all.
  const topOf = (path: string): string => {
    const end = path.indexOf('/', target.path.length + 1)
    return end === -1 ? path : path.slice(0, end)
  }
  const tops = (paths: readonly string[]): Set<string> =>
    new Set(paths.filter((path) => path !== target.path && isWithin(path, target.path)).map(topOf))
  const trees = grouped(
    [...target.tree].filter(([path]) => path !== target.path),
    ([path]) => topOf(path)
  )
  const learned = grouped(target.learned, ({ path }) => topOf(path))
  const [written, seeded] = [tops(control.writtenPaths), tops(control.seededPaths)]
  const added = new Set(control.addedPaths)
  return [...target.tree.values()]
    .filter(({ path }) => path !== target.path && parentOf(path) === target.path)
    .filter(({ path }) => !control.sentinels.has(path) && (written.has(path) || seeded.has(path)))
    .map((entry) => ({
      ...target,
      path: entry.path,
      source: `${target.source} (in ${target.path})`,
      entry,
      tree: new Map(trees.get(entry.path)),
      parentExists: true,
      used: written.has(entry.path),
      inImage: !added.has(entry.path) && !seeded.has(entry.path),
      learned: learned.get(entry.path) ?? []
    }))
}

/** An omission for every fault at a detected path that the control did not use: nothing is dropped in silence. */
export function unusedOmissions(unused: readonly Candidate[], faults: readonly string[]): Omission[] {
  return unused.flatMap(({ path, source }) =>
    faults.map((fault) => ({ fault, path, reason: `start-up did not use ${path} (from ${source})` }))
  )
}
