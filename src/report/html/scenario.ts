import type { Report, ReportScenario } from '../schema.js'
import {
  causeOf,
  duration,
  inside,
  named,
  searchCost,
  sentence,
  standing,
  timing,
  verdictWords
} from '../words.js'
import { attribute, logSection } from './log.js'
import { controlOf } from './legs.js'
import { html, type Content, type Html } from './markup.js'
import { sourceLine } from './source.js'
import { trialTimeline } from './timeline.js'
import { breakable, pill, prose } from './words.js'

/** What a scenario's section needs beside the scenario. */
export interface Setting {
  readonly report: Report
  readonly anchor: string
  readonly open: boolean
}

/** One scenario, folded: what was planted and seen, why, the timeline, the logs, and how to see it again. */
export function scenarioSection(scenario: ReportScenario, { report, anchor, open }: Setting): Html {
  const { leg, fault, mode, path, title, verdict, reason, family } = scenario
  const id = named(scenario)
  return html`<article
    class="scenario ${standing(scenario)}"
    id="${anchor}"
    tabindex="-1"
    aria-label="${id}"
    data-standing="${standing(scenario)}"
    data-verdict="${verdict}"
    data-reason="${reason ?? ''}"
    data-family="${family ?? ''}"
    data-path="${path}"
    data-leg="${leg ?? ''}"
  >
    <details ${attribute('open', open)}>
      <summary>
        ${pill(scenario, verdictWords(scenario))}
        ${leg === null ? null : html`<span class="leg">${leg}</span>`}
        <span class="name"><b>${fault}</b>@${breakable(path)}/${mode}</span>
        <span class="timing">${timing(scenario)}</span>
      </summary>
      <div class="body">
        <h3>
          ${sentence(title)}
          <a class="permalink" href="#${anchor}">Link<span class="unseen"> to ${id}</span></a>
        </h3>
        ${explanation(scenario, report.origin)} ${logs(scenario)}
        ${trialTimeline(scenario, controlOf(report, scenario))} ${bootTable(scenario)}
        ${command('See it again', 'Where the repository is checked out:', scenario.reproduce)}
        ${keptContainer(scenario)}
      </div>
    </details>
  </article>`
}

function explanation(scenario: ReportScenario, origin: Report['origin']): Html {
  const { also, planted, detail, diagnosis, remedy, location, volume, role, source, expectation } = scenario
  const needsCause = scenario.verdict === 'failed' || scenario.verdict === 'inconclusive'
  const cause = needsCause ? causeOf(scenario) : ''
  const alsoWords = also.length === 0 ? '' : ` Also: ${also.join(', ')}.`
  return html`<dl class="facts">
    ${fact('Planted', prose(sentence(planted)))} ${fact('Seen', prose(`${sentence(detail)}${alsoWords}`))}
    ${location === null ? null : fact('Where', sourceLine(location, origin))}
    ${cause === '' ? null : fact('Cause', prose(cause))}
    ${diagnosis === null || diagnosis.lines.length === 0 ? null : fact('By these lines', html`<pre class="quote">${diagnosis.lines.join('\n')}</pre>`)}
    ${reduced(scenario)}
    ${remedy === null ? null : fact('What to do', html`<strong>${prose(sentence(remedy))}</strong>`)}
    ${fact('Path', html`<code>${scenario.path}</code>: ${role} (${source}), ${volume === null ? 'in the container’s own layer' : html`on the volume <code>${volume}</code>`}`)}
    ${fact('Expected', EXPECTED[expectation])}
  </dl>`
}

/** Which of the files that were damaged together are to blame. */
function reduced(scenario: ReportScenario): Html | null {
  const { reduction } = scenario
  if (reduction === null) return null
  const { files, count, finding } = reduction
  const more = count - files.length
  return fact(
    'Narrowed down',
    html`${prose(sentence(finding))} <span class="muted">${searchCost(scenario)}</span>
      <ul class="files">
        ${files.map((file) => html`<li><code>${breakable(file)}</code></li>`)}
        ${more === 0 ? null : html`<li class="muted">and ${more} more</li>`}
      </ul>`
  )
}

const EXPECTED: Readonly<Record<ReportScenario['expectation'], string>> = {
  recover: 'Start-up recovers.',
  'recover-or-refuse': 'Start-up recovers, or refuses to run and leaves the data as it is.',
  'leave-alone': 'Start-up leaves it alone.'
}

function fact(term: string, description: Content): Html {
  return html`<div>
    <dt>${term}</dt>
    <dd>${description}</dd>
  </div>`
}

function logs({ log, otherLogs, smokeTest, verdict }: ReportScenario): Html {
  return html` ${log === null ? null : logSection(log, { open: verdict !== 'refused' })}
  ${
    smokeTest === null || smokeTest.output.trim() === ''
      ? null
      : html`<details class="log" open>
          <summary>Output of the smoke test</summary>
          <pre class="lines" tabindex="0" role="group" aria-label="Output of the smoke test">
${smokeTest.output}</pre>
        </details>`
  }
  ${otherLogs.map((other) => logSection(other, { open: false }))}`
}

function bootTable({ boots, secondBoot, seconds }: ReportScenario): Html {
  const rows = [
    ...boots.map((boot, index) => ({ boot, label: boots.length === 1 ? 'boot' : `replica ${index + 1}` })),
    ...(secondBoot === null ? [] : [{ boot: secondBoot, label: 'second boot' }])
  ]
  if (rows.length === 0)
    return html`<p class="muted">No boot on the planted state; the trial took ${duration(seconds)}.</p>`
  return html`<table class="boots">
    <thead>
      <tr>
        <th scope="col">Boot</th>
        <th scope="col">Outcome</th>
        <th scope="col" class="number">Ready after</th>
        <th scope="col" class="number">Exit code</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ boot, label }) =>
          html`<tr>
            <th scope="row">${label}</th>
            <td>${boot.outcome}${boot.oomKilled ? ', out of memory' : null}</td>
            <td class="number">${boot.readySeconds === null ? '—' : duration(boot.readySeconds)}</td>
            <td class="number">${boot.exitCode ?? '—'}</td>
          </tr>`
      )}
    </tbody>
  </table>`
}

function keptContainer(scenario: ReportScenario): Html | null {
  const { keptContainer: container } = scenario
  return container === null
    ? null
    : command(
        'Look inside',
        html`Its container <code>${container}</code> was kept:`,
        inside(scenario, container)
      )
}

/** A command line with a button that copies it. */
function command(title: string, introduction: Content, line: string): Html {
  return html`<div class="command">
    <h4>${title}</h4>
    <p class="muted">${introduction}</p>
    <pre tabindex="0" role="group" aria-label="${title}">${line}</pre>
    <button type="button" class="copy" hidden>Copy</button>
  </div>`
}
