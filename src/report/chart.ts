import { code } from './markdown.js'
import type { Report } from './schema.js'
import { cut } from './untrusted.js'
import { duration, named } from './words.js'

/** Bars of a chart at most, the control's aside: the slowest, which are those to look at. */
const MOST_BARS = 15
/** Blocks of the longest bar. */
const LONGEST_BAR = 30
/** Eighths of a block, from none to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/**
 * Time to ready of the slowest scenarios against the control, as a table with bars of block characters. Unlike a Mermaid chart
 * it is read by a screen reader, shown by whatever shows Markdown, and takes any name for a label.
 * @returns undefined where there is nothing to compare
 */
export function readinessChart({
  control,
  scenarios,
  legs
}: Report): { label: string; body: string } | undefined {
  // Legs have controls of their own; one scale for all of them would compare images, not faults.
  if (control.result === 'failed' || legs.length > 0) return undefined
  const ready = scenarios
    .flatMap((scenario) =>
      scenario.readySeconds === null
        ? []
        : [{ name: code(cut(named(scenario), 200)), seconds: scenario.readySeconds }]
    )
    .sort((a, b) => b.seconds - a.seconds)
  const shown = ready.slice(0, MOST_BARS)
  if (shown.length === 0) return undefined
  const rows = [{ name: '**control**', seconds: control.readySeconds }, ...shown]
  const longest = Math.max(...rows.map(({ seconds }) => seconds))
  const table = rows.map(
    ({ name, seconds }) =>
      `| ${name} | ${duration(seconds).replace(' ', '&nbsp;')} | ${bar(seconds / longest)} |`
  )
  const some = ready.length > shown.length ? ` of the ${shown.length} slowest scenarios` : ''
  return {
    label: `Time to ready${some} against the control`,
    body: ['| Scenario | Ready after | |', '| :-- | --: | :-- |', ...table].join('\n')
  }
}

/** @param share of the longest bar, 0 to 1 */
function bar(share: number): string {
  const eighths = Number.isFinite(share) ? Math.max(1, Math.round(share * LONGEST_BAR * 8)) : 1
  return `\`${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8] ?? ''}\``
}
