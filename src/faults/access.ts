import { PLANTED_MTIME } from '../planted-mtime.js'
import { filesObstacle } from './files.js'
import { parentRequired } from './shape.js'
import type { Fault, ImageFacts, NotApplicable, Signature, TreeEntry } from '../model.js'

/** Nobody's uid in common base images. */
const FOREIGN_ID = 4242

/** A uid and gid that is not the app's. */
export function foreignId({ user }: Pick<ImageFacts, 'user'>): number {
  return user.uid === FOREIGN_ID ? FOREIGN_ID + 1 : FOREIGN_ID
}

/** Whether mode bits bind the app's user at all. */
export function modeBitsBind({ ignoresModeBits }: Pick<ImageFacts, 'ignoresModeBits'>): true | NotApplicable {
  return ignoresModeBits
    ? { reason: 'mode bits do not bind a root process (uid 0 with CAP_DAC_OVERRIDE)' }
    : true
}

export const PERMISSION_DENIED: Signature = {
  pattern: String.raw`Errno 13\]|EACCES|[Pp]ermission denied|os error 13|no locator available for file`,
  cause:
    'The path belongs to another user, as a volume does that an earlier release or another image wrote as root.',
  remedy:
    'Probe by writing at start-up; when it fails, go on with a private temporary directory and log one warning. Do not chown a whole tree.'
}

