import type { Report, ReportScenario } from '../schema.js'
import { duration, outcomes } from '../words.js'
import { html, type Html } from './markup.js'
import { RUN_STANDING, SIGN } from './words.js'

type Control = Report['control']

/** What a joined report is made of, one row a leg; nothing for a run by itself. */
export function legTable({ legs }: Report): Html | null {
  if (legs.length === 0) return null
  return html`<section aria-labelledby="legs-title" id="legs">
    <h2 id="legs-title">Legs</h2>
    <div class="scroll" tabindex="0" role="group" aria-label="Legs">
      <table>
        <thead>
          <tr>
            <th scope="col">Verdict</th>
            <th scope="col">Leg</th>
            <th scope="col">Image</th>
            <th scope="col">Scenarios</th>
            <th scope="col" class="number">Control ready after</th>
          </tr>
        </thead>
        <tbody>
          ${legs.map(({ name, verdict, image, control, counts }) => {
            const kind = RUN_STANDING[verdict]
            return html`<tr>
              <td>
                <span class="pill ${kind}"><span aria-hidden="true">${SIGN[kind]}</span> ${verdict}</span>
              </td>
              <th scope="row">${name}</th>
              <td><code>${image.reference}</code></td>
              <td>${outcomes({ counts, expectedFailures: 0 })}</td>
              <td class="number">
                ${control.result === 'passed' ? duration(control.readySeconds) : 'never: it failed'}
              </td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
  </section>`
}

/** The controls of a report, each with the leg that it is of; null for a run by itself. */
export function controls({ legs, control }: Report): readonly { leg: string | null; control: Control }[] {
  return legs.length === 0
    ? [{ leg: null, control }]
    : legs.map(({ name, control: own }) => ({ leg: name, control: own }))
}

/** The control that a scenario is measured against: that of its own leg. */
export function controlOf(report: Report, { leg }: Pick<ReportScenario, 'leg'>): Control {
  return controls(report).find((one) => one.leg === leg)?.control ?? report.control
}

/** `Control`, or which leg's. */
export function controlName(leg: string | null): string {
  return leg === null ? 'Control' : `Control of ${leg}`
}
