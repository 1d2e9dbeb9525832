import { counted } from '../excerpt.js'
import type { Report, ReportScenario } from '../schema.js'
import {
  BLAMED,
  byUrgency,
  place,
  sentence,
  shortVerdict,
  standing,
  story,
  title,
  whatToDo,
  named
} from '../words.js'
import { controls } from './legs.js'
import { html, type Html } from './markup.js'
import { runUrl } from './source.js'
import { prose, RUN_STANDING, SIGN } from './words.js'

type Anchors = ReadonlyMap<ReportScenario, string>

/** Pieces of advice that are given at the top; the rest is in the list of scenarios. */
const MOST_ADVICE = 6

/** The verdict, how it came about, and what to do next. */
export function overview(report: Report, anchors: Anchors): Html {
  const kind = RUN_STANDING[report.verdict]
  return html`<section class="verdict ${kind}" aria-labelledby="verdict-title">
    <h1 id="verdict-title"><span class="sign" aria-hidden="true">${SIGN[kind]}</span> ${title(report)}</h1>
    <p>${report.legs.length > 0 ? null : html`<code>${report.image.reference}</code> `}${story(report)}</p>
    ${controls(report).map(failedControl)} ${proportions(report)} ${nextSteps(report, anchors)}
  </section>`
}

function failedControl({ leg, control }: ReturnType<typeof controls>[number]): Html | null {
  if (control.result === 'passed') return null
  return html`<p>${leg === null ? null : html`<b>${leg}:</b> `}${prose(sentence(control.message))}</p>
    <p>
      Nothing was corrupted yet: the evidence points at <strong>${BLAMED[control.blame]}</strong>, not at a
      fault.
      <a href="#control">See the control.</a>
    </p>`
}

/** Verdicts as parts of a bar, in the order of urgency, and in numbers. */
function proportions({ scenarios }: Report): Html | null {
  if (scenarios.length === 0) return null
  const parts = (['failed', 'inconclusive', 'surprise', 'expected-failure', 'passed'] as const)
    .map((kind) => ({ kind, count: scenarios.filter((scenario) => standing(scenario) === kind).length }))
    .filter(({ count }) => count > 0)
  const before = (index: number): number => parts.slice(0, index).reduce((sum, { count }) => sum + count, 0)
  return html`<svg
      class="proportions"
      viewBox="0 0 ${scenarios.length} 1"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${parts.map(({ kind, count }, index) => html`<rect class="${kind}" x="${before(index)}" width="${count}" height="1"></rect>`)}
    </svg>
    <ul class="counts">
      ${parts.map(({ kind, count }) => html`<li class="${kind}"><span aria-hidden="true">${SIGN[kind]}</span> <b>${count}</b> ${COUNTED[kind]}</li>`)}
    </ul>`
}

const COUNTED = {
  failed: 'failed',
  inconclusive: 'inconclusive',
  surprise: 'passed, though expected to fail',
  'expected-failure': 'failed as expected',
  passed: 'passed'
} as const

/** What needs a reader, put together where the same is to be done. */
function nextSteps({ scenarios }: Report, anchors: Anchors): Html | null {
  const steps = new Map<string, ReportScenario[]>()
  for (const scenario of byUrgency(scenarios)) {
    const kind = standing(scenario)
    if (kind === 'passed' || kind === 'expected-failure') continue
    const advice = whatToDo(scenario)
    steps.set(advice, [...(steps.get(advice) ?? []), scenario])
  }
  if (steps.size === 0) return null
  const shown = [...steps].slice(0, MOST_ADVICE)
  const more = steps.size - shown.length
  return html`<h2>What to do next</h2>
    <ol class="steps">
      ${shown.map(([advice, all]) => step(advice, all, anchors))}
    </ol>
    ${more === 0 ? null : html`<p class="muted">And ${counted(more, 'more thing')}: see the scenarios below.</p>`}`
}

/** Scenarios that one piece of advice names. */
const MOST_NAMED = 5

function step(advice: string, all: readonly ReportScenario[], anchors: Anchors): Html {
  const rest = all.length - MOST_NAMED
  const link = (scenario: ReportScenario): Html => {
    const where = scenario.location === null ? null : html` at <code>${place(scenario.location)}</code>`
    return html`<li>
      ${shortVerdict(scenario)}: <a href="#${anchors.get(scenario) ?? ''}">${named(scenario)}</a>${where}
    </li>`
  }
  return html`<li>
    <p>${prose(advice)}</p>
    <ul class="where">
      ${all.slice(0, MOST_NAMED).map(link)}
      ${rest <= 0 ? null : html`<li class="muted">and ${rest} more</li>`}
    </ul>
  </li>`
}

/** What the page is about: image, when, and the page of the run. */
export function masthead(report: Report): Html {
  const url = runUrl(report.origin)
  return html`<header class="masthead">
    <p class="brand">Cache Crash Test</p>
    <p class="muted">
      <time datetime="${report.startedAt}"
        >${report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time
      >${report.origin.repository === null ? null : html` · ${report.origin.repository}`}${url === undefined ? null : html` · <a href="${url}" rel="noreferrer">workflow run</a>`}
    </p>
    <div class="tools">
      <button type="button" id="help-button" hidden>Keys <kbd>?</kbd></button>
      <button type="button" id="theme-button" hidden>Theme: <span>automatic</span></button>
    </div>
  </header>`
}