const foreignOwner: Fault = {
  id: 'foreign-owner',
  code: 'B1',
  family: 'access',
  title: 'The path belongs to another user',
  default: true,
  aim: 'path',
  applies(target, context) {
    const bound = modeBitsBind(context.facts)
    if (bound !== true) return bound
    if (target.entry?.type === 'symlink') {
      return { reason: `${target.path} is a link, whose owner nobody asks for; declare what it points at` }
    }
    return parentRequired(target)
  },
  plant(target, context) {
    const id = foreignId(context.facts)
    const isFile = target.entry?.type === 'file'
    const mode = isFile ? 0o600 : 0o700
    const content = target.entry?.content
    return {
      entries: [
        {
          path: target.path,
          type: isFile ? 'file' : 'directory',
          mode,
          uid: id,
          gid: id,
          mtime: target.entry?.mtime ?? PLANTED_MTIME,
          size: content?.length ?? 0,
          ...(content === undefined ? {} : { content })
        }
      ],
      summary: `${target.path} owned by uid ${id}, mode 0${mode.toString(8)}`,
      ...(isFile && content !== undefined ? { damaged: [{ path: target.path, surviving: content }] } : {})
    }
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [PERMISSION_DENIED],
  evidence: [
    'bmaltais/kohya_ss#1143',
    'zylon-ai/private-gpt#1876',
    'danny-avila/LibreChat#2150',
    'LMCache/LMCache#4597'
  ],
  remedy: 'Probe by writing, and where that fails go on with a temporary directory of your own.'
}

const readOnly: Fault = {
  id: 'read-only',
  code: 'B3',
  family: 'access',
  title: 'The path is mounted read-only',
  default: true,
  // A mount belongs to a container: only a new one can have it.
  modes: ['recreate'],
  aim: 'mount',
  applies(target) {
    if (target.entry?.type === 'file')
      return { reason: `${target.path} is a regular file; a volume mounts at a directory` }
    // Without its content the boot would fail for what is missing, not for what cannot be written.
    if (!target.complete)
      return { reason: `not all that is at ${target.path} can be copied to a read-only volume` }
    return true
  },
  plant: (target) => ({
    entries: [],
    readOnlyMount: target.path,
    summary: `a read-only mount at ${target.path}`
  }),
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [
    {
      pattern: String.raw`Errno 30\]|EROFS|[Rr]ead-only file system`,
      cause: 'The path cannot be written: it is mounted read-only.',
      remedy: 'Probe by writing at start-up; when it fails, use a temporary directory and log one warning.'
    },
    {
      pattern: String.raw`Errno 16\]|EBUSY|[Dd]evice or resource busy`,
      cause: 'Start-up tried to replace a path that is a mount point.',
      remedy: 'A mount point cannot be unlinked: when replacing fails, use the path as it is or fall back.'
    }
  ],
  evidence: ['n8n-io/n8n#8367', 'langgenius/dify-sandbox#117'],
  remedy: 'Probe by writing, and where that fails go on with a temporary directory.'
}

const homeless: Fault = {
  id: 'homeless',
  code: 'B2',
  family: 'access',
  title: 'The container runs as a user without a home',
  default: true,
  modes: ['recreate'],
  aim: 'user',
  applies(_, { facts, rehearsed }) {
    if (facts.user.uid === 0) {
      return {
        reason:
          'the image runs as root, and nobody assigns it another user; to test it as one, put --user into options'
      }
    }
    return rehearsed.stranger
  },
  plant: (_, { facts }) => ({
    entries: [],
    runAs: { uid: facts.strangerUid },
    summary: `uid ${facts.strangerUid}, which the image does not know, with group 0, on volumes of its own and without a home`
  }),
  expects: () => 'recover',
  signatures: [
    {
      pattern: String.raw`[Cc]ould not determine home directory|[Pp]ermission denied: '?/\.|mkdir '?/\.|EACCES.* '/\.|no such user|uid not found|getpwuid`,
      cause: 'The user is in no /etc/passwd, so that its home is / and cannot be written.',
      remedy:
        'Give caches a place that does not hang on HOME, e.g. ENV HOME=/tmp or XDG_CACHE_HOME=/tmp/cache.'
    },
    {
      pattern: String.raw`Errno 13\]|EACCES|[Pp]ermission denied|os error 13`,
      cause: 'A place that belongs to the home of the image’s own user cannot be written by another one.',
      remedy:
        'Probe by writing, and where that fails go on with a temporary directory; or make the place writable for group 0.'
    }
  ],
  evidence: ['DiamondLightSource/blueapi#867'],
  remedy:
    'Set HOME (or XDG_CACHE_HOME) to a directory that any user may write, and warn once where it cannot be.'
}

/** Below the bound of what is read back of a volume, so that users' files beside them are still watched. */
const MANY = 40_000
const STATE_LIMIT = 50_000
const PER_DIRECTORY = 500

const slowChown: Fault = {
  id: 'slow-chown',
  code: 'B4',
  family: 'access',
  title: 'Tens of thousands of small files of another user',
  default: false,
  aim: 'files',
  looksFor: 'a directory that root may give to the app’s user',
  applies(target, context) {
    const obstacle = filesObstacle(target, 'many files')
    if (obstacle !== undefined) return obstacle
    if (!context.facts.ignoresModeBits)
      return { reason: 'a process that is not root cannot give files to anybody, however long it takes' }
    if (target.entry?.type !== 'directory')
      return { reason: `healthy start-up leaves no directory at ${target.path}` }
    const left = STATE_LIMIT - MANY
    return target.tree.size > left
      ? { reason: `more than ${left} entries are at ${target.path} already` }
      : true
  },
  plant(target) {
    const top = `${target.path}/from-another-user`
    const owner = { uid: FOREIGN_ID, gid: FOREIGN_ID, mtime: PLANTED_MTIME, size: 0 }
    const directory = (path: string): TreeEntry => ({ ...owner, path, type: 'directory', mode: 0o755 })
    const entries = [directory(top)]
    for (let at = 0; at < MANY; at++) {
      const parent = `${top}/${Math.floor(at / PER_DIRECTORY)}`
      if (at % PER_DIRECTORY === 0) entries.push(directory(parent))
      entries.push({ ...owner, path: `${parent}/${at}`, type: 'file', mode: 0o644 })
    }
    return { entries, summary: `${MANY} empty files of uid ${FOREIGN_ID} at ${top}` }
  },
  expects: () => 'recover',
  signatures: [],
  evidence: ['FreshRSS/FreshRSS#7764', 'crazy-max/docker-rrdcached#2'],
  remedy:
    'Change the owner of the top directory only, and only where it is wrong; never of a whole tree at every start. Set startup-timeout to what a redeploy may take.'
}

/** Section B of the catalogue: who may do what at the path. */
export const accessFaults: readonly Fault[] = [foreignOwner, readOnly, homeless, slowChown]
