import { posix } from 'node:path'
import { codeDirectory, codeEntries, compareCode, type CodePair } from '../image/old-code.js'
import { isWithin } from '../paths.js'
import { containerBody } from './container.js'
import { verboseImports } from './reconnaissance.js'
import type { BootLimits } from './boots.js'
import type { ReadyCheck } from './probes/probe.js'
import type { ImportRecord } from '../image/verbose-imports.js'
import type { Bench, Lab } from './lab.js'
import type { OldCode, PythonFacts, TreeEntry } from '../model.js'

/** Modules that are compared by one run of the interpreter. */
const PAIRS_AT_ONCE = 200
/** As many as Linux follows. */
const MOST_LINKS = 40
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
  readonly checks: readonly ReadyCheck[]
  readonly limits: BootLimits
}

/**
 * Finds code of another release that start-up runs from the volumes: boots on a copy of the state with PYTHONVERBOSE=1, and
 * compares each module that was loaded from a file left there with what the image's own interpreter makes of the image's own
 * source. A module that the image does not have, or does not load on clean state, is not its code to be stale.
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
    const content = file === undefined ? undefined : files.get(file)?.content
    const own = known.find(({ module, source }) => module === record.module && source !== undefined)
    if (file === undefined || content === undefined || own?.source === undefined) return []
    return [{ file, ran: content, own: own.source }]
  })
  const pairs = await withSources(lab, bench, loaded)
  let isKnown = imports.isComplete && pairs.length === loaded.length
  for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
    const differing = await compare(lab, bench, python, pairs.slice(at, at + PAIRS_AT_ONCE))
    if (differing === undefined) isKnown = false
    else if (differing.length > 0) return differing
  }
  return isKnown ? [] : undefined
}

async function compare(
  lab: Lab,
  bench: Bench,
  { facts }: PythonStart,
  pairs: readonly CodePair[]
): Promise<readonly CodePair[] | undefined> {
  const code = bench.volume(codeDirectory, { noCopy: true })
  const carrier = await bench.container([code], { carrier: true })
  await lab.engine.write(carrier.id, codeEntries(pairs))
  const body = containerBody(lab.template, { labels: lab.labels, volumes: [code], ports: [] })
  return await compareCode(lab.engine, body, facts, pairs, lab.labels)
}

/** Reads the image's own sources from a container that has none of the run's volumes, and never starts. */
async function withSources(
  lab: Lab,
  bench: Bench,
  loaded: readonly Omit<CodePair, 'source'>[]
): Promise<CodePair[]> {
  if (loaded.length === 0) return []
  const pristine = await bench.container([], { carrier: true })
  const pairs = await Promise.all(
    loaded.map(async (one): Promise<CodePair[]> => {
      const source = await readSource(lab, pristine.id, one.own, MOST_LINKS)
      return source === undefined ? [] : [{ ...one, source }]
    })
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
  return await readSource(lab, container, posix.resolve(posix.dirname(path), entry.linkTarget), links - 1)
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
