import { NATIVE_CRASHES, SIGKILLED } from '../exit-codes.js'
import { dataFindings } from './data.js'
import { baseName, holder, isWithin } from '../paths.js'
import { everyBoot, instability, smokeTestFailure } from '../boot-health.js'
import { UNKNOWN_CODE } from '../model.js'
import type {
  BootObservation,
  BootOutcome,
  ControlKnowledge,
  FailureReason,
  LogCapture,
  Observation,
  Plant,
  Scenario,
  TreeEntry,
  Verdict
} from '../model.js'

/** What a verdict depends on, beside the observation. */
export interface Standards {
  readonly control: Pick<ControlKnowledge, 'sentinels' | 'stableFiles' | 'stableCacheFiles'>
  readonly cachePaths: readonly string[]
  readonly dataPaths: readonly string[]
}

/** Gravest first; `replica` stands where the failing replicas' own reason would. */
const GRAVITY: readonly FailureReason[] = [
  'data-lost',
  'stale-code',
  'wrong-answer',
  'crashed',
  'timed-out',
  'replica',
  'unstable',
  'forbidden-log',
  'second-boot'
]

interface Finding {
  readonly reason: FailureReason
  readonly detail: string
}

/** Findings that fail, or something that keeps us from knowing. */
interface Assessment {
  readonly failures: readonly Finding[]
  readonly unknown: string | undefined
}

/**
 * Says what an observation means. Fails closed: whatever is not shown to be a recovery is a failure or inconclusive.
 */
export function judge(scenario: Scenario, observation: Observation, standards: Standards): Verdict {
  if (observation.problem !== undefined) return { kind: 'inconclusive', detail: observation.problem }

  const data = assessData(scenario, observation, standards)
  const refuses = mayRefuse(scenario, observation)
  const boots = assessBoots(scenario, observation, refuses)
  const second =
    observation.secondBoot === undefined ? CLEAN : assessSecondBoot(scenario, observation.secondBoot)
  const left = assessLeftAlone(scenario, observation)
  const lost = assessHealthyFiles(scenario, observation, standards)
  const code = assessOldCode(observation)
  const isOver = observation.boots.length > 0 && everyBoot(observation).every(wentToItsEnd)
  const failures = (isOver ? [data, boots, left, lost, code, second] : [boots, code, second])
    .flatMap((assessment) => assessment.failures)
    .sort((a, b) => gravity(a, refuses) - gravity(b, refuses))

  const unknown = boots.unknown ?? second.unknown ?? data.unknown ?? code.unknown

  if (refuses && failures.every(({ reason }) => reason === 'crashed')) {
    const detail = unknown ?? unheard(observation)
    return detail === undefined ? refusal(scenario, observation) : { kind: 'inconclusive', detail }
  }

  const [gravest, ...others] = failures
  if (gravest !== undefined) {
    const also = [...new Set(others.map(({ reason }) => reason))].filter(
      (reason) => reason !== gravest.reason
    )
    return { kind: 'failed', reason: gravest.reason, detail: gravest.detail, also }
  }
  if (unknown !== undefined) return { kind: 'inconclusive', detail: unknown }
  return passed(scenario, observation)
}

/** What is found on the volumes after a boot that was broken off is not what it leaves. */
function wentToItsEnd({ outcome, unconfirmed }: BootObservation): boolean {
  return outcome.kind !== 'engine-error' && (unconfirmed === undefined || unconfirmed.isOver)
}

/** A refusal that is allowed is no crash to speak of, where something else went wrong. */
function gravity({ reason }: Finding, refuses: boolean): number {
  return refuses && reason === 'crashed' ? GRAVITY.length : GRAVITY.indexOf(reason)
}

const CLEAN: Assessment = { failures: [], unknown: undefined }

function assessData(scenario: Scenario, observation: Observation, standards: Standards): Assessment {
  if (observation.dataAfter === undefined) {
    return { failures: [], unknown: 'the state of the volumes could not be read back after the boot' }
  }
  const { losses, unknown } = dataFindings({
    before: observation.dataBefore,
    after: observation.dataAfter,
    sentinels: standards.control.sentinels,
    // A new release may turn what the old one left into its own form; what users put there it may not.
    stableFiles: scenario.plant.previousRelease === true ? [] : standards.control.stableFiles,
    cachePaths: standards.cachePaths,
    dataPaths: standards.dataPaths,
    plant: scenario.plant
  })
  const [first] = losses
  if (first === undefined) {
    return unknown === undefined
      ? CLEAN
      : {
          failures: [],
          unknown: `${unknown} is not what it was, and more is there than can be read back to see where it went`
        }
  }
  const more = losses.length === 1 ? '' : `, and ${losses.length - 1} more`
  return {
    failures: [{ reason: 'data-lost', detail: `${first.path} ${first.how}${more}` }],
    unknown: undefined
  }
}

