import { type Header, type Pack, pack } from 'tar-stream'
import type { EntryType, TreeEntry } from '../model.js'
import { asError } from './failure.js'

/** Uploads go out in pieces of about this size, whatever the sizes of the entries. */
const PIECE_BYTES = 256 * 1024

/** What tar-stream's ustar header holds without loss: six octal digits, and 32 bits of time (3.2.2, `headers.js`). */
const USTAR_ID_MAX = 0o777777
const USTAR_TIME_MAX = 0x7fffffff

/** tar-stream takes a mode of 0 for a missing one; bits above the permissions are masked when it writes. */
const REGULAR = 0o100000

/** What an entry's header is made of; tar-stream takes PAX records beside it. */
type EntryHeader = Partial<Header> & Pick<Header, 'name'>

const TAR_TYPES: Readonly<Record<EntryType, Header['type']>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  hardlink: 'link',
  fifo: 'fifo',
  'character-device': 'character-device',
  'block-device': 'block-device'
}

/**
 * Packs entries into a tar archive whose names are relative to `root`.
 *
 * @param entries at or below `root`, a directory before what is in it; one at `root` itself is left out, since moby's
 *   Untar skips it anyway. A file without content is empty.
 * @param root absolute directory that the archive will be extracted at
 * @throws RangeError for an entry outside the root, a link without a target, or a device: its numbers are not known, and
 *   one with the numbers 0 is how overlayfs marks a deleted file
 */
export async function* packEntries(entries: readonly TreeEntry[], root: string): AsyncGenerator<Buffer> {
  const archive = pack()
  const filled = fill(archive, entries, root)
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    pieces.push(chunk)
    size += chunk.length
    if (size < PIECE_BYTES) continue
    yield Buffer.concat(pieces)
    pieces = []
    size = 0
  }
  await filled
  if (size > 0) yield Buffer.concat(pieces)
}

/** One entry at a time: a queue of thousands would recurse inside tar-stream. */
async function fill(archive: Pack, entries: readonly TreeEntry[], root: string): Promise<void> {
  try {
    for (const entry of entries) {
      const name = relativeTo(root, entry.path)
      if (name !== '') await add(archive, tarHeader(entry, name, root), entry)
    }
    archive.finalize()
  } catch (error) {
    archive.destroy(asError(error))
  }
}

function add(archive: Pack, header: EntryHeader, entry: TreeEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink = archive.entry(header, (error) => {
      if (error) reject(error)
      else resolve()
    })
    if (entry.type === 'file') sink.end(entry.content?.length ? entry.content : undefined)
  })
}

function tarHeader(entry: TreeEntry, name: string, root: string): EntryHeader {
  const pax: Record<string, string> = {}
  if (entry.uid > USTAR_ID_MAX) pax.uid = String(entry.uid)
  if (entry.gid > USTAR_ID_MAX) pax.gid = String(entry.gid)
  if (entry.type === 'character-device' || entry.type === 'block-device') {
    throw new RangeError(`${entry.path} is a device, which cannot be written`)
  }
  const timeFits = entry.mtime >= 0 && entry.mtime <= USTAR_TIME_MAX
  if (!timeFits) pax.mtime = String(entry.mtime)
  return {
    name,
    type: TAR_TYPES[entry.type],
    mode: REGULAR | entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: new Date(timeFits ? entry.mtime * 1000 : 0),
    size: entry.type === 'file' ? (entry.content?.length ?? 0) : 0,
    ...linkName(entry, root),
    ...(Object.keys(pax).length === 0 ? {} : { pax })
  }
}

/** A symlink's target is text; a hard link's is a name in the same archive. */
function linkName(entry: TreeEntry, root: string): { linkname?: string } {
  if (entry.type !== 'symlink' && entry.type !== 'hardlink') return {}
  if (!entry.linkTarget) throw new RangeError(`the ${entry.type} ${entry.path} has no target`)
  return { linkname: entry.type === 'hardlink' ? relativeTo(root, entry.linkTarget) : entry.linkTarget }
}

/** @returns '' for the root itself */
function relativeTo(root: string, path: string): string {
  if (path === root) return ''
  const prefix = root === '/' ? '/' : `${root}/`
  if (!path.startsWith(prefix)) throw new RangeError(`${path} is not below ${root}`)
  return path.slice(prefix.length)
}
