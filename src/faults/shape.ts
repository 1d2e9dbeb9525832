import { PLANTED_MTIME } from '../planted-mtime.js'
import { filesOfAnotherType } from './file-shape.js'
import { baseName, isWithin } from '../paths.js'
import type { Fault, NotApplicable, PlantContext, Signature, Target, TreeEntry } from '../model.js'

/** A new entry at the target's path that belongs to whoever owned what the control left there, else to the app's user. */
function entryAt(target: Target, context: PlantContext, shape: Partial<TreeEntry>): TreeEntry {
  return {
    path: target.path,
    type: 'file',
    mode: 0o644,
    uid: target.entry?.uid ?? context.facts.user.uid,
    gid: target.entry?.gid ?? context.facts.user.gid,
    // An old date: state that a previous deploy left.
    mtime: PLANTED_MTIME,
    size: 0,
    ...shape
  }
}

/** A fault at a path needs a directory to be planted in. */
export function parentRequired(target: Target): true | NotApplicable {
  return target.parentExists
    ? true
    : { reason: `the directory of ${target.path} is not in the image and start-up did not make it` }
}

const NOT_A_DIRECTORY: Signature = {
  pattern: String.raw`Errno 20\]|ENOTDIR|[Nn]ot a directory`,
  cause: 'A regular file stands where start-up expects a directory.',
  remedy:
    'Before creating the directory, look at the path with lstat; when it is not a directory, unlink it (or move it aside), then mkdir.'
}
export const FILE_EXISTS: Signature = {
  pattern: String.raw`Errno 17\]|EEXIST|[Ff]ile exists`,
  cause:
    'Something that is not a directory, often a dangling link, stands where start-up creates a directory or a link.',
  remedy:
    'Since exists() is false for a dangling link, test with lstat (os.path.lexists), unlink whatever is there, then create. In shell use ln -sfn.'
}
const TOO_MANY_LINKS: Signature = {
  pattern: String.raw`Errno 40\]|ELOOP|[Tt]oo many levels of symbolic links`,
  cause: 'The path is a symbolic link that leads back to itself.',
  remedy: 'Use lstat, never stat, to decide what is at the path; unlink the link before creating anything.'
}
export const NO_SUCH_FILE: Signature = {
  pattern: String.raw`Errno 2\]|ENOENT|[Nn]o such file or directory`,
  cause: 'The path, or what its link points at, does not exist.',
  remedy: 'Create the directory at start-up (mkdir -p), and replace a link whose target is missing.'
}

