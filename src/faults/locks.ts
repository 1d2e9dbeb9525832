import { PLANTED_MTIME } from '../planted-mtime.js'
import { modeBitsBind } from './access.js'
import { filesObstacle, notFound } from './files.js'
import { baseName, directoriesBetween, isWithin, parentOf } from '../paths.js'
import type { Fault, NotApplicable, PlantContext, Signature, Target, TreeEntry } from '../model.js'

/**
 * Left-over locks and pid files. Where one can be left is where a healthy run had one, or where the files of its software
 * are. A lock says nothing of the state of the data, so start-up must get past it, unless it protects a database.
 */
interface LockForm extends Pick<
  Fault,
  'id' | 'code' | 'family' | 'packs' | 'title' | 'signatures' | 'evidence' | 'remedy'
> {
  readonly looksFor: string
  /** Recognises a lock of the running container. */
  readonly isOne: (lock: TreeEntry) => boolean
  /** Where the lock of software would be whose files are there. */
  readonly besideFiles?: (target: Target) => readonly string[]
  /** What the holder wrote into it, or a link. */
  readonly shape: Partial<TreeEntry>
  /** A lock that names another host can be met on a volume only, which that host had before. */
  readonly ofOtherHost?: true
  readonly expects?: Fault['expects']
  readonly obstacle?: (context: PlantContext) => NotApplicable | undefined
}

function lockFault(form: LockForm): Fault {
  const { isOne, besideFiles, shape, ofOtherHost, expects, obstacle, ...rest } = form
  const places = (target: Target, { locks }: PlantContext): string[] => {
    // A lock of the running container belongs to the innermost target around it, as everything in a tree does.
    const held = [...locks.values()].filter(
      ({ path }) => path === target.path || target.tree.has(parentOf(path))
    )
    const seen = [...held, ...target.tree.values()]
      .filter((entry) => entry.type === 'file' || entry.type === 'symlink')
      .filter((entry) => isWithin(entry.path, target.path) && isOne(entry))
      .map(({ path }) => path)
    return [...new Set([...seen, ...(besideFiles?.(target) ?? [])])].sort()
  }
  return {
    ...rest,
    default: false,
    aim: 'lock',
    modes: ofOtherHost ? ['recreate'] : ['recreate', 'restart'],
    applies(target, context) {
      const problem = filesObstacle(target, form.looksFor) ?? obstacle?.(context)
      if (problem !== undefined && target.path !== 'container') return problem
      if (places(target, context).length === 0) return problem ?? notFound(target, form.looksFor)
      if (ofOtherHost && target.volume === undefined) {
        return { reason: `a lock of another host can be on a volume only, and ${target.path} is on none` }
      }
      return true
    },
    plant(target, context) {
      const found = places(target, context)
      const entries = found.flatMap((path) => lockAt(path, shape, target, context))
      return {
        // Two locks may share the directories that lead to them.
        entries: [...new Map(entries.map((entry) => [entry.path, entry])).values()],
        summary: `left over from a process that is gone: ${found.join(', ')}${saying(shape)}`
      }
    },
    expects: expects ?? (() => 'recover')
  }
}

function saying({ content, linkTarget }: Partial<TreeEntry>): string {
  if (linkTarget !== undefined) return ` → ${linkTarget}`
  const words = content?.toString('utf8').trim().split('\n').join(', ') ?? ''
  return words === '' ? '' : ` (“${words}”)`
}

/** A lock and the directories that lead to it, owned like the lock of the healthy run, else like the directory it is in. */
function lockAt(path: string, shape: Partial<TreeEntry>, target: Target, context: PlantContext): TreeEntry[] {
  const { user } = context.facts
  const like = context.locks.get(path) ?? target.tree.get(parentOf(path)) ?? target.entry
  const owner = { uid: like?.uid ?? user.uid, gid: like?.gid ?? user.gid, mtime: PLANTED_MTIME }
  const directories = directoriesBetween(target.path, path).filter((directory) => !target.tree.has(directory))
  return [
    ...directories.map((directory): TreeEntry => ({
      ...owner,
      path: directory,
      type: 'directory',
      mode: 0o755,
      size: 0
    })),
    {
      ...owner,
      path,
      type: 'file',
      mode: context.locks.get(path)?.type === 'file' ? (context.locks.get(path)?.mode ?? 0o644) : 0o644,
      size: shape.content?.length ?? 0,
      ...shape
    }
  ]
}

