import type { IncomingMessage } from 'node:http'
import { posix } from 'node:path'
import type { BoundedTree, TreeEntry } from '../model.js'
import { type ArchiveEnd, type ArchiveReading, readArchive } from './archive.js'
import { transportError } from './failure.js'
import type { ReadBounds } from './engine.js'
import { EngineError } from './errors.js'
import { body, type Exchange, query, segment } from './exchange.js'

/** Content of a single entry that is hashed at most: as much as of a whole volume. */
const ENTRY_BYTES = 256 * 1024 * 1024
const READ_DEADLINE_MS = 300_000
/** Nothing is kept while a directory is searched for one name, so only time is bounded. */
const SEARCH_DEADLINE_MS = 120_000

/** A file that shrinks while it is read breaks an archive off; a service may go on writing. */
const READ_ATTEMPTS = 3

/**
 * Reads the tree at an absolute path, as the port describes it.
 * @throws EngineError where the archive breaks off again and again: what is missing then is no bound of ours
 */
export async function readTree(
  exchange: Exchange,
  id: string,
  path: string,
  bounds: ReadBounds
): Promise<BoundedTree | undefined> {
  const asked = absolute(path)
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
    const tree = await readTreeOnce(exchange, id, asked, bounds)
    if (tree !== 'broken') return tree
  }
  throw new EngineError('read archive', undefined, `the archive of ${asked} broke off`)
}

async function readTreeOnce(
  exchange: Exchange,
  id: string,
  asked: string,
  bounds: ReadBounds
): Promise<BoundedTree | 'broken' | undefined> {
  const entries = new Map<string, TreeEntry>()
  const found = await openArchive(exchange, id, asked)
  if (found === 'missing') return undefined
  if (found === 'loop') {
    const link = await searchParent(exchange, id, asked)
    return link === undefined ? undefined : { entries: new Map([[link.path, link]]), truncated: false }
  }
  const end = await readResponse(found, {
    path: asked,
    entries: bounds.entries,
    bytes: bounds.bytes,
    content: () => (bounds.keepContent ? 'keep' : 'hash'),
    onEntry: (entry) => {
      entries.set(entry.path, entry)
      return 'continue'
    }
  })
  return end === 'broken' ? 'broken' : { entries, truncated: end !== 'complete' }
}

/** Reads only the entry at an absolute path, as the port describes it. */
export async function readOne(exchange: Exchange, id: string, path: string): Promise<TreeEntry | undefined> {
  const asked = absolute(path)
  const found = await openArchive(exchange, id, asked)
  if (found === 'missing') return undefined
  if (found === 'loop') return searchParent(exchange, id, asked)
  let entry: TreeEntry | undefined
  const end = await readResponse(found, {
    path: asked,
    entries: 1,
    bytes: ENTRY_BYTES + 64 * 1024,
    content: (file) => (file.size > ENTRY_BYTES ? 'skip' : 'hash'),
    onEntry: (first) => {
      entry = first
      return 'stop'
    }
  })
  if (entry !== undefined) return entry
  // moby leaves sockets out of archives.
  const words =
    end === 'complete' || end === 'left-out'
      ? `${asked} is neither file, directory, link, pipe nor device`
      : 'the archive broke off'
  throw new EngineError('read entry', undefined, words)
}

/**
 * Finds a symlink that is part of a loop. Both GET and HEAD of such a path answer 500, because moby resolves the link
 * before it looks at it (20.10, `StatPath`); only its directory's archive shows it. The daemon archives what sorts before
 * the link in its directory at about 75 MB/s, so that a loop such as /workspace in a large image is beyond the deadline.
 */
async function searchParent(exchange: Exchange, id: string, path: string): Promise<TreeEntry | undefined> {
  const parent = posix.dirname(path)
  // The slash asks for the directory, should its own name be a link.
  const found = await openArchive(exchange, id, parent === '/' ? '/' : `${parent}/`, SEARCH_DEADLINE_MS)
  // A loop further up: nothing can be reached at the path.
  if (found === 'missing' || found === 'loop') return undefined
  let entry: TreeEntry | undefined
  const end = await readResponse(found, {
    path: parent,
    entries: Infinity,
    bytes: Infinity,
    content: () => 'skip',
    onEntry: (next) => {
      if (next.path !== path) return 'continue'
      entry = next
      return 'stop'
    }
  })
  if (entry === undefined && end !== 'complete' && end !== 'left-out') {
    throw new EngineError('read entry', undefined, `${parent} broke off before ${path} was found`)
  }
  return entry
}

/** `missing` when nothing can be at the path, `loop` when a symlink on the way or at its end leads in circles. */
async function openArchive(
  exchange: Exchange,
  id: string,
  path: string,
  deadlineMs = READ_DEADLINE_MS
): Promise<IncomingMessage | 'missing' | 'loop'> {
  try {
    return await exchange.open({
      operation: 'read archive',
      method: 'GET',
      path: `/containers/${segment(id)}/archive${query({ path })}`,
      deadlineMs
    })
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    // The container itself may be missing, which is an error.
    if (error.status === 404 && !/no such container/i.test(error.daemonMessage)) return 'missing'
    if (/too many (?:links|levels of symbolic links)/i.test(error.daemonMessage)) return 'loop'
    // A file where a directory would have to be.
    if (/not a directory/i.test(error.daemonMessage)) return 'missing'
    throw error
  }
}

async function readResponse(response: IncomingMessage, reading: ArchiveReading): Promise<ArchiveEnd> {
  try {
    return await readArchive(body(response), reading)
  } catch (error) {
    throw transportError('read archive', error)
  } finally {
    // The daemon holds the container's lock until its archive is read or the connection is gone.
    response.destroy()
  }
}

/** Names of an archive are compared with the path, so it must have one spelling. */
function absolute(path: string): string {
  if (!path.startsWith('/')) throw new RangeError(`${path} is not an absolute path`)
  const normal = posix.normalize(path)
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal
}
