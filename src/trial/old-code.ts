import pLimit from 'p-limit'
import { withCanary } from '../canary.js'
import { codeDirectory, codeEntries, compareCode, type CodePair } from '../image/old-code.js'
import { isWithin, linkedPath, LINUX_LINK_LIMIT } from '../paths.js'
import { containerBody } from './container.js'
import { verboseImports } from './reconnaissance.js'
import type { BootLimits } from './boots.js'
import type { ReadyCheck } from './probes/probe.js'
import type { ImportRecord } from '../image/verbose-imports.js'
import { readRoots, STATE_BOUNDS, type Bench, type Lab } from './lab.js'
import type { OldCode, PythonFacts, TreeEntry, VolumeState } from '../model.js'

/** Modules that are compared by one run of the interpreter. */
const PAIRS_AT_ONCE = 200
/** Sources that are read at the same time: each is a request to the engine, or a process where that is reached through one. */
const READS_AT_ONCE = 8
/** Larger sources are generated tables. */
const MOST_SOURCE_BYTES = 1_048_576

/** What is known of the Python of the image under test. */
export interface PythonStart {
  readonly facts: PythonFacts
  /** What start-up imports on clean state; undefined where not all of it is known. */
  readonly imports: readonly ImportRecord[] | undefined
}

/** State that another release left, and how to boot on a copy of it. */
export interface LeftState {
  readonly entries: readonly TreeEntry[]
  /** What the image under test makes of its volumes, on clean state. */
  readonly cleanState: readonly VolumeState[]
  /** Printed by code that is to say that it runs. */
  readonly canary: string
  readonly checks: readonly ReadyCheck[]
  readonly limits: BootLimits
}

/** A module that start-up loaded from a file that the other release had left, and the image's own source of it. */
interface LoadedCode extends CodePair {
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
 * that start-up replaces before it loads it.
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
  const files = new Map(left.entries.map((entry) => [entry.path, entry]))
  const loaded = imports.records.flatMap((record) => {
    const file = record.from === 'bytecode' ? record.bytecode : record.source
    const ran = file === undefined ? undefined : files.get(file)?.content
    const own = ownSources(record, known)
    return file === undefined || ran === undefined || own.length === 0 ? [] : [{ file, ran, own }]
  })
  const pairs = await withSources(lab, bench, loaded, left.cleanState)
  let isKnown = imports.isComplete && pairs.length === loaded.length
  const differing: LoadedCode[] = []
  for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
    const found = await compare(lab, bench, python, pairs.slice(at, at + PAIRS_AT_ONCE))
    if (found === undefined) isKnown = false
    else differing.push(...found)
  }
  const { ran, isCertain } = await thatRan(lab, bench, left, imports.container, differing)
  const old = ran.filter(({ ownIsMade }) => !ownIsMade)
  if (old.length > 0) return old
  return isKnown && isCertain && ran.length === 0 ? [] : undefined
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
  differing: readonly LoadedCode[]
): Promise<{ readonly ran: readonly LoadedCode[]; readonly isCertain: boolean }> {
  if (differing.length === 0) return { ran: [], isCertain: true }
  const bounds = { ...STATE_BOUNDS, keepContent: true }
  const after = await readRoots(lab.engine, booted, lab.mounts, bounds)
  const stayed = differing.filter(({ file, ran }) => after.entries.get(file)?.content?.equals(ran) === true)
  const replaced = differing.filter((pair) => !stayed.includes(pair))
  if (replaced.length === 0) return { ran: stayed, isCertain: true }

  const canaries = new Map(replaced.map(({ file }, index) => [file, `${left.canary}, file ${index};`]))
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
  const spoke = replaced.filter(({ file }) => again.log.includes(canaries.get(file) ?? ''))
  return { ran: [...stayed, ...spoke], isCertain: again.isComplete }
}

/**
 * The sources that start-up may load a module from on clean state: several, where processes each have a module of that name and
 * nothing tells which it is.
 */
function ownSources({ module, source }: ImportRecord, known: readonly ImportRecord[]): readonly string[] {
  const sources = known.flatMap((record) => (record.module === module ? (record.source ?? []) : []))
  return source !== undefined && sources.includes(source) ? [source] : [...new Set(sources)]
}

async function compare(
  lab: Lab,
  bench: Bench,
  { facts }: PythonStart,
  pairs: readonly LoadedCode[]
): Promise<readonly LoadedCode[] | undefined> {
  const code = bench.volume(codeDirectory, { noCopy: true })
  const carrier = await bench.container([code], { carrier: true })
  await lab.engine.write(carrier.id, codeEntries(pairs))
  const body = containerBody(lab.template, { labels: lab.labels, volumes: [code], ports: [] })
  return await compareCode(lab.engine, body, facts, pairs, lab.labels)
}

/**
 * Reads the image's own sources from a container that has none of the run's volumes, and never starts; those that it does not have,
 * from what start-up puts on clean volumes.
 * @returns without those of which there is none, or that may be one of several
 */
async function withSources(
  lab: Lab,
  bench: Bench,
  loaded: readonly (Pick<CodePair, 'file' | 'ran'> & { readonly own: readonly string[] })[],
  cleanState: readonly VolumeState[]
): Promise<LoadedCode[]> {
  if (loaded.length === 0) return []
  const pristine = await bench.container([], { carrier: true })
  const atOnce = pLimit(READS_AT_ONCE)
  const pairs = await Promise.all(
    loaded.map(({ file, ran, own: [own, ...others] }) =>
      atOnce(async (): Promise<LoadedCode[]> => {
        if (own === undefined || others.length > 0) return []
        const ofImage = await readSource(lab, pristine.id, own, LINUX_LINK_LIMIT)
        const source = ofImage ?? cleanState.find(({ tree }) => tree.has(own))?.tree.get(own)?.content
        return source === undefined ? [] : [{ file, ran, own, source, ownIsMade: ofImage === undefined }]
      })
    )
  )
  return pairs.flat()
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
  if (imports === undefined || [...left.keys()].some((path) => /\.pyc?$/.test(path))) return true
  const places = imports.flatMap(({ source, bytecode, bytecodeDirectory }) => [
    source,
    bytecode,
    bytecodeDirectory
  ])
  return places.some((place) => place !== undefined && mounts.some((mount) => isWithin(place, mount)))
}
