import { counted, excerptLines, excerpt } from './excerpt.js'
import { code, fence, markdownText, prose } from './markdown.js'
import type { Report, ReportScenario } from './schema.js'
import { SAFE_RUN_URL, sourceLink } from './source-link.js'
import { folded, rowHead, RUN_SIGN } from './summary-section.js'
import { cut } from './untrusted.js'
import { byUrgency, causeOf, sentence, standing, story, title, whatToDo } from './words.js'

/** What GitHub takes of a comment, in characters; more is answered with 422. */
export const COMMENT_LIMIT = 65_536

/** From what a reader can take in down to what fits anywhere: rows of the table, and characters of what to do. */
const DEGREES = [
  { rows: 30, words: 300 },
  { rows: 15, words: 200 },
  { rows: 5, words: 100 },
  { rows: 0, words: 0 }
] as const

type Degree = (typeof DEGREES)[number]

/**
 * The comment on a pull request, in GitHub-flavoured Markdown: what came out, what failed, where, and what to do. Everything
 * else is a link away, in the job summary. What others wrote is escaped and mentions nobody.
 * @param limit characters; what does not fit is cut by rule, and the comment says what was cut
 */
export function renderComment(report: Report, limit = COMMENT_LIMIT): string {
  for (const degree of DEGREES) {
    const text = render(report, degree)
    if (text.length <= limit) return text
  }
  return `${headline(report)}\n`
}

function render(report: Report, degree: Degree): string {
  const parts = [
    headline(report),
    about(report),
    ...failedControl(report),
    table(report, degree),
    footer(report)
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function headline(report: Report): string {
  return `### ${RUN_SIGN[report.verdict]} ${markdownText(title(report))}`
}

function about(report: Report): string {
  const { leg, shard } = report.part
  const names = [
    ...(leg === null ? [] : [markdownText(cut(leg, 200))]),
    ...(shard === null ? [] : [`shard ${shard.index}/${shard.total}`])
  ]
  const which = names.length === 0 ? '' : `**${names.join(', ')}:** `
  return `${which}${report.legs.length > 0 ? '' : `${code(cut(report.image.reference, 200))} `}${story(report)}`
}

function failedControl(report: Report): string[] {
  const failed =
    report.legs.length > 0
      ? report.legs.map(({ name, control }) => ({ name, control }))
      : [{ name: null, control: report.control }]
  return failed.slice(0, 3).flatMap(({ name, control }) => {
    if (control.result !== 'failed') return []
    const of = name === null ? '' : `**${markdownText(cut(name, 200))}:** `
    const { location } = control
    const where = location === null ? '' : ` Where: ${sourceLink(location, report)}.`
    const lines = excerptLines(excerpt(control.log, { head: 0, tail: 10, line: 200, total: 2_000 }))
    return [
      `${of}${prose(sentence(cut(control.message, 500)))} ${prose(cut(causeOf(control), 300))}${where}`,
      ...(lines.length === 0 ? [] : [folded('Its log ends', fence(lines.join('\n')))])
    ]
  })
}

/** What a reader has to act on; what passed is a number. */
function table(report: Report, { rows: most, words }: Degree): string {
  const scenarios = byUrgency(report.scenarios)
  const urgent = scenarios.filter((scenario) => standing(scenario) !== 'passed')
  const rows = urgent.slice(0, most)
  const passed = scenarios.length - urgent.length
  const rest = [
    ...(urgent.length > rows.length
      ? [`${counted(urgent.length - rows.length, 'more scenario')} did not pass: see the job summary.`]
      : []),
    ...(passed > 0 && urgent.length > 0 ? [`✅ ${counted(passed, 'scenario')} passed.`] : []),
    ...(report.skipped.length > 0 ? [`${counted(report.skipped.length, 'scenario')} did not run.`] : [])
  ].join(' ')
  if (rows.length === 0) return rest
  const head = ['Verdict', 'Scenario', 'What to do']
  const lines = [head, head.map(() => ':--'), ...rows.map((scenario) => row(scenario, report, words))].map(
    (cells) => `| ${cells.join(' | ')} |`
  )
  return [lines.join('\n'), rest].filter((part) => part !== '').join('\n\n')
}

function row(scenario: ReportScenario, report: Report, words: number): string[] {
  return [...rowHead(scenario, report, 200), prose(cut(whatToDo(scenario), words))]
}

function footer({ origin: { runUrl, sha }, tool }: Report): string {
  const commit = sha !== null && /^[0-9a-f]{7,64}$/.test(sha) ? ` Tested at ${sha.slice(0, 7)}.` : ''
  const details =
    runUrl !== null && SAFE_RUN_URL.test(runUrl)
      ? `[Logs, and the commands that repeat it](${runUrl})`
      : 'Logs, and the commands that repeat it, are in the job summary'
  return `<sub>${details}.${commit} Cache Crash Test ${markdownText(tool.version)}</sub>`
}
