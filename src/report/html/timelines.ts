import type { Report, ReportScenario } from '../schema.js'
import { duration, named, timing } from '../words.js'
import { attribute } from './log.js'
import { controlName, controls } from './legs.js'
import { html, type Html } from './markup.js'
import { bars, controlNeverReady, legend, lengthOf, neverReady } from './timeline.js'

/** More rows than this are folded. */
const MOST_OPEN = 40

/** Every trial on one scale with the control. */
export function timelines(report: Report, anchors: ReadonlyMap<ReportScenario, string>): Html | null {
  const { scenarios } = report
  const measures = controls(report)
  const timed = scenarios.filter(({ phases }) => phases.length > 0)
  if (timed.length === 0) return null
  const scale = Math.max(
    ...[...measures.map(({ control }) => control), ...timed].map(({ phases }) => lengthOf(phases))
  )
  const row = (scenario: ReportScenario): Html => {
    const { phases } = scenario
    const id = named(scenario)
    const took = duration(lengthOf(phases) / 1000)
    return html`<tr>
      <th scope="row"><a href="#${anchors.get(scenario) ?? ''}">${id}</a></th>
      <td class="bar-cell">${bars(phases, scale, neverReady(scenario), `${id}: ${took}`)}</td>
      <td class="number">${timing(scenario) || 'never'}</td>
      <td class="number">${took}</td>
    </tr>`
  }
  return html`<section aria-labelledby="timelines-title" id="timelines">
    <h2 id="timelines-title">Where the time went</h2>
    <details ${attribute('open', timed.length <= MOST_OPEN)}>
      <summary>${timed.length} trials beside the control; whole width: ${duration(scale / 1000)}</summary>
      ${legend()}
      <div class="scroll" tabindex="0" role="group" aria-label="Where the time went">
        <table class="timelines">
          <thead>
            <tr>
              <th scope="col">Scenario</th>
              <th scope="col">Phases</th>
              <th scope="col" class="number">Ready after</th>
              <th scope="col" class="number">Took</th>
            </tr>
          </thead>
          <tbody>
            ${measures.map((one) => controlRow(one, scale))} ${timed.map(row)}
          </tbody>
        </table>
      </div>
    </details>
  </section>`
}

function controlRow({ leg, control }: ReturnType<typeof controls>[number], scale: number): Html {
  const took = duration(lengthOf(control.phases) / 1000)
  return html`<tr>
    <th scope="row"><a href="#control">${controlName(leg)}</a></th>
    <td class="bar-cell">
      ${bars(control.phases, scale, controlNeverReady(control), `${controlName(leg)}: ${took}`)}
    </td>
    <td class="number">${control.result === 'passed' ? duration(control.readySeconds) : 'never'}</td>
    <td class="number">${took}</td>
  </tr>`
}