/** A file with this text. */
function text(words: string): Partial<TreeEntry> {
  return { type: 'file', content: Buffer.from(words), size: Buffer.byteLength(words) }
}

/** Directories of the target that hold entries of these names. */
function directoriesWith(target: Target, ...names: readonly string[]): string[] {
  const [first, ...others] = names
  return [...target.tree.keys()]
    .filter((path) => baseName(path) === first)
    .map(parentOf)
    .filter((directory) => others.every((name) => target.tree.has(`${directory}/${name}`)))
    .filter((directory) => isWithin(directory, target.path))
}

const DIES_WITH_HOLDER =
  'Use locks that die with their holder (flock), or delete the file at start-up: in a new container nobody can hold it.'

/** Pid 1 is always alive in a container, and was the pid of the server in the last one. */
const puma = lockFault({
  id: 'server-pid',
  code: 'H1',
  family: 'lock',
  packs: ['ruby'],
  title: 'The pid file of a Rails server that is gone, with the pid 1',
  looksFor: 'a pid file of a Rails server (pids/server.pid, puma.pid) or its directory (tmp/pids)',
  isOne: ({ path }) => /\/pids\/server\.pid$|\/puma\.pid$/.test(path),
  besideFiles: (target) =>
    [...target.tree.values()]
      .filter(({ path, type }) => type === 'directory' && path.endsWith('/tmp/pids'))
      .map(({ path }) => `${path}/server.pid`),
  shape: text('1'),
  signatures: [
    {
      pattern: 'A server is already running',
      cause: 'The pid file of the last server is still there, and some process has its pid.',
      remedy:
        'Delete tmp/pids/server.pid before the server starts (rm -f), or keep it off the disk (--pid /dev/null).'
    }
  ],
  evidence: ['zammad/zammad#1934', 'samvera/hyku#1261'],
  remedy: 'Delete tmp/pids/server.pid before the server starts, or run it without a pid file.'
})

const POSTGRES_LOOKS_FOR = 'a data directory of PostgreSQL (PG_VERSION beside global/)'
const POSTGRES: readonly Signature[] = [
  {
    pattern: String.raw`lock file "postmaster\.pid" (already exists|is empty)|Is another postmaster`,
    cause: 'The lock file of a PostgreSQL server that is gone is still in the data directory.',
    remedy:
      'Make sure that no other server can have the volume (one replica, flock on the directory), then delete postmaster.pid; a blind rm destroys data when another one runs.'
  }
]
const POSTGRES_REMEDY =
  'Have one holder of the volume at a time, by flock or by the orchestrator; only then may an entrypoint delete postmaster.pid.'
const postmaster = {
  code: 'H2',
  family: 'lock',
  packs: ['database'],
  looksFor: POSTGRES_LOOKS_FOR,
  isOne: ({ path }: TreeEntry) => path.endsWith('/postmaster.pid'),
  besideFiles: (target: Target) =>
    directoriesWith(target, 'PG_VERSION', 'global').map((directory) => `${directory}/postmaster.pid`),
  signatures: POSTGRES,
  evidence: ['kartoza/docker-postgis#331', 'patroni/patroni#681'],
  remedy: POSTGRES_REMEDY
} as const

const postgresPid = lockFault({
  ...postmaster,
  id: 'postgres-pid',
  title: 'The lock file of a PostgreSQL server that is gone, with the pid 1',
  shape: text('1\n/var/lib/postgresql/data\n1700000000\n5432\n')
})

