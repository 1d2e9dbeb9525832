import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { availableParallelism } from 'node:os'
import { connect } from './engine/docker.js'
import { catalogue } from './faults/catalogue.js'
import { ownFault } from './faults/own.js'
import { findReports } from './found-reports.js'
import { isMerge, parseInputs, parseMergeInputs } from './inputs.js'
import { run } from './main.js'
import { mergeReports } from './report/merge.js'
import { makeReport } from './report/report.js'
import {
  buildVariables,
  containerSecrets,
  MOST_IMAGE_SECRETS,
  optionVariables,
  secretValues
} from './report/secrets.js'
import { machineOfProcesses, isAlive } from './processes.js'
import { jobOf, type RunIdentity } from './trial/labels.js'
import { VERSION } from './version.js'
import { workspaceFiles } from './workspace.js'
import type { Inputs } from './model.js'
import type { Publisher } from './publisher.js'
import { messageOf } from './thrown.js'

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
  // Every boot that is under way listens to it.
  setMaxListeners(0, cancelled.signal)
  const onSignal = (signal: NodeJS.Signals): void => {
    cancelled.abort(new Error(`cancelled by ${signal}`))
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  // Never taken back: what is written last may fail last. Without a listener the process would end here, and leave what it has made.
  for (const output of [process.stdout, process.stderr])
    output.on('error', (error: Error) => {
      cancelled.abort(new Error(`cancelled, since nobody reads the output any more: ${error.message}`))
    })
  try {
    if (isMerge(invocation.raw)) await mergeAndPublish(invocation, publisher)
    else await runAndPublish(invocation, publisher, cancelled.signal)
  } catch (error) {
    publisher.fail(messageOf(error))
  } finally {
    publisher.close()
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  // A pull goes on in the CLI and would keep this process alive until it ends.
  if (cancelled.signal.aborted) process.exit()
}

/** Joins the reports of others: no engine, no image. */
async function mergeAndPublish({ raw, environment }: Invocation, publisher: Publisher): Promise<void> {
  const inputs = parseMergeInputs(raw, workspaceFiles(environment))
  if (inputs.comment.when !== 'never') publisher.mask([inputs.comment.token])
  const found = await findReports(inputs.reports)
  const { strict, comment, reportDir } = inputs
  const report = mergeReports(found, { ...publisher.context, version: VERSION, strict })
  await publisher.publish(report, reportDir)
  await publisher.comment(report, comment)
}

async function runAndPublish(
  invocation: Invocation,
  publisher: Publisher,
  signal: AbortSignal
): Promise<void> {
  const { environment } = invocation
  const inputs = readInputs(invocation)
  publisher.mask(secretsOf(inputs, environment))
  const faults = [...catalogue, ...(inputs.scenarioFile?.faults ?? []).map(ownFault)]
  const engine = await connect(environment)
  try {
    const outcome = await run(inputs, {
      engine,
      environment,
      signal,
      identity: identify(inputs, environment),
      version: VERSION,
      catalogue: faults,
      group: (title, work) => publisher.group(title, work),
      onProgress: (event) => {
        publisher.progress(event)
      },
      // What the image's variables are called is up to whoever wrote its Dockerfile.
      onFacts: (facts) => {
        const { given, ofImage, left } = containerSecrets(facts)
        publisher.mask(given)
        publisher.hide(ofImage)
        if (left > 0) publisher.warning(unmasked(left))
      },
      isAlive
    })
    switch (outcome.kind) {
      case 'planned':
        await publisher.publishPlan(outcome.plan, inputs.reportDir)
        break
      case 'tested': {
        const report = makeReport(outcome.record, { ...publisher.context, faults })
        await publisher.publish(report, inputs.reportDir)
        await publisher.comment(report, inputs.comment)
      }
    }
  } finally {
    engine.close()
  }
}

function readInputs({ raw, environment, keep }: Invocation): Inputs {
  return parseInputs(raw, {
    ...workspaceFiles(environment),
    cpus: availableParallelism(),
    variables: environment,
    catalogue,
    keep
  })
}

function unmasked(left: number): string {
  return `${left} of the image’s own variables look like secrets and are not masked: at most ${MOST_IMAGE_SECRETS} are, and none that are very long.`
}

/** The same values that are masked in reports: progress may quote a container that prints its environment. */
function secretsOf({ image, options, env, comment }: Inputs, environment: NodeJS.ProcessEnv): string[] {
  const build = image.kind === 'build' ? image : undefined
  // An argument without a value is taken from the environment.
  const variables = {
    ...buildVariables(build, environment),
    ...optionVariables(options, environment),
    ...env
  }
  const secrets = secretValues(variables, build?.secrets ?? {})
  return [...secrets.keys(), ...(comment.when === 'never' ? [] : [comment.token])]
}

function identify(inputs: Inputs, environment: NodeJS.ProcessEnv): RunIdentity {
  const runId = randomBytes(6).toString('hex')
  return {
    runId,
    job: jobOf(environment) ?? runId,
    startedAt: Math.floor(Date.now() / 1000),
    owner: { host: machineOfProcesses(), pid: process.pid },
    keep: inputs.keep
  }
}
