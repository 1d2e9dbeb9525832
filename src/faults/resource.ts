import { PLANTED_MTIME } from '../planted-mtime.js'
import { parentOf } from '../paths.js'
import { parentRequired } from './shape.js'
import type { Fault, FullMount, NotApplicable, PlantContext, Signature, Target, TreeEntry } from '../model.js'

/**
 * File systems on which nothing more fits. The smallest tmpfs has one page, which the filler takes; it lies where the root of
 * every ext4 volume has a directory of root's own, so that software which looks into its cache meets nothing unheard of.
 */
const LOST_AND_FOUND = 'lost+found'
const FILLER_BYTES = 4096

const NO_SPACE: Signature = {
  pattern: String.raw`Errno 28\]|ENOSPC|[Nn]o space left|disk is full|[Dd]isk full|I/O error`,
  cause: 'Nothing more can be written at the path: the disk is full.',
  remedy:
    'A cache that cannot be written is no reason not to start: go on without it, or in a temporary directory, and log one warning.'
}
const CUT_SHORT: Signature = {
  pattern: String.raw`JSONDecodeError|Expecting value|Unexpected end of JSON|Ran out of input|EOFError|unexpected end of (file|data)|not a database|is empty`,
  cause:
    'A file that was written while the disk was full is cut short, and stays so when there is space again.',
  remedy:
    'Write to a temporary file, check every write and the close, then rename; treat an unreadable cache file as a miss.'
}
const REMEDY =
  'Go on without a cache that cannot be written; leave no half-written file under its final name.'

function mountable(target: Target): true | NotApplicable {
  if (target.entry !== undefined && target.entry.type !== 'directory') {
    return {
      reason: `${target.path} is no directory in healthy state, and a file system mounts at a directory`
    }
  }
  if (!target.used) return { reason: `start-up writes nothing at ${target.path}` }
  if (keepsContent(target) && !target.complete) {
    return { reason: `not all that is at ${target.path} can be copied to another file system` }
  }
  return parentRequired(target)
}

/** Users' data stays, and so does what only the image can bring; a cache is empty, so that start-up has to write. */
function keepsContent({ role, volume, inImage }: Target): boolean {
  return role === 'data' || (volume === undefined && inImage)
}

function fullMount(target: Target, { facts }: PlantContext, outOf: FullMount['outOf']): FullMount {
  const { uid, gid, mode } = target.entry ?? { ...facts.user, mode: 0o755 }
  return { path: target.path, outOf, uid, gid, mode }
}

/** What the healthy state has at the path and the full file system has not. */
function left(target: Target): string[] {
  if (keepsContent(target)) return []
  return [...target.tree.keys()].filter((path) => path !== target.path && parentOf(path) === target.path)
}

function filler(target: Target): TreeEntry[] {
  const common = { uid: 0, gid: 0, mtime: PLANTED_MTIME }
  const directory = `${target.path}/${LOST_AND_FOUND}`
  const content = Buffer.alloc(FILLER_BYTES)
  return [
    { ...common, path: directory, type: 'directory', mode: 0o700, size: 0 },
    { ...common, path: `${directory}/filler`, type: 'file', mode: 0o600, size: content.length, content }
  ]
}

/** Without its own content there, the container could not be told from a fresh one. */
function contentOf(target: Target): TreeEntry[] {
  return target.volume === undefined && keepsContent(target)
    ? [...target.tree.values()].filter(({ path }) => path !== target.path)
    : []
}

const COMMON = {
  family: 'resource',
  // A mount belongs to a container: only a new one can have it.
  modes: ['recreate'],
  aim: 'mount',
  applies: mountable,
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [NO_SPACE, CUT_SHORT],
  remedy: REMEDY
} as const satisfies Partial<Fault>

const diskFull: Fault = {
  ...COMMON,
  id: 'disk-full',
  code: 'I1',
  title: 'The disk is full, and later has space again',
  default: true,
  plant: (target, context) => ({
    entries: [...contentOf(target), ...filler(target)],
    remove: left(target),
    fullMount: fullMount(target, context, 'space'),
    summary: `a file system at ${target.path} without a free byte; on what it then holds, a boot with space again`
  }),
  evidence: ['numtide/nix-gl-host#2', 'sabeechen/hassio-google-drive-backup#742']
}

const inodesExhausted: Fault = {
  ...COMMON,
  id: 'inodes-exhausted',
  code: 'I2',
  title: 'No file can be made although there is space, and later it can again',
  default: false,
  plant: (target, context) => ({
    entries: contentOf(target),
    remove: left(target),
    fullMount: fullMount(target, context, 'inodes'),
    summary: `a file system at ${target.path} without a free inode; on what it then holds, a boot with inodes again`
  }),
  evidence: ['moby/moby#10613']
}

/** Section I of the catalogue: what a machine runs out of. */
export const resourceFaults: readonly Fault[] = [diskFull, inodesExhausted]
