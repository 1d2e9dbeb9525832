import type { Inputs } from './model.js'
import { checkRoles, parseContainerPaths } from './inputs/container-paths.js'
import { parseOptions } from './inputs/container-options.js'
import { findDefinition, INPUT_DEFINITIONS, type InputName } from './inputs/definitions.js'
import { type CatalogueEntry, parseFaults } from './inputs/fault-selection.js'
import { parseImageSource, type WorkspaceFiles } from './inputs/image-source.js'
import { parseLines } from './inputs/lists.js'
import { parseMode } from './inputs/mode.js'
import { didYouMean } from './inputs/nearest.js'
import { parseEnv, type Variables } from './inputs/pairs.js'
import { parsePorts } from './inputs/ports.js'
import { parseReady } from './inputs/probes.js'
import { ProblemList } from './inputs/problems.js'
import { parseRegex } from './inputs/regexes.js'
import { parseReportDir } from './inputs/report-dir.js'
import { parseBoolean, parseDuration, parseSeed, parseShard, parseWholeNumber } from './inputs/scalars.js'
import { parseBootModes, parseExpectFailures } from './inputs/scenarios.js'
import { splitWords } from './inputs/words.js'

export { readActionInputs, unknownActionInputs } from './inputs/action-inputs.js'
export { InputError, type InputProblem } from './inputs/problems.js'

/** What parsing may know of the world; it asks for nothing else. */
export interface InputEnvironment extends WorkspaceFiles {
  /** Processors of the machine: the default of `max-parallel`. */
  readonly cpus: number
  /** The runner's environment, for `env` lines without a value. */
  readonly variables: Variables
  /** Every fault there is, in order. */
  readonly catalogue: readonly CatalogueEntry[]
  /** Leave a failing container for inspection; the action never does. */
  readonly keep: boolean
}

/**
 * Turns what the user wrote into what a run is asked to do.
 *
 * @param raw values by input name; one that is missing or blank takes its default
 * @throws InputError with every problem there is
 */
export function parseInputs(raw: Readonly<Record<string, string>>, environment: InputEnvironment): Inputs {
  const problems = new ProblemList()
  const given = new Map(
    Object.entries(raw)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== '')
  )
  reportUnknown([...given.keys()], problems)

  const read = (name: InputName): string | undefined => given.get(name) ?? defaultOf(name)
  const isGiven = (name: InputName): boolean => given.has(name) && given.get(name) !== defaultOf(name)
  /** Applies a parser to an input that is there; undefined otherwise, and after a problem. */
  const when = <T>(name: InputName, parse: (value: string) => T): T | undefined => {
    const value = read(name)
    return value === undefined ? undefined : parse(value)
  }
  const flag = (name: InputName): boolean =>
    when(name, (value) => parseBoolean(name, value, problems)) ?? false
  const number = (name: InputName, min: number, max: number): number | undefined =>
    when(name, (value) => parseWholeNumber(name, value, { min, max }, problems))
  const duration = (name: InputName, min: string, max: string): number | undefined =>
    when(name, (value) => parseDuration(name, value, { min, max }, problems))

  const cachePaths = when('cache-paths', (value) => parseContainerPaths('cache-paths', value, problems)) ?? []
  const dataPaths = when('data-paths', (value) => parseContainerPaths('data-paths', value, problems)) ?? []
  checkRoles(cachePaths, dataPaths, problems)

  const inputs: Inputs = {
    mode: when('mode', (value) => parseMode(value, problems)) ?? 'test',
    image: parseImageSource(read, isGiven, environment, problems),
    env: when('env', (value) => parseEnv(value, environment.variables, problems)) ?? {},
    ports: when('ports', (value) => parsePorts(value, problems)) ?? [],
    options: when('options', (value) => parseOptions(value, problems)) ?? [],
    command: when('command', (value) => parseCommand(value, problems)),
    ready: when('ready', (value) => parseReady(value, problems)) ?? [],
    startupTimeoutMs: duration('startup-timeout', '1s', '1h'),
    stableForMs: duration('stable-for', '0s', '10m') ?? 0,
    smokeTest: read('smoke-test'),
    forbidLogs: parseLines(read('forbid-logs') ?? '').flatMap(
      (line) => parseRegex('forbid-logs', line, line, problems) ?? []
    ),
    volumes: when('volumes', (value) => parseContainerPaths('volumes', value, problems)),
    cachePaths,
    dataPaths,
    faults: when('faults', (value) => parseFaults(value, environment.catalogue, problems)) ?? [],
    bootModes: when('boot-modes', (value) => parseBootModes(value, problems)) ?? 'auto',
    replicas: number('replicas', 2, MAX_REPLICAS) ?? 2,
    secondBoot: flag('second-boot'),
    expectFailures:
      when('expect-failures', (value) => parseExpectFailures(value, environment.catalogue, problems)) ?? [],
    strict: flag('strict'),
    maxParallel:
      number('max-parallel', 1, MAX_PARALLEL) ?? Math.min(MAX_PARALLEL, Math.max(1, environment.cpus)),
    failFast: flag('fail-fast'),
    shard: when('shard', (value) => parseShard(value, problems)),
    seed: when('seed', (value) => parseSeed(value, problems)) ?? '',
    reportDir: when('report-dir', (value) => parseReportDir(value, environment, problems)) ?? '',
    workspace: environment.workspace,
    keep: environment.keep
  }
  problems.throwIfAny()
  return inputs
}

const MAX_REPLICAS = 16
const MAX_PARALLEL = 64

function reportUnknown(names: readonly string[], problems: ProblemList): void {
  const known = INPUT_DEFINITIONS.map(({ name }) => name)
  for (const name of names.filter((candidate) => findDefinition(candidate) === undefined)) {
    const hint = didYouMean(name, known)
    problems.add(name, undefined, `there is no such input${hint}`, hint === '' ? known.join(', ') : '')
  }
}

/** @returns the default of an input, or undefined where there is no fixed one */
function defaultOf(name: InputName): string | undefined {
  const value = findDefinition(name)?.default
  return value === '' ? undefined : value
}

function parseCommand(value: string, problems: ProblemList): readonly string[] | undefined {
  const split = splitWords(value)
  if (split.kind === 'words') return split.words
  problems.add('command', undefined, split.complaint, 'a program and its arguments; quotes group words')
  return undefined
}
