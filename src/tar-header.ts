import type { Header } from 'tar-stream'
import { z } from 'zod'
import type { EntryType } from './model.js'

/** What a tar header says of an entry beside its name and size; numbers may be none where the archive is hostile. */
export interface TarAttributes {
  /** Undefined for kinds that no file system has. */
  readonly type: EntryType | undefined
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Whole seconds since 1970. */
  readonly mtime: number
}

const TYPES: ReadonlyMap<string | null, EntryType> = new Map([
  ['file', 'file'],
  ['contiguous-file', 'file'],
  ['directory', 'directory'],
  ['symlink', 'symlink'],
  ['link', 'hardlink'],
  ['fifo', 'fifo'],
  ['character-device', 'character-device'],
  ['block-device', 'block-device']
])

/** PAX records hold what does not fit into a ustar header; tar-stream itself applies only names and sizes. */
const Pax = z.object({ uid: z.string().optional(), gid: z.string().optional(), mtime: z.string().optional() })

/** Reads what a header and its PAX records say together. */
export function tarAttributes(header: Header): TarAttributes {
  const pax = Pax.safeParse(header.pax).data
  return {
    type: TYPES.get(header.type),
    mode: header.mode & 0o7777,
    uid: Number(pax?.uid ?? header.uid),
    gid: Number(pax?.gid ?? header.gid),
    mtime: Math.floor(Number(pax?.mtime ?? header.mtime.getTime() / 1000))
  }
}
