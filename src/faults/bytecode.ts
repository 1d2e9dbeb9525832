import { baseName, directoriesBetween, isWithin, parentOf } from '../paths.js'
import type {
  Fault,
  ModuleBytecode,
  NotApplicable,
  PlantContext,
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

type Applicable<T> = { readonly found: readonly T[] } | NotApplicable

/** Modules of the real start-up whose bytecode the interpreter looks for below the target. */
function cachedBelow(target: Target, context: PlantContext): Applicable<ModuleBytecode> {
  if (context.facts.python === undefined) return { reason: 'the image has no Python' }
  if (context.imports.kind === 'unknown') return { reason: context.imports.reason }
  const found = context.imports.bytecode.filter((module) => isWithin(module.cached, target.path))
  return found.length > 0
    ? { found }
    : { reason: `Python in this image never reads bytecode from ${target.path}` }
}

/** A module that a legacy `.pyc` in an earlier directory of the module search path would be loaded for instead. */
interface Shadow {
  readonly module: ModuleBytecode
  readonly path: string
}

function shadowsBelow(target: Target, context: PlantContext): Applicable<Shadow> {
  const python = context.facts.python
  if (python === undefined) return { reason: 'the image has no Python' }
  if (context.imports.kind === 'unknown') return { reason: context.imports.reason }
  const { bytecode } = context.imports
  const found = python.sysPath.flatMap((directory, position) => {
    if (!isWithin(directory, target.path)) return []
    const module = bytecode.find(
      (candidate) =>
        !candidate.module.includes('.') &&
        baseName(candidate.source) !== '__init__.py' &&
        python.sysPath.indexOf(parentOf(candidate.source)) > position
    )
    return module === undefined ? [] : [{ module, path: `${directory}/${module.module}.pyc` }]
  })
  return found.length > 0
    ? { found }
    : {
        reason: `no directory of Python's module search path at ${target.path} comes before the code of this image`
      }
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
  return { uid: context.facts.user.uid, gid: context.facts.user.gid, mtime: 1_700_000_000 }
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

function named(modules: readonly ModuleBytecode[]): string {
  const names = modules.map((module) => module.module)
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}

/** A fault that replaces the bytecode at the place where the interpreter looks for it. */
function cachedBytecodeFault(
  base: Omit<Fault, 'applies' | 'plant' | 'aim' | 'family' | 'expects'>,
  damage: (module: ModuleBytecode) => Buffer,
  words: string
): Fault {
  return {
    ...base,
    family: 'bytecode',
    aim: 'bytecode',
    applies(target, context) {
      const modules = cachedBelow(target, context)
      return 'reason' in modules ? modules : true
    },
    plant(target, context) {
      const modules = cachedBelow(target, context)
      if ('reason' in modules) throw new Error(`${base.id} does not apply: ${modules.reason}`)
      return {
        entries: bytecodeFiles(
          modules.found.map((module) => ({ path: module.cached, content: damage(module) })),
          target,
          context
        ),
        summary: `${words} of ${named(modules.found)} below ${target.path}`
      }
    },
    expects: () => 'recover'
  }
}

/** A fault that plants a legacy `.pyc` in a directory that Python searches before the one of the source. */
function shadowingBytecodeFault(
  base: Omit<Fault, 'applies' | 'plant' | 'aim' | 'family' | 'expects'>,
  content: (module: ModuleBytecode) => Buffer,
  words: string
): Fault {
  return {
    ...base,
    family: 'bytecode',
    aim: 'bytecode',
    applies(target, context) {
      const shadows = shadowsBelow(target, context)
      return 'reason' in shadows ? shadows : true
    },
    plant(target, context) {
      const shadows = shadowsBelow(target, context)
      if ('reason' in shadows) throw new Error(`${base.id} does not apply: ${shadows.reason}`)
      return {
        entries: bytecodeFiles(
          shadows.found.map((shadow) => ({ path: shadow.path, content: content(shadow.module) })),
          target,
          context
        ),
        summary: `${words}: ${shadows.found.map((shadow) => shadow.path).join(', ')}`
      }
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

const truncatedBytecode = cachedBytecodeFault(
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
  (module) =>
    module.timestamp.subarray(0, HEADER_BYTES + Math.floor((module.timestamp.length - HEADER_BYTES) / 2)),
  'cut bytecode'
)

const orphanBytecode = shadowingBytecodeFault(
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
  // 0x0A0D ends every real magic number; the first two bytes are a version that never was.
  (module) => Buffer.concat([Buffer.from([0xff, 0xff, 0x0d, 0x0a]), module.timestamp.subarray(4)]),
  'bytecode with a foreign magic number'
)

const staleTimestamp = cachedBytecodeFault(
  {
    id: 'stale-bytecode',
    code: 'C3',
    title: 'Old bytecode whose recorded mtime and size equal the source',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
  (module) => module.timestamp,
  'old bytecode with an equal mtime and size'
)

const staleUncheckedHash = cachedBytecodeFault(
  {
    id: 'stale-bytecode-unchecked',
    code: 'C3',
    title: 'Old bytecode that is marked as never to be checked',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
  (module) => module.uncheckedHash,
  'old bytecode with an unchecked hash'
)

const staleLegacy = shadowingBytecodeFault(
  {
    id: 'stale-bytecode-legacy',
    code: 'C3',
    title: 'Old bytecode in a directory that is searched before the source',
    default: true,
    signatures: [],
    evidence: STALE_EVIDENCE,
    remedy: STALE_REMEDY
  },
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