/** One boot's own failings; empty when it came up and passed every check. */
function assessBoot(boot: BootObservation): Assessment {
  const failures: Finding[] = []
  if (boot.canary)
    failures.push({ reason: 'stale-code', detail: 'planted old bytecode ran instead of the image’s code' })
  // Old code that ran is the image's; how the boot ended, and what it says of that, may be the machine's doing.
  if (boot.unconfirmed !== undefined) return { failures, unknown: boot.unconfirmed.why }
  if (boot.forbiddenLog !== undefined) {
    const { pattern, line } = boot.forbiddenLog
    failures.push({ reason: 'forbidden-log', detail: `the log matches forbid-logs /${pattern}/: ${line}` })
  }
  const { outcome, stability, smokeTest } = boot
  switch (outcome.kind) {
    case 'engine-error':
      return { failures, unknown: `the engine failed: ${outcome.message}` }
    case 'timed-out':
      failures.push({
        reason: 'timed-out',
        detail: `not ready after ${seconds(outcome.seconds)}: ${outcome.waitingFor.join('; ')}`
      })
      return { failures, unknown: undefined }
    case 'exited':
      failures.push({ reason: 'crashed', detail: exitDetail(outcome) })
      return { failures, unknown: undefined }
    case 'ready':
      break
  }
  if (stability !== undefined && stability.kind !== 'stable') {
    failures.push({ reason: 'unstable', detail: `was ready, then ${instability(stability)}` })
  }
  if (smokeTest !== undefined && smokeTest.exitCode !== 0) {
    failures.push({ reason: 'wrong-answer', detail: smokeTestFailure(smokeTest) })
  }
  return { failures, unknown: undefined }
}

function assessBoots(scenario: Scenario, observation: Observation, refuses: boolean): Assessment {
  const damaged = damagesContent(scenario)
  const all = observation.boots.map((boot) => {
    const assessment = assessBoot(boot)
    return damaged ? withoutAnswers(assessment) : assessment
  })
  const unknown =
    all.map((assessment) => assessment.unknown).find((reason) => reason !== undefined) ??
    (all.length === 0 ? 'no boot was observed' : undefined)
  const failing = all.filter(({ failures }) => failures.length > 0)
  const isAlike = failing.length === 0 || failing.length === all.length
  if (scenario.mode !== 'concurrent' || isAlike || refuses) {
    return { failures: all.flatMap(({ failures }) => failures), unknown }
  }
  const reasons = failing.flatMap(({ failures }) => failures)
  const [first] = reasons
  return {
    failures: [
      // Old code that runs is graver than who runs it.
      ...reasons.filter(({ reason }) => reason === 'stale-code'),
      {
        reason: 'replica',
        detail: `${failing.length} of ${all.length} replicas failed${first === undefined ? '' : `: ${first.reason}, ${first.detail}`}`
      }
    ],
    unknown
  }
}

/** Whether user data does not say any more what it said. */
function damagesContent({ target, plant }: Scenario): boolean {
  if (target.role !== 'data') return false
  return plant.entries.some(({ path, type, content }) => {
    const healthy = target.tree.get(path)?.content
    return type === 'file' && healthy !== undefined && content !== undefined && !content.equals(healthy)
  })
}

/** What a smoke test asks for may be the very data that was damaged, which no start-up could answer rightly. */
function withoutAnswers({ failures, unknown }: Assessment): Assessment {
  const wrong = failures.find(({ reason }) => reason === 'wrong-answer')
  if (wrong === undefined) return { failures, unknown }
  return {
    failures: failures.filter((failure) => failure !== wrong),
    unknown: unknown ?? `it started on damaged data, which may be why ${wrong.detail}`
  }
}

function assessSecondBoot({ plant }: Scenario, boot: BootObservation): Assessment {
  const { failures, unknown } = assessBoot(boot)
  const [first] = failures
  if (first === undefined) return { failures: [], unknown }
  const stale = failures.filter(({ reason }) => reason === 'stale-code')
  return {
    failures: [
      ...stale,
      {
        reason: 'second-boot',
        detail: `${nextBoot(plant)} failed: ${first.reason}, ${first.detail}`
      }
    ],
    unknown
  }
}

