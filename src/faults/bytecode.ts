import { PLANTED_MTIME } from '../planted-mtime.js'
import { behindLink } from '../links.js'
import { baseName, directoriesBetween, isWithin, LINUX_LINK_LIMIT, parentOf } from '../paths.js'
import type {
  Fault,
  ModuleBytecode,
  NotApplicable,
  PlantContext,
  PythonFacts,
  Signature,
  Target,
  TreeEntry
} from '../model.js'

/**
 * Stale and damaged Python bytecode. When CPython loads what was measured on 3.8 to 3.13; the rules are PEP 3147 (where
 * bytecode lives), PEP 552 (its header) and importlib's SourceLoader.get_code and SourcelessFileLoader.
 */

/** Magic, flags, mtime or hash, size: 16 bytes since Python 3.7 (PEP 552). */
const HEADER_BYTES = 16

/** One that is met is enough; as many as modules are compiled. */
const MOST_PLACES = 20

/** A module of the real start-up, and a path where its interpreter would take bytecode for it. */
interface Place {
  readonly module: ModuleBytecode
  readonly path: string
}

/** Finds the places below a target, or says why there is none. */
type Locate = (
  target: Target,
  python: PythonFacts,
  bytecode: readonly ModuleBytecode[]
) => readonly Place[] | NotApplicable

/** Where the interpreter looks for the bytecode of a source (PEP 3147). */
const cached: Locate = (target, _, bytecode) => {
  const found = bytecode.filter((module) => isWithin(module.cached, target.path))
  return found.length > 0
    ? found.map((module) => ({ module, path: module.cached }))
    : { reason: `Python in this image never reads bytecode from ${target.path}` }
}

/**
 * Where a legacy `.pyc` is found before the source, in an earlier directory of the module search path. Not in place of the
 * standard library: every directory of PYTHONPATH comes before that, and no release leaves bytecode of it there.
 */
const shadowing: Locate = (target, python, bytecode) => {
  const candidates = bytecode
    .filter(
      ({ module, source }) =>
        !module.includes('.') && baseName(source) !== '__init__.py' && !isOfStandardLibrary(source, python)
    )
    .map((module) => ({ module, position: python.sysPath.indexOf(parentOf(module.source)) }))
  const found = python.sysPath.flatMap((directory, position) => {
    if (!isWithin(directory, target.path)) return []
    const module = candidates.find((candidate) => candidate.position > position)?.module
    return module === undefined ? [] : [{ module, path: `${directory}/${module.module}.pyc` }]
  })
  return found.length > 0
    ? found.slice(0, MOST_PLACES)
    : {
        reason: `no directory of Python's module search path at ${target.path} comes before the code of this image`
      }
}

function isOfStandardLibrary(source: string, python: PythonFacts): boolean {
  const isInstalled = /\/(site|dist)-packages\//.test(source)
  return !isInstalled && python.stdlib.some((directory) => isWithin(source, directory))
}

function places(
  locate: Locate,
  hasToMatch: boolean,
  target: Target,
  context: PlantContext
): readonly Place[] | NotApplicable {
  if (context.facts.python === undefined) return { reason: 'the image has no Python' }
  if (context.imports.kind === 'unknown') return { reason: context.imports.reason }
  const found = locate(target, context.facts.python, context.imports.bytecode)
  if ('reason' in found) return found
  const matched = found.flatMap(({ module, path }): Place[] => {
    const source = sourceOf(module.source, context)
    if (source === 'unknown' && hasToMatch) return []
    return [{ module: typeof source === 'string' ? module : matching(module, source), path }]
  })
  if (matched.length > 0) return matched
  return {
    reason: `start-up puts the sources of the bytecode at ${target.path} on a volume, and nobody knows the date and size that they will have there`
  }
}

/**
 * The source that a trial begins with. Start-up may have put it on the volume, each time with another date: bytecode has to match
 * the one that is restored. Python looks at the file that links lead to.
 */
function sourceOf(
  path: string,
  context: PlantContext,
  links = LINUX_LINK_LIMIT
): TreeEntry | 'as compiled' | 'unknown' {
  const volume = context.volumes.find(({ mount }) => isWithin(path, mount))
  if (volume === undefined) return 'as compiled'
  if (volume.truncated) return context.addedPaths.includes(path) ? 'unknown' : 'as compiled'
  const next = behindLink(volume.tree, volume.mount, path)
  if (next !== undefined && links > 0) return sourceOf(next, context, links - 1)
  const entry = volume.tree.get(path)
  return entry?.type === 'file' ? entry : 'unknown'
}

/** The bytecode with the date and size of a source in its header: 32 bits each, little-endian (PEP 552). */
function matching(module: ModuleBytecode, { mtime, size }: TreeEntry): ModuleBytecode {
  const timestamp = Buffer.from(module.timestamp)
  timestamp.writeUInt32LE(Math.floor(mtime) >>> 0, 8)
  timestamp.writeUInt32LE(size >>> 0, 12)
  return { ...module, timestamp }
}

/** The directories that lead to a planted file, where the control did not leave them already. */
function withDirectories(path: string, target: Target, context: PlantContext): TreeEntry[] {
  const tree = context.volumes.find((volume) => isWithin(path, volume.mount))?.tree ?? target.tree
  const top = target.volume ?? parentOf(target.path)
  return directoriesBetween(top, path)
    .filter((directory) => !tree.has(directory))
    .map((directory) => ({ ...owned(context), path: directory, type: 'directory', mode: 0o755, size: 0 }))
}