export const fileForDirectory: Fault = {
  id: 'file-for-directory',
  code: 'A1',
  family: 'shape',
  title: 'A regular file where a directory belongs',
  default: true,
  aim: 'path',
  applies(target) {
    if (target.entry?.type === 'file')
      return { reason: `${target.path} is a regular file in healthy state too` }
    return parentRequired(target)
  },
  plant(target, context) {
    const content = Buffer.from('A regular file, planted where start-up expects a directory.\n')
    return {
      entries: [entryAt(target, context, { content, size: content.length })],
      summary: `a regular file (mode 0644, ${content.length} bytes) at ${target.path}`
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [NOT_A_DIRECTORY, FILE_EXISTS],
  evidence: ['jugaad-py/jugaad-data#95', 'Aider-AI/aider#3867'],
  remedy: 'Look at the path with lstat, unlink what is not a directory, then create the directory.'
}

const danglingSymlink: Fault = {
  id: 'dangling-symlink',
  code: 'A2',
  family: 'shape',
  title: 'A symbolic link to something that is not there',
  default: true,
  aim: 'path',
  applies: parentRequired,
  plant(target, context) {
    const linkTarget = '/nonexistent/network-volume'
    return {
      entries: [entryAt(target, context, { type: 'symlink', mode: 0o777, linkTarget })],
      summary: `a symbolic link ${target.path} → ${linkTarget}, which does not exist`
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [FILE_EXISTS, NO_SUCH_FILE],
  evidence: ['borgbackup/borg#2878', 'xorbitsai/inference#5097', 'python/cpython#129626'],
  remedy:
    'Use lexists() or lstat, since exists() follows the link and is false; unlink the link, then create.'
}

const symlinkLoop: Fault = {
  id: 'symlink-loop',
  code: 'A3',
  family: 'shape',
  title: 'A symbolic link to itself',
  default: true,
  aim: 'path',
  applies: parentRequired,
  plant(target, context) {
    return {
      entries: [entryAt(target, context, { type: 'symlink', mode: 0o777, linkTarget: target.path })],
      summary: `a symbolic link ${target.path} → ${target.path}`
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [TOO_MANY_LINKS, FILE_EXISTS],
  evidence: ['oznu/docker-unms#16', 'sameersbn/docker-bind#28'],
  remedy: 'Decide with lstat, since stat fails with ELOOP, and unlink the link.'
}

/** A volume that the path could be linked to, and that the app's user may write to. */
function linkableVolume(target: Target, context: PlantContext): string | NotApplicable {
  const outside = context.volumes.filter((volume) => !isWithin(target.path, volume.mount))
  if (outside.length === 0) return { reason: 'there is no volume that does not itself hold the path' }
  const linked = outside.find((volume) => target.entry?.linkTarget === volume.mount)
  const volume = linked ?? outside[0]
  if (volume === undefined) return { reason: 'there is no volume to link to' }
  const root = volume.tree.get(volume.mount)
  const { uid, gid } = context.facts.user
  const writable =
    context.facts.ignoresModeBits ||
    (root !== undefined &&
      ((root.uid === uid && (root.mode & 0o200) !== 0) ||
        (root.gid === gid && (root.mode & 0o020) !== 0) ||
        (root.mode & 0o002) !== 0))
  return writable ? volume.mount : { reason: `uid ${uid} may not write to the volume ${volume.mount}` }
}

const symlinkToVolume: Fault = {
  id: 'symlink-to-volume',
  code: 'A8',
  family: 'shape',
  title: 'A valid link to a volume, which must be left alone',
  default: false,
  aim: 'path',
  applies(target, context) {
    const volume = linkableVolume(target, context)
    return typeof volume === 'string' ? parentRequired(target) : volume
  },
  plant(target, context) {
    const linkTarget = linkableVolume(target, context)
    if (typeof linkTarget !== 'string')
      throw new Error(`symlink-to-volume does not apply: ${linkTarget.reason}`)
    return {
      entries: [entryAt(target, context, { type: 'symlink', mode: 0o777, linkTarget })],
      summary: `a symbolic link ${target.path} → ${linkTarget}, an existing volume`
    }
  },
  expects: () => 'leave-alone',
  signatures: [],
  evidence: [],
  remedy: 'A link that leads to an existing directory is how operators keep a cache on a volume: leave it.'
}

const directoryForSymlink: Fault = {
  id: 'directory-for-symlink',
  code: 'A10',
  family: 'shape',
  title: 'A directory with content where start-up makes a link',
  default: true,
  aim: 'path',
  applies(target) {
    if (target.entry?.type !== 'symlink')
      return { reason: `healthy start-up leaves no link at ${target.path}` }
    return parentRequired(target)
  },
  plant(target, context) {
    const content = Buffer.from('left by an earlier release\n')
    return {
      entries: [
        entryAt(target, context, { type: 'directory', mode: 0o755 }),
        entryAt(target, context, {
          path: `${target.path}/from-an-earlier-release`,
          content,
          size: content.length
        })
      ],
      summary: `a directory with one file at ${target.path}, as a release without the link leaves it`
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [FILE_EXISTS],
  evidence: ['gogs/gogs#4747'],
  remedy:
    'Move or remove the directory before linking, and use ln -sfn: plain ln -sf makes the link inside it.'
}

const missingDirectory: Fault = {
  id: 'missing-directory',
  code: 'A11',
  family: 'shape',
  title: 'The path is gone while the rest of the state is still there',
  default: true,
  // A path in the container's own layer is gone whenever a new container meets old volumes.
  modes: ['recreate'],
  aim: 'path',
  applies(target, context) {
    if (target.role === 'data') return { reason: 'user data that is gone cannot be brought back by start-up' }
    if (target.entry === undefined) return { reason: `healthy start-up leaves nothing at ${target.path}` }
    if (target.volume === undefined && context.volumes.length === 0) {
      return { reason: 'there is no volume whose old state could meet a new container: that is the control' }
    }
    if (target.volume === undefined && target.inImage) {
      return { reason: `a new container has ${target.path} from the image` }
    }
    return true
  },
  plant: (target) => ({
    entries: [],
    remove: [target.path],
    summary: `${target.path} missing, everything else as the last run left it`
  }),
  expects: () => 'recover',
  signatures: [NO_SUCH_FILE],
  evidence: [],
  remedy: 'Create every directory at every start (mkdir -p); that a sibling exists proves nothing.'
}

const nestedLink: Fault = {
  id: 'nested-link',
  code: 'A7',
  family: 'shape',
  title: 'A directory that holds a link to itself or to a volume',
  default: false,
  aim: 'path',
  applies(target, context) {
    if (target.entry?.type !== 'directory')
      return { reason: `healthy start-up leaves no directory at ${target.path}` }
    const { path } = nested(target, context)
    return target.tree.has(path) ? { reason: `${path} is there in healthy state too` } : true
  },
  plant(target, context) {
    const { path, linkTarget } = nested(target, context)
    return {
      entries: [entryAt(target, context, { path, type: 'symlink', mode: 0o777, linkTarget })],
      summary: `a symbolic link ${path} → ${linkTarget}, as a repeated ln -sf leaves it`
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [TOO_MANY_LINKS, FILE_EXISTS],
  evidence: ['gogs/gogs#4747'],
  remedy:
    'Link with ln -sfn, or remove what is there first; do not follow links when a directory is walked or removed.'
}

/** What `ln -sf VOLUME PATH` makes where PATH is a directory already; without a volume, what `ln -sf PATH PATH` makes. */
function nested(target: Target, context: PlantContext): { path: string; linkTarget: string } {
  const linkTarget = context.volumes.find(({ mount }) => mount !== '/')?.mount ?? target.path
  return { path: `${target.path}/${baseName(linkTarget)}`, linkTarget }
}

/** Section A of the catalogue: what kind of thing stands at the path. */
export const shapeFaults: readonly Fault[] = [
  danglingSymlink,
  fileForDirectory,
  symlinkLoop,
  symlinkToVolume,
  directoryForSymlink,
  missingDirectory,
  nestedLink,
  ...filesOfAnotherType
]