/** PostgreSQL itself refuses this one, which is right where it protects data. */
const postgresPidEmpty = lockFault({
  ...postmaster,
  id: 'postgres-pid-empty',
  title: 'An empty lock file in a data directory of PostgreSQL',
  shape: text(''),
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse')
})

const chromium = lockFault({
  id: 'chromium-singleton-lock',
  code: 'H3',
  family: 'lock',
  packs: ['browser'],
  title: 'The lock of a Chromium on another host',
  looksFor: 'a profile of Chromium (Local State beside Default/) or its SingletonLock',
  isOne: ({ path }) => path.endsWith('/SingletonLock'),
  besideFiles: (target) =>
    directoriesWith(target, 'Local State', 'Default').map((directory) => `${directory}/SingletonLock`),
  shape: { type: 'symlink', mode: 0o777, linkTarget: 'oldhost-32' },
  ofOtherHost: true,
  signatures: [
    {
      pattern: 'profile appears to be in use|SingletonLock|ProcessSingleton',
      cause: 'The profile on the volume is locked by the host name of an earlier container.',
      remedy:
        'Delete SingletonLock, SingletonSocket and SingletonCookie before Chromium starts, or fix the host name.'
    }
  ],
  evidence: ['openclaw/openclaw#22997'],
  remedy:
    'Delete the Singleton* links before Chromium starts; a profile on a volume has one container at a time.'
})

const xvfb = lockFault({
  id: 'xvfb-lock',
  code: 'H4',
  family: 'lock',
  packs: ['browser'],
  title: 'The lock of an X server that is gone, with the pid 1',
  looksFor: 'the lock of an X server (.X*-lock)',
  isOne: ({ path }) => /\/\.X\d+-lock$/.test(path),
  shape: { ...text('         1\n'), mode: 0o444 },
  signatures: [
    {
      pattern: 'Server is already active for display',
      cause: 'The lock of the last X server is still there, and some process has its pid.',
      remedy:
        'Delete /tmp/.X*-lock and /tmp/.X11-unix/X* before Xvfb starts, or let it choose a display (-displayfd).'
    }
  ],
  evidence: ['hamr0/beeperbox#12', 'mozilla-ai/clawbolt#1499', 'Suwayomi/Suwayomi-Server-docker#139'],
  remedy: 'Delete the lock before Xvfb starts, or let it choose a free display with -displayfd.'
})

const celeryBeat = lockFault({
  id: 'celery-beat-pid',
  code: 'H5',
  family: 'lock',
  packs: ['celery'],
  title: 'The pid file of a celery that is gone, with the pid 1',
  looksFor: 'a pid file of celery (celery*.pid) or its schedule (celerybeat-schedule)',
  isOne: ({ path }) => /\/celery[^/]*\.pid$/.test(path),
  besideFiles: (target) =>
    directoriesWith(target, 'celerybeat-schedule').map((directory) => `${directory}/celerybeat.pid`),
  shape: text('1\n'),
  signatures: [
    {
      pattern: String.raw`Pidfile .*already exists|Seems we're already running`,
      cause: 'The pid file of the last celery is still there, and some process has its pid.',
      remedy: 'Run it without a pid file (--pidfile=), since the container is the process.'
    }
  ],
  evidence: ['bytedeck/bytedeck#516'],
  remedy: 'Start celery with an empty --pidfile=, or delete the file first.'
})

const GIT: readonly Signature[] = [
  {
    pattern: String.raw`Unable to create '.*\.lock': File exists|Another git process seems to be running`,
    cause: 'A git command was killed and left its lock in the repository.',
    remedy:
      'Delete .git/*.lock before the first git command; a container is the only one that uses its clone.'
  }
]
const gitLock = {
  code: 'H6',
  family: 'lock',
  packs: ['git'],
  isOne: () => false,
  shape: text(''),
  signatures: GIT,
  evidence: ['appsmithorg/appsmith#32858'],
  remedy: 'Delete stale *.lock files of the clone at start-up, or clone anew where git fails.'
} as const

