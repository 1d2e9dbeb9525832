import { readinessChart } from './chart.js'
import { counted } from './excerpt.js'
import { grouped } from '../grouped.js'
import { code, markdownText, prose } from './markdown.js'
import type { Report, ReportLeg, ReportScenario } from './schema.js'
import { explained, folded, quoted, rowHead, RUN_SIGN, section, type Detail } from './summary-section.js'
import { cut } from './untrusted.js'
import {
  BLAMED,
  byUrgency,
  duration,
  named,
  outcomes,
  roughly,
  sentence,
  standing,
  story,
  timing,
  title,
  whatToDo
} from './words.js'

/** What GitHub takes of a job summary, in bytes of UTF-8; more is refused altogether. */
export const SUMMARY_LIMIT = 1_048_576

const EVERYTHING: Detail = {
  log: 40,
  passing: true,
  omissions: Infinity,
  rows: Infinity,
  sections: Infinity
}

/** From all there is down to what fits anywhere: logs go first, then the rows of what passed. */
const DEGREES: readonly Detail[] = [
  EVERYTHING,
  { ...EVERYTHING, log: 20 },
  { ...EVERYTHING, log: 8 },
  { ...EVERYTHING, log: 0 },
  { ...EVERYTHING, log: 0, passing: false },
  { log: 0, passing: false, omissions: 0, rows: Infinity, sections: 50 },
  { log: 0, passing: false, omissions: 0, rows: 200, sections: 10 },
  { log: 0, passing: false, omissions: 0, rows: 50, sections: 0 },
  { log: 0, passing: false, omissions: 0, rows: 10, sections: 0 }
]

/**
 * The job summary: GitHub-flavoured Markdown, the verdict first. Everything that others wrote is escaped.
 * @param limit bytes of UTF-8; what does not fit is cut by rule, and the summary says what was cut
 */
export function renderSummary(report: Report, limit = SUMMARY_LIMIT): string {
  for (const detail of DEGREES) {
    const text = render(report, detail)
    if (Buffer.byteLength(text) <= limit) return text
  }
  return `${headline(report)}\n\nThe summary is larger than what GitHub shows; \`report.json\` has everything.\n`
}

