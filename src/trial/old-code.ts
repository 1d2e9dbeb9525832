import pLimit from 'p-limit'
import { withCanary } from '../canary.js'
import { isSettings } from '../faults/shadowed-code.js'
import { grouped } from '../grouped.js'
import { codeDirectory, codeEntries, compareCode, type CodePair, type Comparison } from '../image/old-code.js'
import { behind, behindLink } from '../links.js'
import { baseName, directoriesBetween, holder, isWithin, linkedPath, LINUX_LINK_LIMIT } from '../paths.js'
import { containerBody } from './container.js'
import { verboseImports } from './reconnaissance.js'
import type { BootLimits } from './boots.js'
import type { ReadyCheck } from './probes/probe.js'
import type { ImportRecord } from '../image/verbose-imports.js'
import { readRoots, STATE_BOUNDS, type Bench, type Lab } from './lab.js'
import type { OldCode, PythonFacts, Tree, TreeEntry, VolumeState } from '../model.js'

/** Modules that are compared by one run of the interpreter. */
const PAIRS_AT_ONCE = 200
/** Sources that are read at the same time: each is a request to the engine, or a process where that is reached through one. */
const READS_AT_ONCE = 8
/** Larger sources are generated tables. */
const MOST_SOURCE_BYTES = 1_048_576
/** Of all that is compared; it lies on the engine's disk until the trial is over. */
const MOST_COMPARED_BYTES = 256 * MOST_SOURCE_BYTES

/** What is known of the Python of the image under test. */
export interface PythonStart {
  readonly facts: PythonFacts
  /** What start-up imports on clean state; undefined where not all of it is known. */
  readonly imports: readonly ImportRecord[] | undefined
}

/** An interpreter that does not answer, of which nothing is known. */
export const SILENT_PYTHON = 'silent'

/** State that another release left, and how to boot on a copy of it. */
export interface LeftState {
  readonly entries: readonly TreeEntry[]
  /** What the user of the action put there, which is nobody's old code. */
  readonly seedState: readonly TreeEntry[]
  /** What the image under test makes of its volumes, on clean state. */
  readonly cleanState: readonly VolumeState[]
  /** Printed by code that is to say that it runs. */
  readonly canary: string
  readonly checks: readonly ReadyCheck[]
  readonly limits: BootLimits
}

/** A module that start-up loaded from a file that the other release had left. */
interface LoadedCode extends Pick<CodePair, 'file' | 'ran'> {
  /** Where the file lies on a volume, which start-up may call by another name. */
  readonly at: string
  /** Whether it is bytecode that another process of the same boot may have written before: then it need not be the one that was left. */
  readonly mayBeFresh: boolean
  /** Absolute paths: of the image's own source of it, or of several that may be it. */
  readonly own: readonly string[]
}

/** The same with the image's own source. */
interface SourcedCode extends CodePair, Pick<LoadedCode, 'at' | 'mayBeFresh'> {
  /**
   * Whether the image has that source only where start-up puts it: then it may have been made there, for this boot and no other,
   * and a difference proves nothing.
   */
  readonly ownIsMade: boolean
}

/**
 * Finds code of another release that start-up runs from the volumes: boots on a copy of the state with PYTHONVERBOSE=1, and
 * compares each module that was loaded from a file left there with what the image's own interpreter makes of the image's own
 * source. A module that the image does not have, or does not load on clean state, is not its code to be stale; neither is a file
 * that start-up replaces before it loads it, nor settings, which are of who runs the image.
 *
 * @returns undefined when it could not be found out
 * @throws EngineError
 */
