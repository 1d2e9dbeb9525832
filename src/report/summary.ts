import { counted, excerpt, excerptLines, type ExcerptBounds } from './excerpt.js'
import { code, fence, htmlCode, markdownText, prose } from './markdown.js'
import type { Report, ReportLog, ReportScenario } from './schema.js'
import { cut } from './untrusted.js'
import {
  byUrgency,
  duration,
  inside,
  sentence,
  shortVerdict,
  standing,
  story,
  timing,
  title,
  verdictWords,
  whatToDo
} from './words.js'

/** What GitHub takes of a job summary, in bytes of UTF-8; more is refused altogether. */
export const SUMMARY_LIMIT = 1_048_576

/** How much a summary shows. */
interface Detail {
  /** Lines of each log; its head gets a fifth. */
  readonly log: number
  /** Whether scenarios that passed have a row each. */
  readonly passing: boolean
  readonly omissions: number
  /** Rows of the table, and folded sections below it. */
  readonly rows: number
  readonly sections: number
}

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
    `${code(report.image.reference)} ${story(report)}`,
    ...(report.control.result === 'failed' ? failedControl(report.control, detail) : []),
    table(scenarios, detail),
    ...sections(scenarios, detail),
    circumstances(report),
    omissions(report, detail),
    skipped(report),
    cutNote(report, detail)
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

const RUN_SIGN = { passed: '✅', failed: '❌', inconclusive: '⚠️' } as const

function headline(report: Report): string {
  return `## ${RUN_SIGN[report.verdict]} ${title(report)}`
}

const SIGN = {
  failed: '❌',
  inconclusive: '⚠️',
  surprise: '🎉',
  'expected-failure': '🟠',
  passed: '✅'
} as const

function table(scenarios: readonly ReportScenario[], detail: Detail): string {
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
    ...rows.map(row),
    ...folded.map((words) => `| ${words} | | | |`)
  ].join('\n')
}

function isPassed(scenario: ReportScenario): boolean {
  return standing(scenario) === 'passed'
}

function row(scenario: ReportScenario): string {
  const verdict = markdownText(shortVerdict(scenario))
  const cells = [
    `${SIGN[standing(scenario)]}&nbsp;${standing(scenario) === 'failed' ? `**${verdict}**` : verdict}`,
    code(scenario.id),
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

/** One folded section: what happened, why, the log, and how to see it again. */
function section(scenario: ReportScenario, detail: Detail): string {
  const { diagnosis, smokeTest, log, keptContainer } = scenario
  const also = scenario.also.length === 0 ? '' : ` Also: ${scenario.also.join(', ')}.`
  const facts = [
    `**Planted:** ${told(scenario.planted)}`,
    `**Seen:** ${told(scenario.detail)}${also}`,
    ...(diagnosis === null ? [] : [`**Cause:** ${told(diagnosis.cause)}`]),
    ...(scenario.remedy === null ? [] : [`**What to do:** ${told(scenario.remedy)}`])
  ]
  const body = [
    // Two blanks at the end of a line make a line break.
    facts.join('  \n'),
    ...(log === null || detail.log === 0 ? [] : [`**Log of the container**`, quoted(log, detail)]),
    ...(smokeTest === null || smokeTest.output.trim() === '' || detail.log === 0
      ? []
      : ['**Output of the smoke test**', quoted(tailOnly(smokeTest.output), detail)]),
    '**See it again**',
    fence(scenario.reproduce, 'sh'),
    ...(keptContainer === null
      ? []
      : [
          `**Look inside ${code(keptContainer)}**, which was kept`,
          fence(inside(scenario, keptContainer), 'sh')
        ])
  ]
  const label = `${SIGN[standing(scenario)]} ${htmlCode(scenario.id)} — ${markdownText(verdictWords(scenario))}`
  return folded(label, body.join('\n\n'))
}

function told(text: string): string {
  return prose(cut(sentence(text), 600))
}

/** GitHub reads Markdown inside `<details>` only after an empty line. */
function folded(label: string, body: string): string {
  return `<details>\n<summary>${label}</summary>\n\n${body}\n\n</details>`
}

function tailOnly(output: string): Pick<ReportLog, 'head' | 'tail' | 'omittedLines'> {
  return { head: [], omittedLines: 0, tail: output.split('\n') }
}

function quoted(log: Pick<ReportLog, 'head' | 'tail' | 'omittedLines'>, detail: Detail): string {
  const head = Math.floor(detail.log / 5)
  const bounds: ExcerptBounds = { head, tail: detail.log - head, line: 500, total: 12_000 }
  const lines = excerptLines(excerpt(log, bounds))
  return lines.length === 0 ? '*It printed nothing.*' : fence(lines.join('\n'))
}

function failedControl(control: Report['control'] & { result: 'failed' }, detail: Detail): string[] {
  const blame = control.blame === 'image' ? 'the image' : 'the probe'
  return [
    `${prose(sentence(control.message))} Nothing was corrupted yet: the evidence points at **${blame}**, not at a fault.`,
    quoted(control.log, { ...detail, log: Math.max(detail.log, 20) })
  ]
}

/** How it was measured, and what else there is to know. */
function circumstances({ control, image, probes, engine, tool, notes, seconds }: Report): string {
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
    `Cache Crash Test ${markdownText(tool.version)} on Docker ${markdownText(engine.version)}, ${duration(seconds)}`
  ]
  return items.map((item) => `- ${item}`).join('\n')
}

function omissions({ omissions: all }: Report, detail: Detail): string {
  if (all.length === 0) return ''
  const rows = all.slice(0, detail.omissions)
  if (rows.length === 0) return ''
  const body = [
    '| Fault | Path | Why not |',
    '| :-- | :-- | :-- |',
    ...rows.map(
      ({ fault, path, reason }) => `| ${code(fault)} | ${code(path)} | ${prose(sentence(cut(reason, 300)))} |`
    )
  ]
  return folded(
    `${counted(all.length, 'combination')} of fault and path left out, with the reason`,
    body.join('\n')
  )
}

function skipped({ skipped: all }: Report): string {
  if (all.length === 0) return ''
  const items = all.slice(0, 100).map(({ id, reason }) => `- ${code(id)}: ${prose(cut(reason, 300))}`)
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
