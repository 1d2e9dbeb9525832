import { counted } from './excerpt.js'
import type { Report, ReportLocation, ReportScenario } from './schema.js'
import { cut } from './untrusted.js'

/** What every format says in the same words. Plain text, untrusted parts included: a format escapes what it shows. */

/** Whether a scenario counts against the run. */
export type Standing = 'failed' | 'inconclusive' | 'surprise' | 'expected-failure' | 'passed'

export function standing({ verdict, expectedToFail }: ReportScenario): Standing {
  if (verdict === 'failed') return expectedToFail ? 'expected-failure' : 'failed'
  if (verdict === 'inconclusive') return 'inconclusive'
  return expectedToFail ? 'surprise' : 'passed'
}

const ORDER: readonly Standing[] = ['failed', 'inconclusive', 'surprise', 'expected-failure', 'passed']

/** A scenario by its id, in a joined report with the leg before it. */
export function named({ leg, id }: Pick<ReportScenario, 'leg' | 'id'>): string {
  return leg === null ? id : `${leg}: ${id}`
}

/** Those that need a reader first, else in the order of the plan. */
export function byUrgency(scenarios: readonly ReportScenario[]): ReportScenario[] {
  return ORDER.flatMap((rank) => scenarios.filter((scenario) => standing(scenario) === rank))
}

/** `recovered`, `failed: crashed`, `failed as expected: crashed`. */
export function verdictWords(scenario: ReportScenario): string {
  switch (standing(scenario)) {
    case 'failed':
      return `failed: ${shortVerdict(scenario)}`
    case 'expected-failure':
      return `failed as expected: ${shortVerdict(scenario)}`
    case 'surprise':
      return `${scenario.verdict}, though expected to fail`
    case 'inconclusive':
    case 'passed':
      return scenario.verdict
  }
}

/** The verdict in one word: the reason of a failure, where a sign beside it says that it is one. */
export function shortVerdict({ verdict, reason }: ReportScenario): string {
  return reason ?? verdict
}

/** In a sentence, what the reader should do; for a scenario that passed, what was seen. */
export function whatToDo(scenario: ReportScenario): string {
  const { remedy, detail, reason, reduction, knownToFail } = scenario
  switch (standing(scenario)) {
    case 'surprise':
      return `It passes now: take it out of ${knownToFail === null ? 'expect-failures' : 'the scenario file'}.`
    case 'expected-failure':
      return knownToFail === null ? 'Known to fail.' : `Known to fail: ${sentence(knownToFail)}`
    case 'failed':
      // What was lost matters more than how not to lose it.
      if (reason === 'data-lost' || remedy === null) return sentence(detail)
      return reduction === null || reduction.outcome === 'unrepeated'
        ? firstSentence(remedy)
        : `${sentence(reduction.finding)} ${firstSentence(remedy)}`
    case 'inconclusive':
    case 'passed':
      return sentence(detail)
  }
}

function firstSentence(text: string): string {
  return sentence(text.split(/(?<=[.!?])\s+(?=[A-Z])/, 1)[0] ?? text)
}

/** What it cost to find the files that are to blame; empty where there was nothing to look for. */
export function searchCost({ reduction }: ReportScenario): string {
  if (reduction === null || reduction.trials === 0) return ''
  const { outcome, count, trials, seconds } = reduction
  const found = outcome === 'unrepeated' ? '' : `Narrowed down to ${counted(count, 'file')} in `
  return `${found}${counted(trials, 'further trial')}, ${duration(seconds)}.`
}

/** `src/app.py:12`, and in which function: where in the repository a failure points. */
export function place({ file, line, function: name }: ReportLocation): string {
  return `${file}:${line}${name === null || !/^[\w$]/.test(name) ? '' : `, in ${name}`}`
}

/** A failure as far as its log explains it: a scenario's, or the control's. */
export type Explained = Pick<ReportScenario, 'diagnosis' | 'location' | 'log'> &
  (Pick<ReportScenario, 'reason'> | Pick<FailedControl, 'stage' | 'blame'>)

type FailedControl = Extract<Report['control'], { readonly result: 'failed' }>

/** Failures that the verdict itself explains, whatever the log says. */
const SELF_EVIDENT: readonly ReportScenario['reason'][] = [
  'data-lost',
  'stale-code',
  'wrong-answer',
  'forbidden-log'
]

function isSelfEvident(failure: Explained): boolean {
  return 'reason' in failure
    ? SELF_EVIDENT.includes(failure.reason)
    : failure.stage === 'data' || failure.blame === 'check'
}

/** Whom the evidence of a failed control points at, as the end of a sentence. */
export const BLAMED: Readonly<Record<FailedControl['blame'], string>> = {
  image: 'the image',
  probe: 'the probe',
  check: 'the image or its check'
}

/**
 * Why start-up failed, by its log; where nothing known is in it, that this is so and how it ends. Empty where there is nothing
 * to add to the verdict.
 */
export function causeOf(failure: Explained): string {
  const { diagnosis, log } = failure
  if (diagnosis !== null) return sentence(diagnosis.cause)
  if (isSelfEvident(failure)) return ''
  const last = [...(log?.head ?? []), ...(log?.tail ?? [])].filter((line) => line.trim() !== '').at(-1)
  return last === undefined
    ? 'Unknown: it printed nothing.'
    : `Unknown: nothing in the log matches a known cause. Its last line: ${cut(last.trim(), LONGEST_LAST_LINE)}`
}

const LONGEST_LAST_LINE = 200

/** `0.41 s (1.1 ×)`: time to ready of the first boot, and against the control's; empty when it never was. */
export function timing({ readySeconds, ratio }: ReportScenario): string {
  if (readySeconds === null) return ''
  return ratio === null ? duration(readySeconds) : `${duration(readySeconds)} (${ratio.toFixed(1)} ×)`
}

