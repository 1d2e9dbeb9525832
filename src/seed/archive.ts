import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { tarAttributes } from '../tar-header.js'
import { MOST_BYTES, SeedContent, SeedError, type SeedEntry } from './content.js'
import { messageOf } from '../thrown.js'

/** Headers and padding of the most entries, beside their content. */
const MOST_ARCHIVE_BYTES = MOST_BYTES + 64 * 1024 * 1024

/**
 * Reads a tar archive, gzipped or not, without ever writing to disk. Owners, modes and times are the archive's own.
 *
 * @throws SeedError for an archive that is damaged or too large, and for names and links that lead out of it
 */
export async function readTar(file: string, place: string, gzipped: boolean): Promise<SeedContent> {
  const content = new SeedContent(place)
  const reader = extract()
  reader.on('entry', (header, stream, next) => {
    const parts: Uint8Array[] = []
    let bytes = 0
    stream.on('data', (part) => {
      if (!(part instanceof Uint8Array)) return
      bytes += part.length
      // Over the bound nothing is kept; the archive's own bound ends the reading.
      if (content.bytes + bytes <= MOST_BYTES) parts.push(part)
    })
    stream.on('end', () => {
      try {
        if (content.bytes + bytes > MOST_BYTES) throw tooLarge()
        content.add(entryOf(header, Buffer.concat(parts)))
        next()
      } catch (error) {
        next(error instanceof Error ? error : new Error(String(error)))
      }
    })
    stream.on('error', () => undefined)
  })
  try {
    const source = createReadStream(file)
    await (gzipped
      ? pipeline(source, createGunzip(), bounded(), reader)
      : pipeline(source, bounded(), reader))
  } catch (error) {
    if (error instanceof SeedError) throw error
    const why = messageOf(error)
    throw new SeedError(`is no ${gzipped ? 'gzipped ' : ''}tar archive that can be read (${why})`, {
      cause: error
    })
  }
  return content
}

function tooLarge(): SeedError {
  return new SeedError(`holds more than ${MOST_BYTES / 1024 / 1024} MiB`)
}

/** A small file may unpack to anything. */
function bounded(): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      if (bytes > MOST_ARCHIVE_BYTES) done(tooLarge())
      else done(null, chunk)
    }
  })
}

function entryOf(header: Header, content: Buffer): SeedEntry {
  const { type, mode, uid, gid, mtime } = tarAttributes(header)
  const name = nameOf(header.name)
  if (type === undefined)
    throw new SeedError(`holds ${JSON.stringify(header.name)}, of a kind that is not known`)
  if (![uid, gid, mtime].every(Number.isSafeInteger) || !isId(uid) || !isId(gid)) {
    throw new SeedError(`holds ${JSON.stringify(header.name)} with an owner or a time that is no number`)
  }
  const common = { name, type, mode, mtime, owner: { uid, gid } }
  switch (type) {
    case 'file':
      return { ...common, content }
    case 'symlink':
      return { ...common, linkTarget: header.linkname }
    case 'hardlink':
      return { ...common, linkTarget: nameOf(header.linkname) }
    case 'directory':
    case 'fifo':
    case 'character-device':
    case 'block-device':
      return common
  }
}

function isId(id: number): boolean {
  return id >= 0 && id <= 2_147_483_647
}

/** @throws SeedError for a name that leads elsewhere */
function nameOf(name: string): string {
  const shown = JSON.stringify(name)
  if (name.startsWith('/')) throw new SeedError(`holds the absolute name ${shown}`)
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new SeedError(`holds ${shown}, which leads out of it`)
  return parts.join('/')
}