export async function findOldCode(
  lab: Lab,
  bench: Bench,
  python: PythonStart,
  left: LeftState
): Promise<readonly OldCode[] | undefined> {
  const known = python.imports
  if (known === undefined) return undefined
  const imports = await verboseImports(lab, bench, { ...left, noCopy: true, state: left.entries })
  if (imports === undefined || imports.records.length === 0) return undefined
  const linkAt = linksOf(lab, imports.container)
  const loaded = await loadedCode(lab, imports.records, known, left, linkAt)
  let isKnown = imports.isComplete && loaded.isWhole
  if (loaded.code.length === 0) return isKnown ? [] : undefined
  const sources = await sourcesOf(lab, bench, left, linkAt)
  const differing: SourcedCode[] = []
  let bytes = 0
  for (let at = 0; at < loaded.code.length; at += PAIRS_AT_ONCE) {
    const some = loaded.code.slice(at, at + PAIRS_AT_ONCE)
    const pairs = await withSources(some, sources)
    if (pairs.length < some.length) isKnown = false
    bytes += pairs.reduce((sum, { ran, source }) => sum + ran.length + source.length, 0)
    if (bytes > MOST_COMPARED_BYTES) {
      isKnown = false
      break
    }
    const found = await compare(lab, bench, python, pairs)
    if (!found.isWhole) isKnown = false
    differing.push(...found.differing)
  }
  const { ran, isCertain } = await thatRan(lab, bench, left, imports.container, differing, linkAt)
  const old = ran.filter(({ ownIsMade }) => !ownIsMade)
  if (old.length > 0) return old
  return isKnown && isCertain && ran.length === 0 ? [] : undefined
}

/** The modules of the image's own that a boot loaded from what the other release left, and whether that is all of them. */
async function loadedCode(
  lab: Lab,
  records: readonly ImportRecord[],
  known: readonly ImportRecord[],
  left: LeftState,
  linkAt: LinkAt
): Promise<{ readonly code: readonly LoadedCode[]; readonly isWhole: boolean }> {
  const files: Tree = new Map(left.entries.map((entry) => [entry.path, entry]))
  const seeded = contents(left.seedState)
  const knownBy = grouped(known, ({ module }) => module)
  const names = new Set(left.entries.map(({ path }) => baseName(path)))
  const written = bytecodeWrittenBefore(records)
  let isWhole = true
  const atOnce = pLimit(READS_AT_ONCE)
  const code = await Promise.all(
    records.map((record, index) =>
      atOnce(async (): Promise<LoadedCode[]> => {
        const file = record.from === 'bytecode' ? record.bytecode : record.source
        const own = ownSources(record, knownBy.get(record.module) ?? [])
        if (file === undefined || !names.has(baseName(file)) || own.length === 0) return []
        const entry = await fileAt(file, files, lab.mounts, linkAt)
        if (entry?.type !== 'file') return []
        // Bytecode of settings in the image is as stale as any.
        const source = record.source ?? file
        if (isSettings(source) && (await fileAt(source, files, lab.mounts, linkAt)) !== undefined) return []
        const { path: at, content: ran } = entry
        if (ran === undefined || ran.length > MOST_SOURCE_BYTES) {
          isWhole = false
          return []
        }
        if (seeded.get(at)?.equals(ran) === true) return []
        const mayBeFresh = record.from === 'bytecode' && (written.get(file) ?? index) < index
        return [{ file, at, mayBeFresh, ran, own }]
      })
    )
  )
  return { code: code.flat(), isWhole }
}

/** Bytecode that a process compiled from its source, and wrote or would have written, by the place of that in the log. */
function bytecodeWrittenBefore(records: readonly ImportRecord[]): ReadonlyMap<string, number> {
  const written = new Map<string, number>()
  for (const [index, { from, bytecode }] of records.entries())
    if (from === 'source' && bytecode !== undefined && !written.has(bytecode)) written.set(bytecode, index)
  return written
}

/** Tells where a link in the container's own layer leads; undefined for what is none. */
type LinkAt = (path: string) => Promise<string | undefined>