function render(report: Report, detail: Detail): string {
  const scenarios = byUrgency(report.scenarios)
  const parts = [
    headline(report),
    ...(report.legs.length > 0
      ? [story(report), legTable(report.legs), ...report.legs.flatMap((leg) => failedLeg(leg, detail))]
      : [
          `${code(report.image.reference)} ${story(report)}`,
          ...(report.control.result === 'failed' ? failedControl(report.control, detail) : [])
        ]),
    table(scenarios, report, detail),
    ...sections(scenarios, detail),
    chart(report, detail),
    circumstances(report),
    omissions(report, detail),
    skipped(report),
    cutNote(report, detail)
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function headline(report: Report): string {
  return `## ${RUN_SIGN[report.verdict]} ${title(report)}`
}

function table(scenarios: readonly ReportScenario[], report: Report, detail: Detail): string {
  if (scenarios.length === 0) return ''
  const listed = scenarios.filter((scenario) => detail.passing || !isPassed(scenario))
  const rows = listed.slice(0, detail.rows)
  const passed = scenarios.length - listed.length
  const folded = [
    ...(listed.length > rows.length ? [`${listed.length - rows.length} more that did not pass`] : []),
    ...(passed > 0 ? [`✅ ${counted(passed, 'scenario')} passed`] : [])
  ]
  return [
    `| Verdict | Scenario | Ready after | ${scenarios.every(isPassed) ? 'What was seen' : 'What to do'} |`,
    '| :-- | :-- | --: | :-- |',
    ...rows.map((scenario) => row(scenario, report)),
    ...folded.map((words) => `| ${words} | | | |`)
  ].join('\n')
}

function isPassed(scenario: ReportScenario): boolean {
  return standing(scenario) === 'passed'
}

function row(scenario: ReportScenario, report: Report): string {
  const cells = [
    ...rowHead(scenario, report),
    timing(scenario).replace(/ (?=[s×])/g, '&nbsp;') || '—',
    prose(cut(whatToDo(scenario), 300))
  ]
  return `| ${cells.join(' | ')} |`
}

function sections(scenarios: readonly ReportScenario[], detail: Detail): string[] {
  return scenarios
    .filter((scenario) => scenario.log !== null && scenario.verdict !== 'refused')
    .slice(0, detail.sections)
    .map((scenario) => section(scenario, detail))
}

/** What a joined report is made of. */
function legTable(legs: readonly ReportLeg[]): string {
  const rows = legs.map(({ name, verdict, image, control, ...leg }) => [
    `${RUN_SIGN[verdict]}&nbsp;${verdict}`,
    markdownText(cut(name, 200)),
    code(image.reference),
    control.result === 'failed' ? 'control failed' : duration(control.readySeconds).replace(' ', '&nbsp;'),
    outcomes({ ...leg, expectedFailures: 0 })
  ])
  return ['| Verdict | Leg | Image | Control | Scenarios |', '| :-- | :-- | :-- | --: | :-- |']
    .concat(rows.map((cells) => `| ${cells.join(' | ')} |`))
    .join('\n')
}

function failedLeg({ name, control }: ReportLeg, detail: Detail): string[] {
  if (control.result !== 'failed') return []
  return [`#### ❌ ${markdownText(cut(name, 200))}`, ...failedControl(control, detail)]
}

function failedControl(control: Report['control'] & { result: 'failed' }, detail: Detail): string[] {
  return [
    `${prose(sentence(control.message))} Nothing was corrupted yet: the evidence points at **${BLAMED[control.blame]}**, not at a fault.`,
    explained(control).join('  \n'),
    quoted(control.log, { ...detail, log: Math.max(detail.log, 20) })
  ]
}

/** How it was measured, and what else there is to know. */
function circumstances(report: Report): string {
  const { control, image, probes, engine, tool, notes, seconds, legs, trials } = report
  if (legs.length > 0) {
    const told = legs.flatMap(({ name, notes: own }) =>
      own.map((note) => `- ${markdownText(cut(name, 200))}: ${prose(sentence(note))}`)
    )
    return [...told, `- Joined by Cache Crash Test ${markdownText(tool.version)}`].join('\n')
  }
  const user = image.uid === 0 ? 'root' : `${image.user || 'user'} (uid ${image.uid})`
  const items = [
    ...(control.result === 'passed'
      ? [
          `**Control:** ready after ${duration(control.readySeconds)} on clean state, ${duration(control.secondReadySeconds)} on the state it left`
        ]
      : []),
    ...notes.map((note) => `**Note:** ${prose(sentence(note))}`),
    ...(probes.length === 0 ? [] : [`**Ready means:** ${probes.map(prose).join('; ')}`]),
    `**Image:** ${code(image.id.slice(0, 19))}, runs as ${prose(user)}` +
      (image.volumes.length === 0 ? '' : `, volumes ${image.volumes.map(code).join(', ')}`) +
      (image.python === null ? '' : `, Python ${markdownText(image.python)}`),
    `Cache Crash Test ${markdownText(tool.version)} on Docker ${markdownText(engine.version)}, ${duration(seconds)}` +
      (trials === null
        ? ''
        : `; of it the trials ${duration(trials.seconds)}, estimated ${roughly(trials.estimatedSeconds)}`)
  ]
  return items.map((item) => `- ${item}`).join('\n')
}

function omissions({ omissions: all }: Report, detail: Detail): string {
  if (all.length === 0) return ''
  const rows = all.slice(0, detail.omissions)
  if (rows.length === 0) return ''
  const reasons = grouped(rows, ({ reason }) => reason)
  const body = [
    '| Why not | Faults | Paths |',
    '| :-- | :-- | :-- |',
    ...[...reasons].map(
      ([reason, same]) =>
        `| ${prose(sentence(cut(reason, 300)))} | ${some(same.map(({ fault }) => fault))} | ${some(same.map(({ path }) => path))} |`
    )
  ]
  return folded(
    `${counted(all.length, 'combination')} of fault and path left out, with the reason`,
    body.join('\n')
  )
}

/** Names that a table cell shows; of more, the number says enough. */
const MOST_NAMES = 8

function some(names: readonly string[]): string {
  const all = [...new Set(names)]
  const rest = all.length - MOST_NAMES
  const shown = all.slice(0, MOST_NAMES).map((name) => code(cut(name, 200)))
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function chart(report: Report, detail: Detail): string {
  const drawn = detail.rows === Infinity ? readinessChart(report) : undefined
  return drawn === undefined ? '' : folded(drawn.label, drawn.body)
}

function skipped({ skipped: all }: Report): string {
  if (all.length === 0) return ''
  const items = all
    .slice(0, 100)
    .map(({ leg, id, reason }) => `- ${code(named({ leg, id }))}: ${prose(cut(reason, 300))}`)
  const more = all.length > items.length ? [`- and ${all.length - items.length} more`] : []
  return folded(`${counted(all.length, 'scenario')} planned but not run`, [...items, ...more].join('\n'))
}

/** Says what a smaller degree of detail left out. */
function cutNote({ omissions: all }: Report, detail: Detail): string {
  if (detail === EVERYTHING) return ''
  const left = [
    detail.log === 0 ? 'logs' : `all but ${detail.log} lines of each log`,
    ...(detail.passing ? [] : ['the rows of scenarios that passed']),
    ...(detail.omissions === 0 && all.length > 0 ? [`the ${counted(all.length, 'omission')}`] : []),
    ...(detail.sections === Infinity ? [] : [`the details of all but ${detail.sections} scenarios`]),
    ...(detail.rows === Infinity ? [] : [`all but ${detail.rows} rows`])
  ]
  return `> Cut to fit GitHub's limit: ${left.join(', ')}. \`report.json\` has the whole report.`
}
