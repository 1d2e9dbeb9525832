import { bootOf, bootToShow, labelledBoots, slowestReady, smokeTestOf } from './boots.js'
import { cleaner, rounded, type Clean } from './clean.js'
import { diagnosisOf, locationOf, reductionOf } from './explanation.js'
import { logBounds, logOf, type LogBounds } from './logs.js'
import { reproduceCommand } from './reproduce.js'
import type { Report, ReportScenario } from './schema.js'
import { visible } from './untrusted.js'
import { countsOf, expectedFailuresIn, verdictOf } from './verdict.js'
import type { FailureReason, Fault, ImageFacts, RunRecord, ScenarioResult } from '../model.js'

export { reportSchema, reportJsonSchema, type Report, type ReportScenario } from './schema.js'

/** What a report says beside the record: where it was made, and what only the catalogue knows. */
export interface ReportContext {
  /** How the reader calls the command line tool, verbatim. */
  readonly command?: string
  readonly repository?: string
  readonly sha?: string
  readonly runUrl?: string
  /** Id of the job in its workflow. */
  readonly job?: string
  /** Titles, families and remedies by fault; an unknown fault is shown by its id. */
  readonly faults?: readonly Pick<Fault, 'id' | 'title' | 'family' | 'remedy'>[]
}

/**
 * The one value that every format is rendered from. Secrets are taken out, characters that act on a terminal are made
 * visible, and everything is bounded; escaping for a format is left to that format.
 */
export function makeReport(record: RunRecord, context: ReportContext = {}): Report {
  const clean = cleaner(record)
  const { control, facts, inputs } = record
  const controlSeconds = control.kind === 'passed' ? control.knowledge.readySeconds : undefined
  const explained = record.results.filter(
    ({ observation, verdict }) => bootToShow(observation, verdict) !== undefined
  ).length
  const logs = record.results.flatMap(({ observation }) => labelledBoots(observation)).length
  const bounds = logBounds(explained, logs - explained)
  const scenarios = record.results.map((result) =>
    scenarioOf(result, { record, context, clean, bounds, controlSeconds })
  )
  const omissions = record.omissions.map(({ fault, path, reason }) => ({
    leg: null,
    fault,
    path: visible(path),
    reason: clean.text(reason)
  }))
  const skipped = record.skipped.map(({ scenario, reason }) => ({
    leg: null,
    id: visible(scenario.id),
    reason: clean.text(reason)
  }))
  const outcome = {
    controlFailed: control.kind === 'failed',
    scenarios,
    skipped,
    strict: inputs.strict,
    // One of more shards than there are scenarios; a plan without any shows nothing in any shard.
    mayBeEmpty: inputs.shard !== undefined && record.planned.length > 0
  }
  return {
    schemaVersion: 1,
    tool: { name: 'cache-crash-test', version: record.version },
    startedAt: record.startedAt,
    seconds: rounded(record.seconds),
    origin: {
      repository: context.repository ?? null,
      sha: context.sha ?? null,
      runUrl: context.runUrl ?? null,
      job: context.job ?? null
    },
    part: {
      leg: inputs.leg.name === undefined ? null : clean.text(inputs.leg.name),
      jobs: inputs.leg.jobs ?? null,
      shard: inputs.shard ?? null,
      planned: record.planned.map(visible)
    },
    verdict: verdictOf(outcome),
    strict: inputs.strict,
    total: scenarios.length,
    counts: countsOf(scenarios, omissions),
    expectedFailures: expectedFailuresIn(scenarios),
    image: imageOf(facts, clean),
    engine: { version: clean.text(record.engineVersion) },
    probes: record.probes.map(clean.text),
    control: controlOf(record, clean, bounds),
    trials:
      record.trialsTook === undefined
        ? null
        : {
            estimatedSeconds: rounded(record.trialsTook.estimatedSeconds),
            seconds: rounded(record.trialsTook.seconds)
          },
    legs: [],
    scenarios,
    omissions,
    skipped,
    notes: unique([...(control.kind === 'passed' ? control.knowledge.notes : []), ...record.notes]).map(
      clean.text
    )
  }
}

interface Surroundings {
  readonly record: RunRecord
  readonly context: ReportContext
  readonly clean: Clean
  readonly bounds: LogBounds
  readonly controlSeconds: number | undefined
}

