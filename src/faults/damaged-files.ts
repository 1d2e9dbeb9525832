import type { NotApplicable, Plant, Target, TreeEntry } from '../model.js'

/** Files that one plant damages at most; the bound of what is read back of a volume is higher. */
export const MOST_FILES = 2_000

/** Python bytecode, which has faults of its own. */
export const BYTECODE = /\.py[co]$/

/** A regular file with its content. */
export type KnownFile = TreeEntry & { readonly content: Buffer }

/** Whether the entry is one: links, directories and files whose content was not kept are none. */
export function isKnown(entry: TreeEntry): entry is KnownFile {
  return entry.type === 'file' && entry.content !== undefined
}

/** What becomes of one file: what is written in its place or beside it, or that it is taken away. */
export interface Damage {
  readonly entries: readonly TreeEntry[]
  readonly removed?: true
  /** What can still be read of a file that was damaged; undefined where it was left alone. */
  readonly surviving?: Buffer
}

/** What becomes of the file at a path. */
export type Damaged = Damage & { readonly path: string }

/** The file with another content; owner, mode and time are what they were. */
export function rewritten({ path, mode, uid, gid, mtime }: KnownFile, content: Buffer): TreeEntry {
  return { path, type: 'file', mode, uid, gid, mtime, size: content.length, content }
}

/** Why no file on the target's volume can be damaged: where one volume was not read whole, trials start on what the image brings. */
export function notCopied({ volume, complete }: Target): NotApplicable | undefined {
  return volume !== undefined && !complete
    ? { reason: 'not all that is on the volumes can be copied into a trial' }
    : undefined
}

/**
 * Plants damage to files, to as many as one plant may.
 *
 * @param words what is said of one of them after `is`: `cut in half`
 * @param naming how the damaged ones are called together, before these words
 */
export function damagedFiles(
  target: Target,
  all: readonly Damaged[],
  words: string,
  naming: (done: readonly Damaged[]) => string
): Plant {
  const done = all.slice(0, MOST_FILES)
  const remove = done.filter(({ removed }) => removed).map(({ path }) => path)
  const damaged = done.flatMap(({ path, surviving }) =>
    surviving === undefined ? [] : [{ path, surviving }]
  )
  return {
    entries: done.flatMap(({ entries }) => entries),
    ...(remove.length === 0 ? {} : { remove }),
    ...(target.role === 'data' && damaged.length > 0 ? { damaged } : {}),
    perFile: { one: `is ${words}`, many: `are ${words}` },
    summary: `${naming(done)} ${words}${leftAlone(target, all.length - done.length)}`
  }
}

function leftAlone({ complete }: Target, over: number): string {
  const more =
    over === 0 ? '' : `, ${over} more left as they were (at most ${MOST_FILES} are damaged at once)`
  return complete ? more : `${more}, and whatever is there beyond the bound of what is read back`
}
