import { excerpt, excerptLines, type Excerpt, type ExcerptBounds } from './excerpt.js'
import { code, fence, htmlCode, markdownText, prose } from './markdown.js'
import type { Report, ReportScenario } from './schema.js'
import { sourceLink } from './source-link.js'
import { cut } from './untrusted.js'
import {
  causeOf,
  inside,
  named,
  place,
  searchCost,
  sentence,
  shortVerdict,
  standing,
  verdictWords,
  type Explained
} from './words.js'

/** How much a summary shows. */
export interface Detail {
  /** Lines of each log; its head gets a fifth. */
  readonly log: number
  /** Whether scenarios that passed have a row each. */
  readonly passing: boolean
  readonly omissions: number
  /** Rows of the table, and folded sections below it. */
  readonly rows: number
  readonly sections: number
}

/** What stands before a scenario. */
const SIGN = {
  failed: '❌',
  inconclusive: '⚠️',
  surprise: '🎉',
  'expected-failure': '🟠',
  passed: '✅'
} as const

/** What stands before the verdict of a run. */
export const RUN_SIGN = { passed: '✅', failed: '❌', inconclusive: '⚠️' } as const

/**
 * The verdict of a scenario and its name, the first two cells of its row. The line to change stands below the name: a column of
 * its own would push what to do out of sight.
 *
 * @param longest characters of the name
 */
export function rowHead(scenario: ReportScenario, report: Report, longest = Infinity): [string, string] {
  const verdict = markdownText(shortVerdict(scenario))
  const { location } = scenario
  return [
    `${SIGN[standing(scenario)]}&nbsp;${standing(scenario) === 'failed' ? `**${verdict}**` : verdict}`,
    `${code(cut(named(scenario), longest))}${location === null ? '' : `<br>at ${sourceLink(location, report)}`}`
  ]
}

/** One folded section: what happened, why, the log, and how to see it again. */
export function section(scenario: ReportScenario, detail: Detail): string {
  const { smokeTest, log, keptContainer } = scenario
  const also = scenario.also.length === 0 ? '' : ` Also: ${scenario.also.join(', ')}.`
  const facts = [
    `**Planted:** ${told(scenario.planted)}`,
    `**Seen:** ${told(scenario.detail)}${also}`,
    ...(searchCost(scenario) === '' ? [] : [`**Search:** ${told(searchCost(scenario))}`]),
    ...(scenario.verdict === 'failed' ? explained(scenario) : []),
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
  const label = `${SIGN[standing(scenario)]} ${htmlCode(named(scenario))} — ${markdownText(verdictWords(scenario))}`
  return folded(label, body.join('\n\n'))
}

/** Why it failed, and where in the repository. */
export function explained(failure: Explained): string[] {
  const { location } = failure
  const cause = causeOf(failure)
  return [
    ...(cause === '' ? [] : [`**Cause:** ${told(cause)}`]),
    ...(location === null ? [] : [`**Where:** ${code(place(location))}: ${code(cut(location.source, 200))}`])
  ]
}

function told(text: string): string {
  return prose(cut(sentence(text), 600))
}

/** GitHub reads Markdown inside `<details>` only after an empty line. */
export function folded(label: string, body: string): string {
  return `<details>\n<summary>${label}</summary>\n\n${body}\n\n</details>`
}

function tailOnly(output: string): Excerpt {
  return { head: [], omittedLines: 0, tail: output.split('\n') }
}

export function quoted(log: Excerpt, detail: Detail): string {
  const head = Math.floor(detail.log / 5)
  const bounds: ExcerptBounds = { head, tail: detail.log - head, line: 500, total: 12_000 }
  const lines = excerptLines(excerpt(log, bounds))
  return lines.length === 0 ? '*It printed nothing.*' : fence(lines.join('\n'))
}