const gitIndexLock = lockFault({
  ...gitLock,
  id: 'git-index-lock',
  title: 'The lock of a git command that was killed',
  looksFor: 'a git repository (HEAD, objects/ and refs/)',
  besideFiles: (target) =>
    directoriesWith(target, 'HEAD', 'objects', 'refs').map((directory) => `${directory}/index.lock`)
})

const gitShallowLock = lockFault({
  ...gitLock,
  id: 'git-shallow-lock',
  title: 'The lock of a git fetch that was killed in a shallow clone',
  looksFor: 'a shallow git repository (shallow, HEAD and objects/)',
  besideFiles: (target) =>
    directoriesWith(target, 'shallow', 'HEAD', 'objects').map((directory) => `${directory}/shallow.lock`)
})

const nodeLock = lockFault({
  id: 'node-lock-of-root',
  code: 'G6',
  family: 'lock',
  packs: ['database'],
  title: 'The lock of a search node belongs to root',
  looksFor: 'the lock of an Elasticsearch or OpenSearch node (node.lock)',
  isOne: ({ path }) => path.endsWith('/node.lock'),
  shape: { ...text(''), uid: 0, gid: 0, mode: 0o644 },
  obstacle: ({ facts }) => {
    const bound = modeBitsBind(facts)
    return bound === true ? undefined : bound
  },
  expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse'),
  signatures: [
    {
      pattern: 'failed to obtain node locks|AccessDeniedException',
      cause: 'The node was once started as root, and its lock cannot be written any more.',
      remedy:
        'Give the data directory to the user of the node (chown, fsGroup), and never start the node as root.'
    }
  ],
  evidence: ['pires/kubernetes-elasticsearch-cluster#205'],
  remedy: 'Check at start-up that the data directory can be written, and say which file cannot.'
})

const HF_BLOB = /^(.*)\/((?:models|datasets|spaces)--[^/]+)\/blobs\/([^/]+)$/
/** A lock file that holds nothing, or a pid and a host as SoftFileLock of filelock writes them. */
const isSoftLock = ({ path, size, content }: TreeEntry): boolean =>
  path.endsWith('.lock') &&
  !path.includes('/.git/') &&
  (size === 0 || (content !== undefined && /^\d+\n[^\n]*\n?$/.test(content.toString('latin1', 0, 300))))

const staleLock = lockFault({
  id: 'lock-of-other-host',
  code: 'D3',
  family: 'lock',
  packs: ['huggingface', 'python-data'],
  title: 'Lock files of a process on another host',
  looksFor:
    'lock files (*.lock, empty or with a pid and a host) or downloads of Hugging Face (models--*/blobs/*)',
  isOne: isSoftLock,
  besideFiles: (target) =>
    [...target.tree.values()].flatMap(({ path, type }) => {
      const [, root, repository, blob] = HF_BLOB.exec(path) ?? []
      if (type !== 'file' || root === undefined || !isWithin(root, target.path)) return []
      return [`${root}/.locks/${repository ?? ''}/${blob ?? ''}.lock`]
    }),
  shape: text('1\noldhost\n'),
  ofOtherHost: true,
  signatures: [
    {
      pattern: String.raw`Still waiting to acquire lock on|Timeout.*lock|could not be acquired`,
      cause: 'A lock on the volume names a process of a container that is gone.',
      remedy:
        'Use locks that die with their holder (flock); where the file system has none, break a lock of another host at start-up.'
    }
  ],
  evidence: ['huggingface/huggingface_hub#2399'],
  remedy: DIES_WITH_HOLDER
})

/** Section H of the catalogue, and the locks of the sections D and G. */
export const lockFaults: readonly Fault[] = [
  puma,
  postgresPid,
  postgresPidEmpty,
  chromium,
  xvfb,
  celeryBeat,
  gitIndexLock,
  gitShallowLock,
  nodeLock,
  staleLock
]