function nextBoot({ fullMount }: Plant): string {
  return fullMount === undefined
    ? 'the boot after the recovery'
    : `with ${fullMount.outOf} again, the boot on what the full disk left`
}

/** A valid state that start-up had to leave as it was. */
function assessLeftAlone(scenario: Scenario, observation: Observation): Assessment {
  if (
    scenario.expectation !== 'leave-alone' ||
    observation.pathAfter === undefined ||
    observation.plantInPlace
  ) {
    return CLEAN
  }
  return {
    failures: [
      {
        reason: 'wrong-answer',
        detail: `start-up should have left ${scenario.target.path} alone, and it is now ${describeEntry(observation.pathAfter)}`
      }
    ],
    unknown: undefined
  }
}

/** Healthy files of a cache that went away with the damaged one. */
function assessHealthyFiles(
  { plant, target }: Scenario,
  { dataBefore, dataAfter }: Observation,
  { control }: Standards
): Assessment {
  if (plant.sparesHealthyFiles !== true || dataAfter === undefined || dataAfter.truncated) return CLEAN
  if (holder(target.path, dataAfter.cutRoots) !== undefined) return CLEAN
  const planted = new Set(plant.entries.map(({ path }) => path))
  const gone = control.stableCacheFiles.filter(
    (path) =>
      isWithin(path, target.path) &&
      !planted.has(path) &&
      dataBefore.has(path) &&
      !dataAfter.entries.has(path)
  )
  const [first] = gone
  if (first === undefined) return CLEAN
  const more = gone.length === 1 ? '' : `, and ${gone.length - 1} more`
  const detail = `${first} was healthy, and is gone after the repair of another file${more}`
  return { failures: [{ reason: 'data-lost', detail }], unknown: undefined }
}

/** Code of the last release that ran although the image brings newer. */
function assessOldCode({ oldCode }: Observation): Assessment {
  if (oldCode === UNKNOWN_CODE)
    return { failures: [], unknown: 'it could not be found out whose code start-up runs' }
  const [first] = oldCode ?? []
  if (oldCode === undefined || first === undefined) return CLEAN
  const more = oldCode.length === 1 ? '' : `, and ${oldCode.length - 1} more like it`
  const instead = first.file === first.own ? 'the image’s own file of that name' : first.own
  const detail = `${first.file}, which the previous release left, ran instead of ${instead}${more}`
  return { failures: [{ reason: 'stale-code', detail }], unknown: undefined }
}

/**
 * Start-up may refuse to run on damaged user data, as long as it says so by its exit code and destroys nothing. A boot that is
 * in doubt says nothing against it.
 */
function mayRefuse({ expectation }: Scenario, { boots }: Observation): boolean {
  return (
    expectation === 'recover-or-refuse' &&
    boots.length > 0 &&
    boots.every(({ outcome, unconfirmed }) => unconfirmed !== undefined || isRefusal(outcome))
  )
}

/** Whatever must not be in a log may be in its end. */
function unheard({ boots }: Observation): string | undefined {
  return boots.some(({ log }) => log.endMissing === true)
    ? 'start-up refused to run, and the engine did not hand out the end of its log'
    : undefined
}

function refusal({ target, plant }: Scenario, { boots }: Observation): Verdict {
  const named = boots.some(({ log }) => mentions(log, baseName(target.path)))
  const what = plant.fullMount === undefined ? 'on damaged data' : 'on a full disk'
  const intact = `start-up refused to run ${what}, and the data is intact`
  return { kind: 'refused', detail: named ? intact : `${intact}; its log should name ${target.path}` }
}

/** The process itself said no. One that was killed or crashed, or that the engine could not even start, said nothing. */
function isRefusal(outcome: BootOutcome): boolean {
  return (
    outcome.kind === 'exited' &&
    outcome.exitCode !== 0 &&
    outcome.exitCode !== SIGKILLED &&
    !NATIVE_CRASHES.includes(outcome.exitCode) &&
    !outcome.oomKilled &&
    outcome.error === undefined
  )
}

