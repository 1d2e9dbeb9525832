import type { Report, ReportScenario } from '../schema.js'
import { byUrgency, standing } from '../words.js'
import { html, type Html } from './markup.js'
import { scenarioSection } from './scenario.js'

/** From so many on, those that are out of sight are not laid out. */
const MANY = 50

/** Every scenario, those that need a reader first, with what finds one among many. */
export function scenarioList(report: Report, anchors: ReadonlyMap<ReportScenario, string>): Html | null {
  if (report.scenarios.length === 0) return null
  const scenarios = byUrgency(report.scenarios)
  return html`<section
    aria-labelledby="scenarios-title"
    id="scenarios"
    class="${scenarios.length >= MANY ? 'many' : 'few'}"
  >
    <h2 id="scenarios-title" tabindex="-1">Scenarios</h2>
    ${toolbar(scenarios)}
    ${scenarios.map((scenario, index) =>
      scenarioSection(scenario, {
        report,
        anchor: anchors.get(scenario) ?? '',
        open: index === 0 && standing(scenario) === 'failed'
      })
    )}
    <p id="nothing-found" hidden>
      No scenario matches. <button type="button" class="clear">Clear the filters</button>
    </p>
  </section>`
}

/** Works with the page's script only, which shows it. */
function toolbar(scenarios: readonly ReportScenario[]): Html {
  const verdicts = counts(scenarios.map(({ verdict }) => verdict))
  return html`<form class="toolbar" id="filters" role="search" hidden>
    <label class="search"
      ><span class="unseen">Search ids, details and logs</span
      ><input
        type="search"
        id="search"
        placeholder="Search ids, details and logs"
        autocomplete="off"
        spellcheck="false"
        aria-keyshortcuts="/"
      /><kbd aria-hidden="true">/</kbd></label
    >
    <fieldset>
      <legend class="unseen">Verdict</legend>
      ${verdicts.map(([verdict, count]) => html`<label class="chip"><input type="checkbox" name="verdict" value="${verdict}" />${verdict} <span class="muted">${count}</span></label>`)}
    </fieldset>
    ${choice(
      'leg',
      'Leg',
      scenarios.map(({ leg }) => leg ?? '')
    )}
    ${choice(
      'reason',
      'Reason',
      scenarios.map(({ reason }) => reason ?? '')
    )}
    ${choice(
      'family',
      'Family',
      scenarios.map(({ family }) => family ?? '')
    )}
    ${choice(
      'path',
      'Path',
      scenarios.map(({ path }) => path)
    )}
    <span class="fold"
      ><button type="button" id="open-all">Open all</button>
      <button type="button" id="close-all">Close all</button>
      <button type="button" class="clear">Clear</button></span
    >
    <p id="found" role="status">${scenarios.length} scenarios</p>
  </form>`
}

/** Nothing to choose from where all are alike. */
function choice(name: string, label: string, values: readonly string[]): Html | null {
  const options = counts(values.filter((value) => value !== ''))
  if (options.length < 2) return null
  return html`<label class="choice"
    ><span>${label}</span
    ><select name="${name}">
      <option value="">any</option>
      ${options.map(([value, count]) => html`<option value="${value}">${value} (${count})</option>`)}
    </select></label
  >`
}

/** Each value once, with how often it comes, in the order in which they first come. */
function counts(values: readonly string[]): readonly (readonly [string, number])[] {
  const found = new Map<string, number>()
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1)
  return [...found]
}