function owned(context: PlantContext): Pick<TreeEntry, 'uid' | 'gid' | 'mtime'> {
  return { uid: context.facts.user.uid, gid: context.facts.user.gid, mtime: PLANTED_MTIME }
}

function bytecodeFiles(
  files: readonly { readonly path: string; readonly content: Buffer }[],
  target: Target,
  context: PlantContext
): TreeEntry[] {
  const entries = files.flatMap(({ path, content }): TreeEntry[] => [
    ...withDirectories(path, target, context),
    { ...owned(context), path, type: 'file', mode: 0o644, size: content.length, content }
  ])
  // Two modules of one package share their directories.
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()]
}

function named(found: readonly Place[]): string {
  const paths = found.map(({ path }) => path)
  return paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`
}

/**
 * A fault that plants bytecode at the places that `locate` finds.
 * @param hasToMatch whether Python looks at the date and size of the source before it takes the bytecode
 */
function bytecodeFault(
  base: Omit<Fault, 'applies' | 'plant' | 'aim' | 'family' | 'expects'>,
  { locate, hasToMatch }: { readonly locate: Locate; readonly hasToMatch: boolean },
  content: (module: ModuleBytecode) => Buffer,
  words: string
): Fault {
  return {
    ...base,
    family: 'bytecode',
    aim: 'bytecode',
    applies(target, context) {
      const found = places(locate, hasToMatch, target, context)
      return 'reason' in found ? found : true
    },
    plant(target, context) {
      const found = places(locate, hasToMatch, target, context)
      if ('reason' in found) throw new Error(`${base.id} does not apply: ${found.reason}`)
      const files = found.map(({ module, path }) => ({ path, content: content(module) }))
      return { entries: bytecodeFiles(files, target, context), summary: `${words}: ${named(found)}` }
    },
    expects: () => 'recover'
  }
}

const BAD_MARSHAL: Signature = {
  pattern: String.raw`marshal data too short|EOF read where object expected|bad marshal data`,
  cause: 'Python loaded bytecode that is cut short; a full disk or a crash leaves it and it stays for ever.',
  remedy: 'Remove the bytecode on the volume before the interpreter starts, or keep bytecode off volumes.'
}

const STALE_REMEDY =
  'Keep bytecode off volumes (no PYTHONPYCACHEPREFIX there, no code there), or delete it before the interpreter starts. -B, PYTHONDONTWRITEBYTECODE and checked hashes do not protect.'

const STALE_EVIDENCE = ['python/cpython#75953', 'apache/airflow#72567']

const truncatedBytecode = bytecodeFault(
  {
    id: 'truncated-bytecode',
    code: 'C1',
    title: 'Bytecode with a matching header and a cut body',
    default: true,
    signatures: [
      BAD_MARSHAL,
      {
        pattern: String.raw`^Aborted!$`,
        cause: 'A command line tool (click) swallowed the EOFError of damaged bytecode.',
        remedy: BAD_MARSHAL.remedy
      }
    ],
    evidence: ['python/cpython#126606', 'run-llama/llama_index#11691'],
    remedy: 'Delete bytecode on volumes before the interpreter starts, or keep it off volumes.'
  },
  { locate: cached, hasToMatch: true },
  (module) =>
    module.timestamp.subarray(0, HEADER_BYTES + Math.floor((module.timestamp.length - HEADER_BYTES) / 2)),
  'cut bytecode'
)

const orphanBytecode = bytecodeFault(
  {
    id: 'orphan-bytecode',
    code: 'C2',
    title: 'Bytecode of another Python version without its source',
    default: true,
    signatures: [
      {
        pattern: String.raw`bad magic number in`,
        cause: 'Bytecode that another Python version wrote is found before the source.',
        remedy:
          'Purge .pyc files on volumes when the interpreter changes, or keep volumes off the module search path.'
      }
    ],
    evidence: ['python/cpython#88135', 'ynput/OpenPype#723'],
    remedy: 'Keep volumes off the module search path, or delete bytecode there when the interpreter changes.'
  },
  { locate: shadowing, hasToMatch: false },
  // 0x0A0D ends every real magic number; the first two bytes are a version that never was.
  (module) => Buffer.concat([Buffer.from([0xff, 0xff, 0x0d, 0x0a]), module.timestamp.subarray(4)]),
  'bytecode with a foreign magic number'
)

const staleTimestamp = bytecodeFault(
  {
    id: 'stale-bytecode',
    code: 'C3',
    title: 'Old bytecode whose recorded mtime and size equal the source',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
  { locate: cached, hasToMatch: true },
  (module) => module.timestamp,
  'old bytecode with an equal mtime and size'
)

const staleUncheckedHash = bytecodeFault(
  {
    id: 'stale-bytecode-unchecked',
    code: 'C3',
    title: 'Old bytecode that is marked as never to be checked',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
  { locate: cached, hasToMatch: false },
  (module) => module.uncheckedHash,
  'old bytecode with an unchecked hash'
)

const staleLegacy = bytecodeFault(
  {
    id: 'stale-bytecode-legacy',
    code: 'C3',
    title: 'Old bytecode in a directory that is searched before the source',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
  { locate: shadowing, hasToMatch: false },
  (module) => module.timestamp,
  'old bytecode in an earlier directory of the module search path'
)

/** Section C of the catalogue. */
export const bytecodeFaults: readonly Fault[] = [
  truncatedBytecode,
  staleTimestamp,
  staleUncheckedHash,
  staleLegacy,
  orphanBytecode
]
