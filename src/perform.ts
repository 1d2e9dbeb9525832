import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { cwd } from 'node:process'
import { connect } from './engine/docker.js'
import { catalogue } from './faults/catalogue.js'
import { InputError, parseInputs } from './inputs.js'
import { run } from './main.js'
import { makeReport } from './report/report.js'
import { secretValues } from './report/secrets.js'
import { jobOf, type RunIdentity } from './trial/labels.js'
import { VERSION } from './version.js'
import type { Inputs, RunMode } from './model.js'
import type { Publisher } from './publisher.js'

/** Ends a run early: a runner sends SIGINT, then SIGTERM 7.5 s later, then kills. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Invocation {
  /** Values by input name. */
  readonly raw: Readonly<Record<string, string>>
  readonly environment: NodeJS.ProcessEnv
  /** Leave failing containers for inspection. */
  readonly keep: boolean
}

/**
 * Carries out one run as the action or the command line asked for it, publishes what came out, and sets the exit code.
 * Never throws: whatever goes wrong is said, and is never a pass.
 */
export async function perform(invocation: Invocation, publisher: Publisher): Promise<void> {
  const cancelled = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    cancelled.abort(new Error(`cancelled by ${signal}`))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    const inputs = readInputs(invocation)
    if (inputs.mode !== 'test') throw notBuilt(inputs.mode)
    for (const secret of secretsOf(inputs, invocation.environment)) publisher.mask(secret)
    await runAndPublish(inputs, invocation.environment, publisher, cancelled.signal)
  } catch (error) {
    publisher.fail(error instanceof Error ? error.message : String(error))
  } finally {
    publisher.close()
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  // A pull goes on in the CLI and would keep this process alive until it ends.
  if (cancelled.signal.aborted) process.exit()
}

async function runAndPublish(
  inputs: Inputs,
  environment: NodeJS.ProcessEnv,
  publisher: Publisher,
  signal: AbortSignal
): Promise<void> {
  const engine = await connect(environment)
  try {
    const record = await run(inputs, {
      engine,
      environment,
      signal,
      identity: identify(inputs, environment),
      version: VERSION,
      catalogue,
      group: (title, work) => publisher.group(title, work),
      onProgress: (event) => {
        publisher.progress(event)
      },
      isAlive
    })
    await publisher.publish(makeReport(record, { ...publisher.context, faults: catalogue }), inputs.reportDir)
  } finally {
    engine.close()
  }
}

/** A mode that this version only knows by name. */
function notBuilt(mode: Exclude<RunMode, 'test'>): InputError {
  const complaint = 'is not built yet'
  return new InputError([{ input: 'mode', value: mode, complaint, accepted: 'test' }])
}

function readInputs({ raw, environment, keep }: Invocation): Inputs {
  const is = (path: string, kind: 'isFile' | 'isDirectory'): boolean =>
    statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false
  return parseInputs(raw, {
    workspace: environment.GITHUB_WORKSPACE ?? cwd(),
    cpus: availableParallelism(),
    variables: environment,
    catalogue,
    keep,
    isFile: (path) => is(path, 'isFile'),
    isDirectory: (path) => is(path, 'isDirectory')
  })
}

/** The same values that are masked in reports: progress may quote a container that prints its environment. */
function secretsOf({ image, env }: Inputs, environment: NodeJS.ProcessEnv): Iterable<string> {
  const build = image.kind === 'build' ? image : undefined
  const buildArgs = (build?.buildArgs ?? []).map((item): [string, string] => {
    const [name = '', ...value] = item.split('=')
    // Without a value, the builder takes it from the environment.
    return [name, value.length === 0 ? (environment[name] ?? '') : value.join('=')]
  })
  return secretValues({ ...Object.fromEntries(buildArgs), ...env }, build?.secrets ?? {}).keys()
}

function identify(inputs: Inputs, environment: NodeJS.ProcessEnv): RunIdentity {
  const runId = randomBytes(6).toString('hex')
  return {
    runId,
    job: jobOf(environment) ?? runId,
    startedAt: Math.floor(Date.now() / 1000),
    owner: { host: hostname(), pid: process.pid },
    keep: inputs.keep
  }
}

/** Whether a process of this host lives; one that belongs to somebody else does (EPERM). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
