import { counted, excerptLines, excerpt } from './excerpt.js'
import { code, fence, markdownText, prose } from './markdown.js'
import type { Report, ReportLocation, ReportScenario } from './schema.js'
import { folded, SIGN } from './summary-section.js'
import { cut } from './untrusted.js'
import {
  byUrgency,
  causeOf,
  named,
  place,
  sentence,
  shortVerdict,
  standing,
  story,
  title,
  whatToDo
} from './words.js'

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

const RUN_SIGN = { passed: '✅', failed: '❌', inconclusive: '⚠️' } as const

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
    const where = location === null ? '' : ` Where: ${link(location, report)}.`
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
  const where = rows.some(({ location }) => location !== null)
  const head = ['Verdict', 'Scenario', ...(where ? ['Where'] : []), 'What to do']
  const lines = [
    head,
    head.map(() => ':--'),
    ...rows.map((scenario) => row(scenario, report, where, words))
  ].map((cells) => `| ${cells.join(' | ')} |`)
  return [lines.join('\n'), rest].filter((part) => part !== '').join('\n\n')
}

function row(scenario: ReportScenario, report: Report, where: boolean, words: number): string[] {
  const verdict = markdownText(shortVerdict(scenario))
  return [
    `${SIGN[standing(scenario)]}&nbsp;${standing(scenario) === 'failed' ? `**${verdict}**` : verdict}`,
    code(cut(named(scenario), 200)),
    ...(where ? [scenario.location === null ? '' : link(scenario.location, report)] : []),
    prose(cut(whatToDo(scenario), words))
  ]
}

/** The line of the repository, as a link to it at the commit that was tested. */
function link(location: ReportLocation, { origin: { runUrl, sha } }: Report): string {
  const text = code(cut(place(location), 200))
  const repository = runUrl === null ? undefined : SAFE_RUN_URL.exec(runUrl)?.[1]
  if (repository === undefined || sha === null || !/^[0-9a-f]{40,64}$/.test(sha)) return text
  const path = location.file.split('/').map(encoded).join('/')
  return `[${text}](${repository}/blob/${sha}/${path}#L${location.line})`
}

/** With what encodeURIComponent leaves and Markdown would read. */
function encoded(part: string): string {
  const escape = (character: string): string => `%${(character.codePointAt(0) ?? 0).toString(16)}`
  return encodeURIComponent(part.replace(/\p{Cs}/gu, '\ufffd')).replace(/[!'()*_~]/g, escape)
}

const SAFE_RUN_URL = /^(https?:\/\/[\w.:-]+\/[\w.-]+\/[\w.-]+)\/actions\/runs\/\d+$/

function footer({ origin: { runUrl, sha }, tool }: Report): string {
  const commit = sha !== null && /^[0-9a-f]{7,64}$/.test(sha) ? ` Tested at ${sha.slice(0, 7)}.` : ''
  const details =
    runUrl !== null && SAFE_RUN_URL.test(runUrl)
      ? `[Logs, and the commands that repeat it](${runUrl})`
      : 'Logs, and the commands that repeat it, are in the job summary'
  return `<sub>${details}.${commit} Cache Crash Test ${markdownText(tool.version)}</sub>`
}