/** Seconds as people read them: `0.41 s`, `12.3 s`, `2 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** Seconds of an estimate, which knows no fractions: `8 s`, `2 min`, `1 h 5 min`. */
export function roughly(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A command line that opens a shell in a container that was kept, whether it still runs or not. */
export function inside({ boots, secondBoot, keptIsStopped }: ReportScenario, container: string): string {
  const last = secondBoot ?? boots.at(-1)
  return last?.exitCode === null && keptIsStopped !== true
    ? `docker exec -it ${container} sh`
    : `docker run --rm -it --volumes-from ${container} --entrypoint sh "$(docker commit ${container})"`
}

/** What came out, in a few words. */
export function title(report: Report): string {
  const { control, scenarios, total, legs } = report
  const failedLegs = legs.filter((leg) => leg.control.result === 'failed').length
  if (failedLegs > 0) return `The control failed in ${failedLegs} of ${counted(legs.length, 'leg')}`
  if (control.result === 'failed') {
    const which = control.stage === 'first-boot' ? 'on clean state' : 'twice on its own state'
    if (control.stage === 'data') return 'The control failed: data was lost with nothing planted'
    switch (control.blame) {
      case 'image':
        return `The image does not start ${which}`
      case 'probe':
        return `The probe never passed, though the container started ${which}`
      case 'check':
        return 'The image starts on clean state, but fails its check there'
    }
  }
  const of = (wanted: Standing): number =>
    scenarios.filter((scenario) => standing(scenario) === wanted).length
  const [failed, inconclusive, surprises] = [of('failed'), of('inconclusive'), of('surprise')]
  if (failed > 0) return `Start-up failed ${failed} of ${counted(total, 'scenario')}`
  if (total === 0) return 'No scenario was run'
  if (inconclusive > 0)
    return `${inconclusive} of ${counted(total, 'scenario')} ${inconclusive === 1 ? 'is' : 'are'} inconclusive`
  if (report.skipped.length > 0)
    return `${counted(report.skipped.length, 'scenario')} of the plan did not run`
  if (report.verdict === 'failed')
    return `${counted(surprises, 'scenario')} passed that ${surprises === 1 ? 'was' : 'were'} expected to fail`
  const expected = report.expectedFailures
  if (expected > 0)
    return `Start-up survived ${total - expected} of ${counted(total, 'scenario')}; the others were expected to fail`
  return total === 1 ? 'Start-up survived the scenario' : `Start-up survived all ${total} scenarios`
}

/** What was done, after the image's name: `… was booted on clean state (0.37 s), then in 14 scenarios …`. */
export function story(report: Report): string {
  const { control, total, seconds, legs } = report
  if (legs.length > 0)
    return `${counted(legs.length, 'leg')} met state corrupted on purpose in ${counted(total, 'scenario')}: ${outcomes(report)}.`
  if (control.result === 'failed') return `failed the control, so no scenario was run.`
  const ready = duration(control.readySeconds)
  if (total === 0) return `was ready after ${ready} on clean state; there was nothing to corrupt.`
  return (
    `was ready after ${ready} on clean state, then met state corrupted on purpose in ${counted(total, 'scenario')}: ` +
    `${outcomes(report)}. The run took ${duration(seconds)}.`
  )
}

/** `2 recovered, 1 failed`; `none ran` of no scenarios. */
export function outcomes({ counts, expectedFailures }: Pick<Report, 'counts' | 'expectedFailures'>): string {
  const asExpected = expectedFailures === 0 ? '' : ` (${expectedFailures} as expected)`
  const words = (['recovered', 'tolerated', 'refused', 'failed', 'inconclusive'] as const)
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}${verdict === 'failed' ? asExpected : ''}`)
  return words.length === 0 ? 'none ran' : words.join(', ')
}

/** Commands and calls that a sentence may start with; they keep their case. */
const CALL = /^(?:chmod|chown|cp|exists|flock|ln|lstat|mkdir|mv|rm|stat|unlink)\b/

/** A fragment as a sentence: a capital unless it starts with a path or a call, and a full stop. */
export function sentence(fragment: string): string {
  const trimmed = fragment.trim()
  const word = /^[a-z]+(?:-[a-z]+)*(?=[\s,;:]|$)/.test(trimmed) && !CALL.test(trimmed)
  const started = word ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed
  return started === '' || /[.!?…)]$/.test(started) ? started : `${started}.`
}

/** One line that names the first thing that is wrong with a run; for an annotation, an exit message, a notification. */
export function complaint(report: Report): string {
  const { control, scenarios, total, legs } = report
  if (control.result === 'failed') {
    const leg = legs.find((one) => one.control.result === 'failed')
    const message = `${leg === undefined ? '' : `${leg.name}: `}${sentence(control.message)}`
    return message.startsWith(title(report)) ? message : `${title(report)}: ${message}`
  }
  const failed = scenarios.filter((scenario) => standing(scenario) === 'failed')
  const what = failed.length > 0 ? `${failed.length} of ${counted(total, 'scenario')} failed` : title(report)
  const first = (wanted: Standing): ReportScenario | undefined =>
    scenarios.find((scenario) => standing(scenario) === wanted)
  const [notRun] = report.skipped
  const scenario =
    first('failed') ?? first('inconclusive') ?? (notRun === undefined ? first('surprise') : undefined)
  if (scenario !== undefined)
    return `${what}: ${shortVerdict(scenario)} ${named(scenario)}: ${sentence(scenario.detail)}`
  return notRun === undefined ? `${what}.` : `${what}: ${notRun.id}: ${sentence(notRun.reason)}`
}
