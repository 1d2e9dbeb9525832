import { counted } from './excerpt.js'
import { code, prose } from './markdown.js'
import { fitted, padded, paint, width } from './paint.js'
import { SUMMARY_LIMIT } from './summary.js'
import { folded } from './summary-section.js'
import { cut, visible } from './untrusted.js'
import { duration, roughly, sentence } from './words.js'
import type { PlanFile } from '../plan/plan-file.js'

/** Rows of a table in a summary, as many as fit; the plan's file has the rest. */
const ROWS = [1_000, 300, 100]

/**
 * The plan as a job summary: GitHub-flavoured Markdown, within GitHub's limit. Everything that others wrote is escaped.
 */
export function planSummary(plan: PlanFile): string {
  const texts = ROWS.map((rows) => summaryOf(plan, rows))
  return texts.find((text) => Buffer.byteLength(text) <= SUMMARY_LIMIT) ?? `## ${headline(plan)}\n`
}

function summaryOf(plan: PlanFile, most: number): string {
  const { scenarios, omissions, image } = plan
  const parted = plan.shards.length > 1
  const rows = scenarios
    .slice(0, most)
    .map(({ id, planted, expectation, estimatedSeconds, shard }) => [
      code(id),
      prose(sentence(cut(planted, 300))),
      expectation,
      duration(estimatedSeconds).replace(' ', '&nbsp;'),
      ...(parted ? [String(shard)] : [])
    ])
  const more = scenarios.length - rows.length
  const parts = [
    `## ${headline(plan)}`,
    `${code(image.reference)} was ready after ${duration(plan.controlSeconds)} on clean state. Nothing was corrupted yet.`,
    scenarios.length === 0
      ? ''
      : table(
          ['Scenario', 'What it plants', 'Start-up must', 'Estimated', ...(parted ? ['Shard'] : [])],
          rows
        ),
    more > 0 ? `And ${counted(more, 'more scenario')}; \`plan.json\` has them all.` : '',
    omissions.length === 0
      ? ''
      : folded(
          `${counted(omissions.length, 'combination')} of fault and path left out, with the reason`,
          table(
            ['Fault', 'Path', 'Why not'],
            omissions
              .slice(0, most)
              .map(({ fault, path, reason }) => [code(fault), code(path), prose(sentence(cut(reason, 300)))])
          )
        )
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** The plan for a terminal or a workflow's log. */
export function planTerminal(
  plan: PlanFile,
  { colour, columns }: { readonly colour: boolean; readonly columns: number }
): string {
  const ink = paint(colour)
  const parted = plan.shards.length > 1
  const longest = Math.max(0, ...plan.scenarios.map(({ id }) => width(visible(id))))
  const ids = Math.min(longest, Math.max(20, columns - 40))
  const scenarios = plan.scenarios.map(({ id, planted, expectation, estimatedSeconds, shard }) => {
    const time = duration(estimatedSeconds).padStart(8)
    const where = parted ? ` ${String(shard).padStart(3)}/${plan.shards.length}` : ''
    return `${ink.dim(time + where)}  ${padded(fitted(visible(id), ids), ids)}  ${ink.dim(`${expectation}: ${fitted(visible(planted), columns)}`)}`
  })
  const omissions = plan.omissions.map(
    ({ fault, path, reason }) => `  ${visible(fault)} at ${visible(path)}: ${visible(reason)}`
  )
  return [
    ink.bold(headline(plan)),
    '',
    ...scenarios,
    ...(omissions.length === 0 ? [] : ['', ink.dim('Left out:'), ...omissions]),
    ''
  ].join('\n')
}

/** `Plan: 14 scenarios, about 2 min; in 3 shards about 50 s each`. */
function headline({ scenarios, estimatedSeconds, shards }: PlanFile): string {
  const longest = Math.max(0, ...shards.map((shard) => shard.estimatedSeconds))
  const parted = shards.length > 1 ? `; in ${shards.length} shards about ${roughly(longest)} each` : ''
  return scenarios.length === 0
    ? 'Plan: there is nothing to test'
    : `Plan: ${counted(scenarios.length, 'scenario')}, about ${roughly(estimatedSeconds)}${parted}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => ':--'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