function linksOf({ engine }: Lab, container: string): LinkAt {
  const seen = new Map<string, Promise<string | undefined>>()
  return (path) => {
    const found =
      seen.get(path) ??
      engine
        .readEntry(container, path)
        .then((entry) => (entry?.type === 'symlink' ? entry.linkTarget : undefined))
    seen.set(path, found)
    return found
  }
}

/**
 * What lies on a volume at the end of all links, as package managers share files, and releases are switched: under whatever name
 * start-up calls it, the bytes are the ones that ran.
 * @param files on the volumes
 * @returns undefined where nothing is there, or it is on no volume
 * @throws EngineError
 */
async function fileAt(
  path: string,
  files: Tree,
  mounts: readonly string[],
  linkAt: LinkAt,
  links = LINUX_LINK_LIMIT
): Promise<TreeEntry | undefined> {
  const mount = holder(path, mounts)
  const next = mount === undefined ? await behindLinkInLayer(path, linkAt) : behindLink(files, mount, path)
  if (next === undefined) return mount === undefined ? undefined : files.get(path)
  return links === 0 ? undefined : await fileAt(next, files, mounts, linkAt, links - 1)
}

async function behindLinkInLayer(path: string, linkAt: LinkAt): Promise<string | undefined> {
  for (const at of [...directoriesBetween('/', path), path]) {
    const target = await linkAt(at)
    if (target !== undefined) return behind(path, at, target)
  }
  return undefined
}

/**
 * Which of the files ran as the other release had left them. Those that are still the same after the boot did; of the others it is
 * not known whether start-up replaced them before or after it loaded them, so it boots once more, where they say it.
 */
async function thatRan(
  lab: Lab,
  bench: Bench,
  left: LeftState,
  booted: string,
  differing: readonly SourcedCode[],
  linkAt: LinkAt
): Promise<{ readonly ran: readonly SourcedCode[]; readonly isCertain: boolean }> {
  if (differing.length === 0) return { ran: [], isCertain: true }
  const bounds = { ...STATE_BOUNDS, keepContent: true }
  const after = await readRoots(lab.engine, booted, lab.mounts, bounds)
  const atOnce = pLimit(READS_AT_ONCE)
  const stays = await Promise.all(
    differing.map(({ file, ran }) =>
      atOnce(async () => {
        const now = await fileAt(file, after.entries, lab.mounts, linkAt)
        return now?.content?.equals(ran) === true
      })
    )
  )
  const stayed = differing.filter((_, index) => stays[index])
  // What a process of this boot compiled and wrote is not what was left, and other processes load it then.
  const replaced = differing.filter(({ mayBeFresh }, index) => stays[index] !== true && !mayBeFresh)
  if (replaced.length === 0) return { ran: stayed, isCertain: true }

  const canaries = new Map(replaced.map(({ at }, index) => [at, `${left.canary}, file ${index};`]))
  const state = left.entries.map((entry) => {
    const canary = canaries.get(entry.path)
    if (canary === undefined || entry.content === undefined) return entry
    const content = withCanary(entry.content, canary)
    return { ...entry, content, size: content.length }
  })
  const again = replaced.every(({ file }) => file.endsWith('.py'))
    ? await verboseImports(lab, bench, { ...left, noCopy: true, state })
    : undefined
  if (again === undefined) return { ran: stayed, isCertain: false }
  const spoke = replaced.filter(({ at }) => again.log.includes(canaries.get(at) ?? ''))
  return { ran: [...stayed, ...spoke], isCertain: again.isComplete }
}

/**
 * The sources that start-up may load a module from on clean state: several, where processes each have a module of that name and
 * nothing tells which it is.
 * @param known of that name
 */
function ownSources({ source }: ImportRecord, known: readonly ImportRecord[]): readonly string[] {
  const sources = known.flatMap((record) => record.source ?? [])
  return source !== undefined && sources.includes(source) ? [source] : [...new Set(sources)]
}

