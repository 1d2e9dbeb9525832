import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { extract, type ExtractEvents, type Header } from 'tar-stream'
import { tarAttributes } from '../tar-header.js'
import type { TreeEntry } from '../model.js'

/** How an archive is read. */
export interface ArchiveReading {
  /** Absolute path that was asked for; the archive's names begin with its last segment. */
  readonly path: string
  /** Entries and bytes of archive at most. */
  readonly entries: number
  readonly bytes: number
  /** Whether a file's content is passed over, hashed, or hashed and kept. */
  readonly content: (file: TreeEntry) => 'skip' | 'hash' | 'keep'
  /** Called for each entry, in the archive's order, once its content is complete. */
  readonly onEntry: (entry: TreeEntry) => 'continue' | 'stop'
}

/**
 * How a reading ended: `stopped` by onEntry, `bound` when a bound was met, `broken` when the archive is damaged or breaks
 * off (as moby's does when a file shrinks while it is read), `left-out` when it is whole and names something that is left out:
 * outside the path that was asked for, or not in UTF-8.
 */
export type ArchiveEnd = 'complete' | 'stopped' | 'bound' | 'left-out' | 'broken'

/** An archive that was written to its end closes with two blocks of zeros (POSIX.1-2001, pax). */
const END_BYTES = 1024

/** What tar-stream has not parsed yet when it takes more (16 KiB of streamx's buffer), and the longest header before that. */
const RECENT_BYTES = 64 * 1024

/**
 * Reads a tar archive as it streams in, without ever writing to disk. Bounded: entries and bytes by the caller, a
 * PAX or GNU header by tar-stream (4 MiB).
 *
 * @param source chunks of the archive; not read further than needed, and an error of it is thrown as it is
 */
export async function readArchive(
  source: AsyncIterable<Buffer>,
  reading: ArchiveReading
): Promise<ArchiveEnd> {
  const reader = new ArchiveReader(reading)
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    const over = Math.max(0, bytes - reading.bytes)
    await reader.push(chunk.subarray(0, chunk.length - over))
    if (reader.end !== undefined) break
    if (over > 0) {
      reader.stop('bound')
      break
    }
  }
  return reader.finish()
}

/** The content of one entry, as tar-stream hands it out. */
type EntryStream = ExtractEvents['entry'][1]

class ArchiveReader {
  /** Set as soon as nothing more is wanted. */
  end: ArchiveEnd | undefined
  readonly #reading: ArchiveReading
  readonly #extract = extract()
  readonly #closed: Promise<void>
  #count = 0
  #leftOut = false
  #recent: Buffer = Buffer.alloc(0)

