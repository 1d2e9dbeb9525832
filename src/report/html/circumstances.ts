import { counted } from '../excerpt.js'
import type { Report } from '../schema.js'
import { causeOf, duration, named, sentence } from '../words.js'
import { logSection } from './log.js'
import { controlName, controls } from './legs.js'
import { html, type Content, type Html } from './markup.js'
import { sourceLine } from './source.js'
import { bars, controlNeverReady, legend, lengthOf, phaseTable } from './timeline.js'
import { breakable, prose } from './words.js'

/** The boots on clean state, of every leg: how long they took, and what they printed. */
export function controlSections(report: Report): Html {
  return html`<section aria-labelledby="control-title" id="control">
    <h2 id="control-title" tabindex="-1">Control</h2>
    ${controls(report).map(
      ({ leg, control }) =>
        html`${leg === null ? null : html`<h3>${leg}</h3>`}${controlSection(control, leg, report.origin)}`
    )}
  </section>`
}

function controlSection(control: Report['control'], leg: string | null, origin: Report['origin']): Html {
  const { phases, otherLogs } = control
  const length = lengthOf(phases)
  return html`${control.result === 'passed' ? passed(control) : failed(control, origin)}
  ${
    phases.length === 0
      ? null
      : html`<figure class="timeline">
          <figcaption>Timeline <span class="muted">whole width: ${duration(length / 1000)}</span></figcaption>
          <div class="track">
            <span class="muted">Control</span
            >${bars(phases, length, controlNeverReady(control), `${controlName(leg)}: ${duration(length / 1000)}`)}
          </div>
          ${legend()}
          <details class="phases">
            <summary>Phases in numbers</summary>
            ${phaseTable(phases)}
          </details>
        </figure>`
  }
  ${control.result === 'failed' ? logSection(control.log, { open: true }) : null}
  ${otherLogs.map((log) => logSection(log, { open: false }))}`
}

type Control<Result> = Extract<Report['control'], { readonly result: Result }>

function passed({ readySeconds, secondReadySeconds, ignoresStopSignal }: Control<'passed'>): Html {
  return html`<p>
    Booted on clean state, the image was ready after <b>${duration(readySeconds)}</b>, then after
    <b>${duration(secondReadySeconds)}</b> on the state that this
    left.${ignoresStopSignal ? ' It ignores its stop signal.' : null}
  </p>`
}

function failed(control: Control<'failed'>, origin: Report['origin']): Html {
  const cause = causeOf(control)
  return html`<p>${prose(sentence(control.message))}</p>
    <dl class="facts">
      ${cause === '' ? null : item('Cause', prose(cause))}
      ${control.location === null ? null : item('Where', sourceLine(control.location, origin))}
    </dl>`
}

/** What was left out, and what was planned and not run, with the reasons. */
export function omissionSection({ legs, omissions, skipped }: Report): Html | null {
  if (omissions.length + skipped.length === 0) return null
  return html`<section aria-labelledby="omissions-title" id="omissions">
    <h2 id="omissions-title">Left out</h2>
    ${
      omissions.length === 0
        ? null
        : html`<details open>
            <summary>${counted(omissions.length, 'combination')} of fault and path</summary>
            <div class="scroll" tabindex="0" role="group" aria-label="Left out">
              <table>
                <thead>
                  <tr>
                    ${legs.length === 0 ? null : html`<th scope="col">Leg</th>`}
                    <th scope="col">Fault</th>
                    <th scope="col">Path</th>
                    <th scope="col">Why not</th>
                  </tr>
                </thead>
                <tbody>
                  ${omissions.map(
                    ({ leg, fault, path, reason }, index) =>
                      html`<tr id="omission-${index + 1}" tabindex="-1">
                        ${legs.length === 0 ? null : html`<td>${leg}</td>`}
                        <td><code>${fault}</code></td>
                        <td><code>${breakable(path)}</code></td>
                        <td>${prose(sentence(reason))}</td>
                      </tr>`
                  )}
                </tbody>
              </table>
            </div>
          </details>`
    }
    ${
      skipped.length === 0
        ? null
        : html`<details open>
            <summary>${counted(skipped.length, 'scenario')} planned but not run</summary>
            <ul>
              ${skipped.map(({ leg, id, reason }) => html`<li><code>${breakable(named({ leg, id }))}</code>: ${prose(sentence(reason))}</li>`)}
            </ul>
          </details>`
    }
  </section>`
}

/** What was tested, with what, and what else there is to know; of a joined report, leg by leg. */
export function environmentSection(report: Report): Html {
  const { tool, origin, seconds, strict, legs } = report
  return html`<section aria-labelledby="environment-title" id="environment">
    <h2 id="environment-title">Environment</h2>
    ${
      legs.length === 0
        ? environment(report)
        : legs.map(
            (leg) =>
              html`<h3>${leg.name}</h3>
                ${environment(leg)}`
          )
    }
    ${legs.length === 0 ? null : html`<h3>All together</h3>`}
    <dl class="facts">
      ${item('Tool', `Cache Crash Test ${tool.version}${strict ? ', strict' : ''}`)}
      ${origin.sha === null ? null : item('Commit', html`<code>${origin.sha}</code>`)}
      ${item('Took', duration(seconds))}
    </dl>
  </section>`
}

function environment({ image, engine, probes, notes }: Report | Report['legs'][number]): Html {
  const user = image.uid === 0 ? 'root' : `${image.user === '' ? 'user' : image.user} (uid ${image.uid})`
  return html`${
      notes.length === 0
        ? null
        : html`<ul class="notes">
            ${notes.map((note) => html`<li>${prose(sentence(note))}</li>`)}
          </ul>`
    }
    <dl class="facts">
      ${item('Image', html`<code>${image.reference}</code><br /><code class="muted">${image.id}</code>`)}
      ${item('Platform', `${image.os}/${image.architecture}`)}
      ${item('Runs as', `${user}, at home in ${image.home}, in ${image.workdir}`)}
      ${item('Volumes', image.volumes.length === 0 ? 'none' : image.volumes.join(', '))}
      ${item('Ports', image.ports.length === 0 ? 'none' : image.ports.join(', '))}
      ${image.python === null ? null : item('Python', image.python)}
      ${probes.length === 0 ? null : item('Ready means', html`${probes.map((probe) => html`${prose(probe)}<br />`)}`)}
      ${item('Engine', `Docker ${engine.version}`)}
    </dl>`
}

function item(term: string, description: Content): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${description}</dd>
  </div>`
}
