import { counted, END_MISSING } from '../excerpt.js'
import { textStyles, type ReportLog } from '../schema.js'
import { html, type Html } from './markup.js'

/** Longer logs are folded even where they explain a verdict. */
const LONGEST_OPEN = 60

/** A log that can be folded, with line numbers and the colours that a terminal would have shown. */
export function logSection(log: ReportLog, { open }: { readonly open: boolean }): Html {
  const shown = log.head.length + log.tail.length
  const size = counted(shown + log.omittedLines, 'line')
  const cut = log.omittedLines === 0 ? null : html`, ${log.omittedLines} left out`
  const title = html`Log of the ${log.boot}`
  if (shown === 0) {
    const nothing = log.endMissing ? `${END_MISSING}.` : 'it printed nothing.'
    return html`<p class="empty">${title}: ${log.omittedLines === 0 ? nothing : size}</p>`
  }
  return html`<details class="log" ${attribute('open', open && shown <= LONGEST_OPEN)}>
    <summary>${title} <span class="muted">${size}${cut}</span></summary>
    ${lines(log)}
  </details>`
}

/** Lines with their numbers in the whole log, of which the middle and the end may be missing. */
function lines({ boot, head, omittedLines, tail, endMissing, styled }: ReportLog): Html {
  const ranges = new Map<number, ReportLog['styled']>()
  for (const range of styled) ranges.set(range.line, [...(ranges.get(range.line) ?? []), range])
  const line = (text: string, index: number): Html => {
    const number = index < head.length ? index + 1 : index + 1 + omittedLines
    return html`<span class="line" data-n="${number}">${coloured(text, ranges.get(index) ?? [])}</span>`
  }
  const all = [...head, ...tail].map(line)
  const gap =
    omittedLines === 0 ? null : html`<span class="gap">… ${counted(omittedLines, 'line')} left out …</span>`
  const rest = endMissing ? html`<span class="gap">… ${END_MISSING} …</span>` : null
  return html`<pre class="lines" tabindex="0" role="group" aria-label="Log of the ${boot}">
${all.slice(0, head.length)}${gap}${all.slice(head.length)}${rest}</pre>`
}

/** The line with its styled ranges; one that overlaps an earlier one or has no place in the line is left out. */
function coloured(text: string, ranges: ReportLog['styled']): Html {
  const parts: (Html | string)[] = []
  let from = 0
  for (const { start, end, styles } of ranges) {
    if (start < from || end <= start || end > text.length) continue
    const names = textStyles.filter((style) => styles.includes(style)).map((style) => `ansi-${style}`)
    parts.push(
      text.slice(from, start),
      html`<span class="${names.join(' ')}">${text.slice(start, end)}</span>`
    )
    from = end
  }
  return html`${parts}${text.slice(from)}`
}

/** An attribute without a value, or nothing. */
export function attribute(name: 'open' | 'hidden', on: boolean): Html | null {
  if (!on) return null
  return name === 'open' ? html`open` : html`hidden`
}