  constructor(reading: ArchiveReading) {
    this.#reading = reading
    this.#closed = new Promise<void>((resolve) => {
      this.#extract.on('close', resolve)
    })
    this.#extract.on('error', () => {
      this.end ??= 'broken'
    })
    this.#extract.on('entry', (header, stream, next) => {
      // An entry that is cut short makes the archive fail as a whole.
      stream.on('error', () => undefined)
      this.#read(header, stream, next)
    })
  }

  async push(chunk: Buffer): Promise<void> {
    if (this.end !== undefined) return
    this.#recent = Buffer.concat([this.#recent.subarray(-RECENT_BYTES), chunk])
    if (this.#extract.write(chunk)) return
    const over = new AbortController()
    const drained = once(this.#extract, 'drain', { signal: over.signal }).catch(() => undefined)
    await Promise.race([drained, this.#closed])
    over.abort()
  }

  stop(end: ArchiveEnd): void {
    this.end ??= end
    this.#extract.destroy()
  }

  async finish(): Promise<ArchiveEnd> {
    if (this.end === undefined) this.#extract.end(null)
    else this.#extract.destroy()
    await this.#closed
    if (this.end !== undefined) return this.end
    const tail = this.#recent.subarray(-END_BYTES)
    const written = tail.length === END_BYTES && tail.every((byte) => byte === 0)
    if (!written) return 'broken'
    return this.#leftOut ? 'left-out' : 'complete'
  }

  #read(header: Header, stream: EntryStream, next: (error?: Error | null) => void): void {
    if (this.end !== undefined) return
    if (this.#count >= this.#reading.entries) {
      this.stop('bound')
      return
    }
    // tar-stream lets a size through that it cannot read, and waits for ever for that much content (3.2.2).
    if (!Number.isSafeInteger(header.size)) {
      this.stop('broken')
      return
    }
    this.#count += 1
    const entry =
      this.#isDecoded(header.name) && this.#isDecoded(header.linkname)
        ? entryOf(header, this.#reading.path)
        : undefined
    if (entry === undefined) this.#leftOut = true
    const depth = entry?.type === 'file' ? this.#reading.content(entry) : 'skip'
    // A sparse file of terabytes costs a container nothing: what cannot be read to its end is not begun.
    if (depth !== 'skip' && header.size > this.#reading.bytes) {
      this.stop('bound')
      return
    }
    if (entry === undefined || depth === 'skip') {
      stream.resume()
      // Not at the end of the stream: a directory that claims a size never ends. Not at once, or it would recurse.
      queueMicrotask(next)
      if (entry !== undefined) this.#give(entry)
      return
    }
    const hash = createHash('sha256')
    // At once, since parts that are joined in the end are there twice.
    const kept = depth === 'keep' ? Buffer.allocUnsafe(header.size) : undefined
    let filled = 0
    stream.on('data', (part) => {
      if (!(part instanceof Uint8Array)) return
      hash.update(part)
      kept?.set(part, filled)
      filled += part.length
    })
    stream.on('end', () => {
      const content = kept === undefined ? {} : { content: kept.subarray(0, filled) }
      this.#give({ ...entry, sha256: hash.digest('hex'), ...content })
      next()
    })
  }

  /**
   * The engine gives and takes names of any bytes (moby 20.10, in PAX records). tar-stream decodes them as UTF-8 with U+FFFD
   * for what is none, and would write that one back: another name, three bytes for each (3.2.2). A name that really has this
   * character stands as such in the archive.
   */
  #isDecoded(name: string | null): boolean {
    return name?.includes('\ufffd') !== true || this.#recent.includes(name)
  }

  #give(entry: TreeEntry): void {
    if (this.#reading.onEntry(entry) === 'stop') this.stop('stopped')
  }
}

/** PATH_MAX of Linux: no call takes a longer one, so no daemon can have archived it. A PAX record could hold megabytes. */
const LONGEST_NAME = 4096

/** @returns undefined for what no honest archive of the path contains */
function entryOf(header: Header, root: string): TreeEntry | undefined {
  const path = pathOf(header.name, root)
  const { type, mode, uid, gid, mtime } = tarAttributes(header)
  const linkTarget = type === 'hardlink' ? pathOf(header.linkname, root) : header.linkname
  const size = type === 'file' ? header.size : 0
  if (path === undefined || type === undefined) return undefined
  if (![uid, gid, mtime, size, header.mode].every(Number.isSafeInteger)) return undefined
  const common = { path, type, mode, uid, gid, mtime, size }
  if (type !== 'symlink' && type !== 'hardlink') return common
  return linkTarget && linkTarget.length <= LONGEST_NAME ? { ...common, linkTarget } : undefined
}

/**
 * Maps a name of the archive to the container. moby names entries from the base name of the path that was asked for;
 * the tree at `/` has names that begin with a slash (20.10).
 * @returns undefined for a name that leads elsewhere
 */
function pathOf(name: string | null, root: string): string | undefined {
  if (name === null || name.length > LONGEST_NAME) return undefined
  const parent = root === '/' ? '' : root.slice(0, root.lastIndexOf('/'))
  const relative = name.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')
  if (root === '/') return relative === '' ? '/' : below('', relative)
  if (name.startsWith('/')) return undefined
  const path = below(parent, relative)
  return path === root || path?.startsWith(`${root}/`) === true ? path : undefined
}

function below(parent: string, relative: string): string | undefined {
  const honest = relative.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  return honest && !relative.includes('\0') ? `${parent}/${relative}` : undefined
}