async function compare(
  lab: Lab,
  bench: Bench,
  { facts }: PythonStart,
  pairs: readonly SourcedCode[]
): Promise<Comparison<SourcedCode>> {
  if (pairs.length === 0) return { differing: [], isWhole: true }
  const code = bench.volume(codeDirectory, { noCopy: true })
  const carrier = await bench.container([code], { carrier: true })
  await lab.engine.write(carrier.id, codeEntries(pairs))
  const body = containerBody(lab.template, { labels: lab.labels, volumes: [code], ports: [] })
  return await compareCode(lab.engine, body, facts, pairs, lab.labels)
}

/** Looks a source up that start-up loads on clean state. */
type Sources = (path: string) => Promise<Pick<SourcedCode, 'source' | 'ownIsMade'> | undefined>

/**
 * The image's own sources, from a container that has none of the run's volumes, and never starts; those that it does not have, from
 * what start-up puts on clean volumes.
 */
async function sourcesOf(
  lab: Lab,
  bench: Bench,
  { cleanState, seedState }: LeftState,
  linkAt: LinkAt
): Promise<Sources> {
  const pristine = await bench.container([], { carrier: true })
  const clean: Tree = new Map(cleanState.flatMap(({ tree }) => [...tree]))
  const seeded = contents(seedState)
  return async (path) => {
    // Over a file of the image lies what the user puts there.
    const ofImage = seeded.get(path) ?? (await readSource(lab, pristine.id, path, LINUX_LINK_LIMIT))
    const source = ofImage ?? (await fileAt(path, clean, lab.mounts, linkAt))?.content
    return source === undefined ? undefined : { source, ownIsMade: ofImage === undefined }
  }
}

/** @returns without those of which there is no source, or that may be one of several */
async function withSources(loaded: readonly LoadedCode[], sources: Sources): Promise<SourcedCode[]> {
  const atOnce = pLimit(READS_AT_ONCE)
  const pairs = await Promise.all(
    loaded.map(({ own: [own, ...others], ...code }) =>
      atOnce(async (): Promise<SourcedCode[]> => {
        if (own === undefined || others.length > 0) return []
        const found = await sources(own)
        return found === undefined ? [] : [{ ...code, own, ...found }]
      })
    )
  )
  return pairs.flat()
}

/** What is in files, by their paths. */
function contents(entries: readonly TreeEntry[]): ReadonlyMap<string, Buffer | undefined> {
  return new Map(entries.map(({ path, content }) => [path, content]))
}

/** Debian's `sitecustomize.py`, which every start-up imports, is a link. */
async function readSource(
  lab: Lab,
  container: string,
  path: string,
  links: number
): Promise<Buffer | undefined> {
  const bounds = { entries: 1, bytes: MOST_SOURCE_BYTES, keepContent: true }
  const entry = (await lab.engine.read(container, path, bounds))?.entries.get(path)
  if (entry?.linkTarget === undefined || links === 0) return entry?.content
  return await readSource(lab, container, linkedPath(path, entry.linkTarget), links - 1)
}

/**
 * Whether start-up may run code from the volumes: something that Python could load lies there, or start-up looks there on clean
 * state. Neither alone tells: a directory of plugins may be empty then, and of a large volume not all is read. Where it is not
 * known what start-up imports, it may.
 */
export function mayLoadFromVolumes(
  { imports }: PythonStart,
  mounts: readonly string[],
  left: ReadonlyMap<string, TreeEntry>
): boolean {
  if (imports === undefined || hasPythonCode(left)) return true
  const places = imports.flatMap(({ source, bytecode, bytecodeDirectory }) => [
    source,
    bytecode,
    bytecodeDirectory
  ])
  return places.some((place) => place !== undefined && mounts.some((mount) => isWithin(place, mount)))
}

/** Whether anything lies there that Python could load. */
export function hasPythonCode(entries: ReadonlyMap<string, TreeEntry>): boolean {
  return [...entries.keys()].some((path) => /\.pyc?$/.test(path))
}
