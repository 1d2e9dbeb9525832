import { PLANTED_MTIME } from '../planted-mtime.js'
import { posix } from 'node:path'
import { isWithin, linkedPath, parentOf } from '../paths.js'
import type { EntryType, TreeEntry } from '../model.js'

/** Bounds of all seeds together are below those of what is read back from a volume, so that trials get all of it. */
export const MOST_ENTRIES = 20_000
export const MOST_BYTES = 128 * 1024 * 1024

/** What a seed consists of, before anyone says whose it is. */
export interface SeedEntry {
  /** Relative to the seed's place in the container, without `./`; empty for the place itself. */
  readonly name: string
  readonly type: EntryType
  readonly mode: number
  readonly mtime: number
  readonly content?: Buffer
  /** As the source writes it; of a hard link, a name like `name`. */
  readonly linkTarget?: string
  /** Undefined: the app's user. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** What is wrong with a seed, to be read after its name. */
export class SeedError extends Error {
  override readonly name = 'SeedError'
}

/** Collects the entries of a seed, and refuses what must not get into a volume. */
export class SeedContent {
  readonly #place: string
  readonly #entries = new Map<string, SeedEntry>()
  #bytes = 0

  /** @param place absolute path in the container */
  constructor(place: string) {
    this.#place = place
  }

  /** @throws SeedError when the entry is not harmless, or a bound is met */
  add(entry: SeedEntry): void {
    const shown = JSON.stringify(entry.name)
    const before = this.#entries.get(entry.name)
    if (before !== undefined && !(before.type === 'directory' && entry.type === 'directory')) {
      throw new SeedError(`holds ${shown} twice`)
    }
    for (let at = posix.dirname(entry.name); at !== '.' && at !== ''; at = posix.dirname(at)) {
      const above = this.#entries.get(at)
      if (above !== undefined && above.type !== 'directory') {
        throw new SeedError(`holds ${shown} below ${JSON.stringify(at)}, which is no directory in it`)
      }
    }
    switch (entry.type) {
      case 'file':
      case 'directory':
        break
      case 'symlink':
        this.#checkLink(entry, shown)
        break
      case 'hardlink':
        if (this.#entries.get(entry.linkTarget ?? '')?.type !== 'file') {
          throw new SeedError(`holds ${shown}, a hard link to something that is not in it`)
        }
        break
      case 'fifo':
      case 'character-device':
      case 'block-device':
        throw new SeedError(`holds ${shown}, which is neither file, directory nor link`)
    }
    this.#bytes += entry.content?.length ?? 0
    this.#entries.set(entry.name, entry)
    if (this.#entries.size > MOST_ENTRIES) throw new SeedError(`holds more than ${MOST_ENTRIES} entries`)
    if (this.#bytes > MOST_BYTES) throw new SeedError(`holds more than ${MOST_BYTES / 1024 / 1024} MiB`)
  }

  /** Whether the source says whose the place itself is. */
  get ownsRoot(): boolean {
    return this.#entries.get('')?.owner !== undefined
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes
  }

  /** Entries by absolute path, directories first, with those that lead to others where the source has none. */
  entries(owner: { readonly uid: number; readonly gid: number }): TreeEntry[] {
    const made = new Map<string, TreeEntry>()
    const add = (entry: SeedEntry): void => {
      const path = this.#pathOf(entry.name)
      const above = parentOf(path)
      if (path !== this.#place && isWithin(above, this.#place) && !made.has(above)) {
        const name = above === this.#place ? '' : above.slice(this.#place.length + 1)
        add(this.#entries.get(name) ?? { name, type: 'directory', mode: 0o755, mtime: PLANTED_MTIME })
      }
      made.set(path, this.#treeEntry(entry, path, owner))
    }
    for (const entry of this.#entries.values()) add(entry)
    return [...made.values()]
  }

  #treeEntry(
    { type, mode, mtime, content, linkTarget, owner: own }: SeedEntry,
    path: string,
    owner: { readonly uid: number; readonly gid: number }
  ): TreeEntry {
    const { uid, gid } = own ?? owner
    const common = { path, type, mode, uid, gid, mtime, size: content?.length ?? 0 }
    if (type === 'file') return { ...common, content: content ?? Buffer.alloc(0) }
    if (linkTarget === undefined) return common
    return { ...common, linkTarget: type === 'hardlink' ? this.#pathOf(linkTarget) : linkTarget }
  }

  #checkLink({ name, linkTarget = '' }: SeedEntry, shown: string): void {
    const target = linkedPath(this.#pathOf(name), linkTarget)
    if (linkTarget !== '' && isWithin(target, this.#place)) return
    throw new SeedError(`holds ${shown}, a link to ${JSON.stringify(linkTarget)}, which leads out of it`)
  }

  #pathOf(name: string): string {
    return name === '' ? this.#place : `${this.#place}/${name}`
  }
}