function scenarioOf(
  result: ScenarioResult,
  { record, context, clean, bounds, controlSeconds }: Surroundings
): ReportScenario {
  const { scenario, verdict, observation, diagnosis, location, reduction } = result
  const { expectedToFail, keptContainer, phases } = result
  const fault = context.faults?.find(({ id }) => id === scenario.fault)
  const ready = slowestReady(observation.boots)
  const shown = bootToShow(observation, verdict)
  const failed = verdict.kind === 'failed'
  // Who declared the fault knows the service; what a log says in general knows only the error.
  const own = fault?.family === 'own' && fault.remedy !== '' ? fault.remedy : undefined
  const advice = own ?? diagnosis?.remedy ?? fault?.remedy ?? ''
  return {
    leg: null,
    id: visible(scenario.id),
    fault: scenario.fault,
    title: clean.text(fault?.title ?? scenario.fault),
    family: fault?.family ?? null,
    path: visible(scenario.target.path),
    role: scenario.target.role,
    source: clean.text(scenario.target.source),
    volume: scenario.target.volume === undefined ? null : visible(scenario.target.volume),
    mode: scenario.mode,
    planted: clean.text(scenario.plant.summary),
    expectation: scenario.expectation,
    verdict: verdict.kind,
    reason: failed ? verdict.reason : null,
    also: failed ? [...verdict.also] : [],
    detail: clean.text(verdict.detail),
    diagnosis: diagnosisOf(diagnosis, clean),
    location: locationOf(location, clean),
    reduction: reductionOf(reduction, clean),
    remedy: failed ? remedyOf(verdict.reason, clean.text(advice)) : null,
    expectedToFail,
    knownToFail: scenario.knownToFail === undefined ? null : clean.text(scenario.knownToFail),
    readySeconds: ready,
    secondReadySeconds: observation.secondBoot === undefined ? null : slowestReady([observation.secondBoot]),
    ratio: ready === null || !controlSeconds ? null : rounded(ready / controlSeconds),
    seconds: rounded(observation.seconds),
    phases: [...phases],
    boots: observation.boots.map(bootOf),
    secondBoot: observation.secondBoot === undefined ? null : bootOf(observation.secondBoot),
    log: shown === undefined ? null : logOf(shown, clean, bounds.explaining),
    otherLogs: labelledBoots(observation)
      .filter((boot) => boot.observation !== shown?.observation)
      .map((boot) => logOf(boot, clean, bounds.other)),
    smokeTest: smokeTestOf(shown?.observation, clean),
    reproduce: reproduceCommand(record.inputs, scenario, context.command),
    // The engine allows no other names; a command line is made of it.
    keptContainer: keptContainer !== undefined && /^[\w.-]+$/.test(keptContainer) ? keptContainer : null,
    ...(result.keptIsStopped === true ? { keptIsStopped: true as const } : {})
  }
}

/** What is advised against a fault may be the very thing that lost the data: then only one advice is right. */
function remedyOf(reason: FailureReason, advice: string): string | null {
  if (reason === 'data-lost')
    return 'Move damaged data aside, or refuse to start; never delete or overwrite it.'
  return advice === '' ? null : advice
}

function controlOf(
  { control, controlTrace }: Pick<RunRecord, 'control' | 'controlTrace'>,
  clean: Clean,
  bounds: LogBounds
): Report['control'] {
  const phases = [...controlTrace.phases]
  const failed = control.kind === 'failed' ? control.boot : undefined
  const otherLogs = controlTrace.boots
    .filter(({ observation }) => observation !== failed)
    .map((boot) => logOf(boot, clean, bounds.other))
  if (control.kind === 'failed') {
    const { stage, blame, message, boot, diagnosis, location } = control
    return {
      result: 'failed',
      stage,
      blame,
      message: clean.text(message),
      diagnosis: diagnosisOf(diagnosis, clean),
      location: locationOf(location, clean),
      boot: bootOf(boot),
      log: logOf(
        { label: controlTrace.boots.at(-1)?.label ?? 'boot', observation: boot },
        clean,
        bounds.explaining
      ),
      phases,
      otherLogs
    }
  }
  const { readySeconds, secondReadySeconds, ignoresStopSignal } = control.knowledge
  return {
    result: 'passed',
    readySeconds: rounded(readySeconds),
    secondReadySeconds: rounded(secondReadySeconds),
    ignoresStopSignal,
    phases,
    otherLogs
  }
}

function imageOf(facts: ImageFacts, clean: Clean): Report['image'] {
  return {
    reference: visible(facts.reference),
    id: facts.id,
    os: facts.os,
    architecture: facts.architecture,
    user: clean.text(facts.user.spec),
    uid: facts.user.uid,
    home: clean.text(facts.home),
    workdir: clean.text(facts.workdir),
    volumes: facts.volumes.map(clean.text),
    ports: [...facts.ports],
    python: facts.python === undefined ? null : clean.text(facts.python.version)
  }
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