function passed(scenario: Scenario, observation: Observation): Verdict {
  const { path } = scenario.target
  if (scenario.expectation === 'leave-alone') return { kind: 'recovered', detail: `${path} was left alone` }
  const { kill, runAs, previousRelease, fullMount } = scenario.plant
  if (kill === true) return { kind: 'recovered', detail: 'came back after SIGKILL' }
  if (runAs !== undefined) return { kind: 'recovered', detail: `starts as uid ${runAs.uid} without a home` }
  if (previousRelease === true) {
    const code = observation.oldCode === undefined ? '' : ', and runs its own code'
    return { kind: 'recovered', detail: `starts on what the previous release left${code}` }
  }
  const { pathAfter } = observation
  if (pathAfter === undefined) {
    return { kind: 'inconclusive', detail: `${path} could not be read back after the boot` }
  }
  const gone = !observation.plantInPlace
  if (gone && isPlantedAt(path, scenario) && isHealthy(pathAfter, scenario.target.entry)) {
    return { kind: 'recovered', detail: `${path} is ${describeEntry(pathAfter)} again` }
  }
  if (gone && !isPlantedAt(path, scenario)) {
    return { kind: 'recovered', detail: `what was planted below ${path} is gone or was written anew` }
  }
  if (!reached(scenario, observation)) {
    return { kind: 'inconclusive', detail: `start-up never touched ${path}` }
  }
  if (fullMount !== undefined) {
    const later = observation.secondBoot === undefined ? '' : ', and on what that left when it is there again'
    return { kind: 'tolerated', detail: `start-up works without ${fullMount.outOf} at ${path}${later}` }
  }
  return {
    kind: 'tolerated',
    detail: gone
      ? `start-up works with ${path} being ${describeEntry(pathAfter)}`
      : `start-up works around it; the fault is still in place`
  }
}

/** Whether the path itself was changed, rather than what is below it (bytecode, files that start-up wrote). */
function isPlantedAt(path: string, { plant }: Scenario): boolean {
  return plant.remove?.includes(path) === true || plant.entries.some((entry) => entry.path === path)
}

/** Right type, not emptied: what the control left at the path is the measure. */
function isHealthy(now: TreeEntry | 'missing', healthy: TreeEntry | undefined): boolean {
  if (now === 'missing') return healthy === undefined
  if (healthy === undefined) return true
  return now.type === healthy.type && (now.type !== 'file' || now.size > 0 || healthy.size === 0)
}

/** Evidence that start-up met the fault at all. */
function reached(scenario: Scenario, observation: Observation): boolean {
  return (
    scenario.target.used ||
    observation.pathTouched ||
    observation.boots.some(({ log }) => mentions(log, scenario.target.path))
  )
}

/** Whether a line names it, and not only something that contains it, as `/var/cache/nginx` does `/cache`. */
function mentions(log: LogCapture, name: string): boolean {
  return [...log.head, ...log.tail].some((line) => names(line, name))
}

function names(line: string, name: string): boolean {
  for (let at = line.indexOf(name); at !== -1; at = line.indexOf(name, at + 1)) {
    const [before, after] = [line.charAt(at - 1), line.slice(at + name.length, at + name.length + 2)]
    if (!/[\w.-]/.test(before) && !/^(?:[\w-]|\.\w)/.test(after)) return true
  }
  return false
}

/** What stands at a path, in words. */
function describeEntry(entry: TreeEntry | 'missing'): string {
  if (entry === 'missing') return 'missing'
  switch (entry.type) {
    case 'directory':
      return 'a directory'
    case 'symlink':
      return `a link to ${entry.linkTarget ?? '?'}`
    case 'file':
    case 'hardlink':
      return `a file of ${entry.size} bytes`
    case 'fifo':
      return 'a FIFO'
    case 'character-device':
    case 'block-device':
      return 'a device'
  }
}

function exitDetail(exit: { exitCode: number; oomKilled: boolean; seconds: number; error?: string }): string {
  const how = exit.oomKilled
    ? 'was killed for memory (OOM)'
    : `exited ${exit.exitCode}${signalName(exit.exitCode)}`
  const error = exit.error === undefined ? '' : `: ${exit.error}`
  return `${how} after ${seconds(exit.seconds)}, before it was ready${error}`
}

/** Shells and engines report a death by signal N as 128 + N. */
function signalName(exitCode: number): string {
  const names: Readonly<Record<number, string>> = {
    134: 'SIGABRT',
    137: 'SIGKILL',
    139: 'SIGSEGV',
    143: 'SIGTERM'
  }
  const name = names[exitCode]
  return name === undefined ? '' : ` (${name})`
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}
