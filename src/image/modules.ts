import { posix } from 'node:path'
import type { PythonFacts } from '../model.js'
import { isWithin } from '../paths.js'
import type { ImportRecord } from './verbose-imports.js'

/** A module to compile bytecode for. */
export interface ModuleChoice {
  readonly module: string
  /** Absolute path of the source. */
  readonly source: string
  /** Where start-up looked for its bytecode, or the `__pycache__` directory that it would be in, when the log tells. */
  readonly cached: string | undefined
}

/** How many modules are compiled: one that runs is enough, and start-up may skip some the next time. */
const mostModules = 20

/**
 * Modules that Python loads before it could print anything, or that a broken copy of would keep it from starting for
 * reasons of its own.
 */
const bootstrap =
  /^(encodings|codecs|io|abc|site|os|posixpath|stat|genericpath|_collections_abc|_sitebuiltins|zipimport|importlib|sitecustomize|usercustomize|_bootlocale|_distutils_hack|__main__)(\.|$)/

type Tier = 'application' | 'installed' | 'standard'
const tiers: readonly Tier[] = ['application', 'installed', 'standard']

/**
 * Chooses the modules of a start-up that bytecode is compiled for: the application's own, else installed packages, else
 * the standard library. Where places are given, each gets its share of modules whose bytecode lies there, and so do those
 * whose source does and those that bytecode in an earlier directory of the search path at one of the places could stand in for.
 * @param imports what start-up imported, in order
 * @param places absolute paths where bytecode may be stale: volumes, cache paths; empty means everywhere
 * @returns at most 20, each source once
 */
export function chooseModules(
  imports: readonly ImportRecord[],
  python: PythonFacts,
  places: readonly string[] = []
): ModuleChoice[] {
  const seen = new Set<string>()
  const told = toldPaths(imports)
  const candidates = imports.flatMap(({ module, source }): ModuleChoice[] => {
    if (source === undefined || !source.endsWith('.py') || bootstrap.test(module) || seen.has(source))
      return []
    seen.add(source)
    return [{ module, source, cached: told.get(source) }]
  })
  const firstAtPlace = python.sysPath.findIndex((directory) =>
    places.some((place) => isWithin(directory, place))
  )
  const groups =
    places.length === 0
      ? [candidates]
      : [
          ...places.map((place) =>
            candidates.filter((choice) => isWithin(bytecodePath(choice, python), place))
          ),
          candidates.filter(({ source }) => places.some((place) => isWithin(source, place))),
          candidates.filter((choice) => isShadowable(choice, python, firstAtPlace))
        ]
  const turns = groups.map((group) => bestTier(group, python))
  const longest = Math.max(...turns.map((group) => group.length))
  const chosen = Array.from({ length: longest }, (_, turn) =>
    turns.flatMap((group) => group[turn] ?? [])
  ).flat()
  return [...new Set(chosen)].slice(0, mostModules)
}

/**
 * Whether start-up runs another interpreter than the one that was asked: its bytecode, the standard library's mostly, has the tag of
 * the one that runs in its name (PEP 3147).
 * @returns a tag that start-up used, where none of them is this interpreter's; undefined also where the log names no bytecode
 */
export function foreignCacheTag(
  imports: readonly ImportRecord[],
  { cacheTag }: Pick<PythonFacts, 'cacheTag'>
): string | undefined {
  const tags = imports.flatMap(
    ({ bytecode }) =>
      /\.((?:cpython-|pypy|graalpy)[\w-]+)(?:\.opt-[12])?\.pyc$/.exec(bytecode ?? '')?.[1] ?? []
  )
  return tags.includes(cacheTag) ? undefined : tags[0]
}

function bestTier(choices: readonly ModuleChoice[], python: PythonFacts): ModuleChoice[] {
  const best = tiers.find((tier) => choices.some((choice) => tierOf(choice.source, python) === tier))
  return choices.filter((choice) => tierOf(choice.source, python) === best)
}

function tierOf(source: string, python: PythonFacts): Tier {
  if (/\/(site|dist)-packages\//.test(source)) return 'installed'
  return python.stdlib.some((directory) => isWithin(source, directory)) ? 'standard' : 'application'
}

/**
 * Where the log says that bytecode is, or the directory of it where that could not be made: a process whose start took
 * PYTHONPYCACHEPREFIX back looks beside the source, whatever the image's environment says. The name in the directory
 * depends on how the interpreter optimises, so the interpreter makes it.
 * @returns by source: of several processes, what the first one says that says it
 */
function toldPaths(imports: readonly ImportRecord[]): Map<string, string> {
  const told = new Map<string, string>()
  for (const path of ['bytecode', 'bytecodeDirectory'] as const) {
    for (const record of imports) {
      const at = record[path]
      if (at !== undefined && record.source !== undefined && !told.has(record.source))
        told.set(record.source, at)
    }
  }
  return told
}

/** Where the interpreter looks for bytecode: what the log said, else by the rules of PEP 3147 and PYTHONPYCACHEPREFIX. */
function bytecodePath({ source, cached }: ModuleChoice, python: PythonFacts): string {
  if (cached !== undefined) return cached
  const directory = posix.dirname(source)
  const name = `${posix.basename(source, '.py')}.${python.cacheTag}.pyc`
  return python.pycachePrefix === undefined
    ? posix.join(directory, '__pycache__', name)
    : posix.join(python.pycachePrefix, directory, name)
}

/** A top-level module of the image's own found behind a directory of the search path that is at one of the places. */
function isShadowable({ module, source }: ModuleChoice, python: PythonFacts, firstAtPlace: number): boolean {
  if (module.includes('.') || posix.basename(source) === '__init__.py') return false
  if (tierOf(source, python) === 'standard') return false
  return firstAtPlace !== -1 && firstAtPlace < python.sysPath.indexOf(posix.dirname(source))
}
