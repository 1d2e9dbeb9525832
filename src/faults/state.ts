import type { Fault, Target, TreeEntry } from '../model.js'

/** Regular files that can be cut and still differ from what they were. */
function cuttable(target: Target): TreeEntry[] {
  return [...target.tree.values()].filter(
    (entry) => entry.type === 'file' && entry.size >= 2 && entry.content !== undefined
  )
}

const truncated: Fault = {
  id: 'truncated',
  code: 'F0',
  family: 'state',
  title: 'Every file that start-up left is cut in half',
  default: false,
  aim: 'path',
  applies: (target) =>
    cuttable(target).length > 0
      ? true
      : { reason: `start-up left no file at ${target.path} that could be cut` },
  plant(target) {
    const cut = cuttable(target).map(({ path, type, mode, uid, gid, mtime, size, content }) => {
      const half = (content ?? Buffer.alloc(0)).subarray(0, Math.floor(size / 2))
      return { path, type, mode, uid, gid, mtime, size: half.length, content: half }
    })
    return {
      entries: cut,
      summary: `${cut.length} ${cut.length === 1 ? 'file' : 'files'} at ${target.path} cut in half`,
      ...(target.role === 'data'
        ? { damaged: cut.map((entry) => ({ path: entry.path, surviving: entry.content })) }
        : {})
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [
    {
      pattern: String.raw`JSONDecodeError|Expecting value: line|Unexpected end of JSON|Unterminated string`,
      cause: 'A JSON file is cut short, as a crash or a full disk leaves it.',
      remedy:
        'Write to a temporary file, fsync, rename. When reading fails, move the damaged file aside; never overwrite it.'
    },
    {
      pattern: String.raw`Ran out of input|pickle data was truncated|unexpected end of (file|data)|EOFError`,
      cause: 'A cache file is cut short.',
      remedy: 'Treat an unreadable cache entry as a miss: delete it and build it again.'
    }
  ],
  evidence: ['triton-lang/triton#8923'],
  remedy:
    'Treat an unreadable cache entry as a miss. Move unreadable user data aside, or refuse to start; never overwrite it.'
}

/** Section F of the catalogue: the content of what start-up itself wrote. */
export const stateFaults: readonly Fault[] = [truncated]
