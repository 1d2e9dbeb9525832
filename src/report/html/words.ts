import type { Report, ReportScenario } from '../schema.js'
import { standing, type Standing, named } from '../words.js'
import { html, type Content, type Html } from './markup.js'

/** What stands before a verdict, so that its colour is not the only sign. */
export const SIGN: Readonly<Record<Standing, string>> = {
  failed: '✕',
  inconclusive: '?',
  surprise: '!',
  'expected-failure': '~',
  passed: '✓'
}

export const RUN_STANDING = {
  failed: 'failed',
  inconclusive: 'inconclusive',
  passed: 'passed'
} as const satisfies Readonly<Record<Report['verdict'], Standing>>

/** A verdict as a coloured label with a sign. */
export function pill(scenario: ReportScenario, words: Content): Html {
  const kind = standing(scenario)
  return html`<span class="pill ${kind}"><span aria-hidden="true">${SIGN[kind]}</span> ${words}</span>`
}

/** Paths break after a slash, not anywhere. */
export function breakable(path: string): Html {
  return html`${path.split(/(?<=\/)/).map((part) => html`${part}<wbr />`)}`
}

/** Prose of ours that may quote others: absolute paths in it are set as code. */
export function prose(text: string): Html {
  const parts = text.split(/((?<=^|[\s('"])\/[\w./@+-]*[\w/])/)
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

/**
 * What a link to a scenario ends in: its id, without what a URL or an HTML id cannot hold. Ids of scenarios have an `@`, so
 * no anchor of ours is one; ids that differ only in odd characters are numbered.
 */
export function anchors(scenarios: readonly ReportScenario[]): ReadonlyMap<ReportScenario, string> {
  const taken = new Set<string>()
  return new Map(
    scenarios.map((scenario) => {
      const plain = named(scenario).replace(/[^\w@/.:~-]+/g, '-')
      const base = plain.includes('@') ? plain : `scenario@${plain}`
      let anchor = base
      for (let number = 2; taken.has(anchor); number++) anchor = `${base}~${number}`
      taken.add(anchor)
      return [scenario, anchor]
    })
  )
}
