import { MOST_JOBS } from './matrix.js'
import type { Inputs, OwnFault } from './model.js'
import { checkRoles, parseContainerPaths } from './inputs/container-paths.js'
import { parseComment } from './inputs/comment.js'
import { parseOptions } from './inputs/container-options.js'
import { type CatalogueEntry, parseFaults, selectsPaired } from './inputs/fault-selection.js'
import { parseImageSource, parsePreviousImage, type WorkspaceFiles } from './inputs/image-source.js'
import { parseLines } from './inputs/lists.js'
import { parseMode } from './inputs/mode.js'
import { parseLeg } from './inputs/leg.js'
import { parseEnv, type Variables } from './inputs/pairs.js'
import { checkParting, parsePlanFile } from './inputs/plan-file.js'
import { parsePorts } from './inputs/ports.js'
import { parseReady } from './inputs/probes.js'
import { ProblemList } from './inputs/problems.js'
import { inputReader } from './inputs/reader.js'
import { parseRegex } from './inputs/regexes.js'
import { parseReportDir } from './inputs/report-dir.js'
import { parseSeed, parseShard } from './inputs/scalars.js'
import { parseSeedState } from './inputs/seed-state.js'
import { readScenarioFile } from './inputs/scenario-file.js'
import { checkUpgrade, parseBootModes, parseExpectFailures } from './inputs/scenarios.js'
import { splitWords } from './inputs/words.js'

export { readActionInputs, unknownActionInputs } from './inputs/action-inputs.js'
export { isMerge, parseMergeInputs } from './inputs/merge.js'
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
  const { read, isGiven, when, flag, number, duration } = inputReader(raw, problems)

  const cachePaths = when('cache-paths', (value) => parseContainerPaths('cache-paths', value, problems)) ?? []
  const dataPaths = when('data-paths', (value) => parseContainerPaths('data-paths', value, problems)) ?? []
  checkRoles(cachePaths, dataPaths, problems)

  const declared = readScenarioFile(read('scenario-file'), environment, environment.catalogue, problems)
  const catalogue = [...environment.catalogue, ...(declared?.faults ?? []).map(asEntry)]
  const scenarioFile = declared && {
    ...declared,
    scenarios: declared.scenarios.filter(({ fault }) => selectsPaired(read('faults') ?? '', fault, catalogue))
  }
  const shard = when('shard', (value) => parseShard(value, problems))
  const planFile = when('plan-file', (value) => parsePlanFile(value, environment, problems))
  const mode = when('mode', (value) => parseMode(value, problems)) ?? 'test'
  const shards = number('shards', 1, MOST_JOBS)
  checkParting({ mode, shard, shards, planFile }, isGiven, problems)

  const inputs: Inputs = {
    mode,
    image: parseImageSource(read, isGiven, environment, problems),
    previousImage: when('previous-image', (value) => parsePreviousImage(value, problems)),
    seedState: when('seed-state', (value) => parseSeedState(value, environment, problems)) ?? [],
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
    faults: when('faults', (value) => parseFaults(value, catalogue, problems)) ?? [],
    bootModes: when('boot-modes', (value) => parseBootModes(value, problems)) ?? 'auto',
    replicas: number('replicas', 2, MAX_REPLICAS) ?? 2,
    secondBoot: flag('second-boot'),
    expectFailures: when('expect-failures', (value) => parseExpectFailures(value, catalogue, problems)) ?? [],
    strict: flag('strict'),
    maxParallel:
      number('max-parallel', 1, MAX_PARALLEL) ?? Math.min(MAX_PARALLEL, Math.max(1, environment.cpus)),
    failFast: flag('fail-fast'),
    shard,
    leg: {
      name: when('leg', (value) => parseLeg(value, shard, problems)),
      jobs: number('matrix-jobs', 1, MOST_JOBS)
    },
    shards,
    planFile,
    scenarioFile,
    seed: when('seed', (value) => parseSeed(value, problems)) ?? '',
    reportDir: when('report-dir', (value) => parseReportDir(value, environment, problems)) ?? '',
    comment: parseComment(read('comment') ?? 'never', read('github-token'), problems),
    workspace: environment.workspace,
    keep: environment.keep
  }
  checkUpgrade(inputs, problems)
  checkSmokeTest(inputs, problems)
  problems.throwIfAny()
  return inputs
}

/** A job has nothing left that a smoke test could ask. */
function checkSmokeTest({ ready, smokeTest }: Inputs, problems: ProblemList): void {
  if (smokeTest === undefined || !ready.some(({ kind }) => kind === 'exit')) return
  problems.add(
    'smoke-test',
    undefined,
    'would never run: with ready exit:CODE the container has ended',
    'a smoke test with another ready, or exit:CODE without one'
  )
}

const MAX_REPLICAS = 16
const MAX_PARALLEL = 64

/** A fault of the repository, as the selection knows those of the catalogue. */
function asEntry({ id, default: inDefault }: OwnFault): CatalogueEntry {
  return { id, code: 'OWN', family: 'own', default: inDefault, aim: 'path' }
}

function parseCommand(value: string, problems: ProblemList): readonly string[] | undefined {
  const split = splitWords(value)
  if (split.kind === 'words') return split.words
  problems.add('command', undefined, split.complaint, 'a program and its arguments; quotes group words')
  return undefined
}
