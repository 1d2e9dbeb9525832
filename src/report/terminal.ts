import { excerpt, excerptLines } from './excerpt.js'
import { fitted, padded, paint, width, wrapped, type Paint } from './paint.js'
import type { Report, ReportScenario } from './schema.js'
import { visible, visibleLines } from './untrusted.js'
import {
  byUrgency,
  causeOf,
  duration,
  inside,
  named,
  place,
  searchCost,
  sentence,
  shortVerdict,
  standing,
  story,
  timing,
  title,
  verdictWords,
  whatToDo,
  type Explained
} from './words.js'

/** How a terminal is. */
export interface Terminal {
  readonly colour: boolean
  /** Width in columns; less than 60 is taken for 60. */
  readonly columns: number
}

const LOG_BOUNDS = { head: 3, tail: 12, line: 400, total: 6_000 }

/**
 * The final report for a terminal, or a log that shows text as a terminal does. Failures come last, where the eye is when
 * a command ends: first what was left out, then all scenarios in a table, then each failure with its cause, its log and the
 * command that repeats it.
 */
export function renderTerminal(report: Report, terminal: Terminal): string {
  const ink = paint(terminal.colour)
  const columns = Math.max(60, terminal.columns)
  const urgent = byUrgency(report.scenarios).toReversed()
  const blocks = [
    leftOut(report, columns, ink),
    table(urgent, columns, ink),
    ...urgent.map((scenario) => explanation(scenario, columns, ink)),
    ...failedControls(report, columns, ink),
    notes(report, columns),
    conclusion(report, columns, ink)
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

const SIGN = { failed: '✖', inconclusive: '?', surprise: '!', 'expected-failure': '~', passed: '✔' } as const

function inkOf(scenario: ReportScenario, ink: Paint): (text: string) => string {
  switch (standing(scenario)) {
    case 'failed':
      return ink.red
    case 'inconclusive':
    case 'surprise':
    case 'expected-failure':
      return ink.yellow
    case 'passed':
      return ink.green
  }
}

function table(scenarios: readonly ReportScenario[], columns: number, ink: Paint): string[] {
  const rows = scenarios.map((scenario) => ({
    scenario,
    verdict: shortVerdict(scenario),
    id: visible(named(scenario)),
    time: timing(scenario)
  }))
  const verdicts = Math.max(0, ...rows.map(({ verdict }) => width(verdict)))
  const times = Math.max(0, ...rows.map(({ time }) => width(time)))
  const room = columns - 2 - verdicts - 2 - 2 - times
  const ids = Math.min(room, Math.max(0, ...rows.map(({ id }) => width(id))))
  return rows.map(({ scenario, verdict, id, time }) => {
    const colour = inkOf(scenario, ink)
    const start = `${colour(SIGN[standing(scenario)])} ${colour(padded(verdict, verdicts))}`
    const end = time === '' ? [] : [ink.dim(time.padStart(times))]
    return [start, end.length === 0 ? fitted(id, ids) : padded(fitted(id, ids), ids), ...end].join('  ')
  })
}

/** What a reader has to act on; nothing for a scenario that came out as it should. */
function explanation(scenario: ReportScenario, columns: number, ink: Paint): string[] {
  const colour = inkOf(scenario, ink)
  const label = `${SIGN[standing(scenario)]} ${verdictWords(scenario)} ${visible(named(scenario))}`
  const heading = wrapped(label, columns).map((line) => colour(ink.bold(line)))
  switch (standing(scenario)) {
    case 'failed':
    case 'inconclusive':
      return [...heading, ...evidence(scenario, columns, ink)]
    case 'surprise':
      return [...heading, ...item('To do', whatToDo(scenario), columns, ink)]
    case 'expected-failure':
    case 'passed':
      return []
  }
}

function evidence(scenario: ReportScenario, columns: number, ink: Paint): string[] {
  const { log, smokeTest, also, keptContainer } = scenario
  const alsoWords = also.length === 0 ? [] : [`Also: ${also.join(', ')}.`]
  return [
    ...item('Planted', sentence(scenario.planted), columns, ink),
    ...item('Seen', [sentence(scenario.detail), ...alsoWords].join(' '), columns, ink),
    ...(searchCost(scenario) === '' ? [] : item('Search', searchCost(scenario), columns, ink)),
    ...(scenario.verdict === 'failed' ? explained(scenario, columns, ink) : []),
    ...(scenario.remedy === null ? [] : item('To do', sentence(scenario.remedy), columns, ink)),
    ...(log === null ? [] : quoted('Log', excerptLines(excerpt(log, LOG_BOUNDS)), columns, ink)),
    ...(smokeTest === null
      ? []
      : quoted('Smoke test', visibleLines(smokeTest.output).slice(-LOG_BOUNDS.tail), columns, ink)),
    ...(keptContainer === null ? [] : [ink.dim('  Look inside:'), visible(inside(scenario, keptContainer))]),
    // Not indented and not wrapped: commands are there to be copied.
    ...(scenario.verdict === 'failed' ? [ink.dim('  Again:'), ...visibleLines(scenario.reproduce)] : [])
  ]
}

/** Why it failed, and where in the repository. */
function explained(failure: Explained, columns: number, ink: Paint): string[] {
  const { location } = failure
  return [
    ...item('Cause', causeOf(failure), columns, ink),
    ...(location === null
      ? []
      : [
          ...item('Where', place(location), columns, ink),
          `  ${' '.repeat(LABEL)}${ink.dim('│')} ${fitted(visible(location.source), columns - LABEL - 4)}`
        ])
  ]
}

/** Columns of the labels. */
const LABEL = 9

function item(label: string, text: string, columns: number, ink: Paint): string[] {
  const lines = wrapped(visible(text), columns - 2 - LABEL)
  return lines.map((line, index) => `  ${ink.dim(padded(index === 0 ? `${label}:` : '', LABEL))}${line}`)
}

function quoted(label: string, lines: readonly string[], columns: number, ink: Paint): string[] {
  if (lines.every((line) => line.trim() === '')) return item(label, '(empty)', columns, ink)
  const shown = lines
    .flatMap((line) => visibleLines(line))
    .map((line) => `  ${ink.dim('│')} ${fitted(line, columns - 4)}`)
  return [ink.dim(`  ${label}:`), ...shown]
}

function failedControls(report: Report, columns: number, ink: Paint): string[][] {
  const all = report.legs.length > 0 ? report.legs : [{ name: undefined, control: report.control }]
  return all.flatMap(({ name, control }) =>
    control.result === 'failed' ? [failedControl(name, control, columns, ink)] : []
  )
}

function failedControl(
  leg: string | undefined,
  control: Report['control'] & { result: 'failed' },
  columns: number,
  ink: Paint
): string[] {
  return [
    ink.red(ink.bold(`✖ control${leg === undefined ? '' : ` of ${visible(leg)}`}`)),
    ...item('Seen', sentence(control.message), columns, ink),
    ...explained(control, columns, ink),
    ...quoted('Log', excerptLines(excerpt(control.log, { ...LOG_BOUNDS, tail: 30 })), columns, ink)
  ]
}

function notes(report: Report, columns: number): string[] {
  return report.notes.flatMap((note) => wrapped(`Note: ${visible(sentence(note))}`, columns))
}

/** Faults that share a reason and are named; of more, the number says enough. */
const NAMED_FAULTS = 4

/** Why faults were left out: that Python never reads bytecode from a volume is a finding, too. One line a reason. */
function leftOut({ omissions }: Report, columns: number, ink: Paint): string[] {
  const reasons = new Map<string, string[]>()
  for (const { fault, reason } of omissions)
    reasons.set(reason, [...(reasons.get(reason) ?? []), visible(fault)])
  const lines = [...reasons].flatMap(([reason, all]) => {
    const faults = [...new Set(all)]
    const names = faults.length > NAMED_FAULTS ? `${faults.length} faults` : faults.join(', ')
    return wrapped(`${names}: ${visible(sentence(reason))}`, columns - 4).map(
      (line, index) => `  ${index === 0 ? '' : '  '}${line}`
    )
  })
  return lines.length === 0 ? [] : [ink.dim('Left out:'), ...lines]
}

const VERDICT_SIGN = { passed: '✔', failed: '✖', inconclusive: '?' } as const

function conclusion(report: Report, columns: number, ink: Paint): string[] {
  const colour = { passed: ink.green, failed: ink.red, inconclusive: ink.yellow }[report.verdict]
  const omitted =
    report.omissions.length === 0 ? '' : ` ${report.omissions.length} left out as not applicable.`
  const skipped = report.skipped.length === 0 ? '' : ` ${report.skipped.length} not run.`
  const about = report.legs.length > 0 ? '' : `${visible(report.image.reference)} `
  return [
    colour(ink.bold(`${VERDICT_SIGN[report.verdict]} ${title(report)}`)),
    ...wrapped(`${about}${story(report)}${omitted}${skipped}`, columns),
    ...(report.control.result === 'failed' ? [`The run took ${duration(report.seconds)}.`] : [])
  ]
}
