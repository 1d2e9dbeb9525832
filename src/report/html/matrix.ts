import type { Report, ReportScenario } from '../schema.js'
import { standing, verdictWords } from '../words.js'
import { html, type Html } from './markup.js'
import { breakable, SIGN } from './words.js'

/**
 * Every fault at every path: a link to each scenario, a link to the reason where a combination was left out. Faults are rows,
 * since there are many and their names are long; paths are columns.
 */
export function matrix(report: Report, anchors: ReadonlyMap<ReportScenario, string>): Html | null {
  const omissions = report.omissions.map((omission, index) => ({ ...omission, number: index + 1 }))
  const tables = (report.legs.length === 0 ? [null] : report.legs.map(({ name }) => name)).flatMap((leg) => {
    const isOf = (one: { readonly leg: string | null }): boolean => one.leg === leg
    const found = table(report.scenarios.filter(isOf), omissions.filter(isOf), anchors, leg)
    return found === null
      ? []
      : [
          leg === null
            ? found
            : html`<h3>${leg}</h3>
                ${found}`
        ]
  })
  if (tables.length === 0) return null
  return html`<section aria-labelledby="matrix-title" id="matrix">
    <h2 id="matrix-title">Faults and paths</h2>
    ${tables}
  </section>`
}

/** Left out, and which of all that were. */
type Omission = Report['omissions'][number] & { readonly number: number }

function table(
  scenarios: readonly ReportScenario[],
  omissions: readonly Omission[],
  anchors: ReadonlyMap<ReportScenario, string>,
  leg: string | null
): Html | null {
  const cells = new Map<string, Html[]>()
  const add = (fault: string, path: string, cell: Html): void => {
    const key = JSON.stringify([fault, path])
    cells.set(key, [...(cells.get(key) ?? []), cell])
  }
  for (const scenario of scenarios) add(scenario.fault, scenario.path, scenarioCell(scenario, anchors))
  for (const { fault, path, reason, number } of omissions) {
    add(fault, path, html`<a class="cell omitted" href="#omission-${number}" title="${reason}">left out</a>`)
  }
  if (cells.size === 0) return null
  const paths = inOrder([...scenarios, ...omissions].map(({ path }) => path))
  const faults = inOrder([...scenarios, ...omissions].map(({ fault }) => fault))
  const row = (fault: string): Html =>
    html`<tr>
      <th scope="row"><code>${fault}</code></th>
      ${paths.map((path) => html`<td>${cells.get(JSON.stringify([fault, path])) ?? html`<span class="muted" aria-label="not planned">·</span>`}</td>`)}
    </tr>`
  const label = leg === null ? 'Faults and paths' : `Faults and paths of ${leg}`
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">Fault</th>
          ${paths.map((path) => html`<th scope="col"><code>${breakable(path)}</code></th>`)}
        </tr>
      </thead>
      <tbody>
        ${faults.map(row)}
      </tbody>
    </table>
  </div>`
}

function scenarioCell(scenario: ReportScenario, anchors: ReadonlyMap<ReportScenario, string>): Html {
  const kind = standing(scenario)
  const words = verdictWords(scenario)
  return html`<a class="cell ${kind}" href="#${anchors.get(scenario) ?? ''}" title="${words}"
    ><span aria-hidden="true">${SIGN[kind]}</span> ${scenario.mode}<span class="unseen">: ${words}</span></a
  >`
}

/** Each once, in the order in which they first come. */
function inOrder(names: readonly string[]): string[] {
  return [...new Set(names)]
}
