import type { Scenario, ScenarioRule, ScenarioTerms } from '../model.js'

/** What rules make of a scenario. */
export type Ruling =
  | { readonly kind: 'run'; readonly scenario: Scenario }
  | { readonly kind: 'left-out'; readonly reason: string }

/**
 * Applies what a scenario file says of a scenario, in order: the last one that says something holds.
 */
export function ruled(scenario: Scenario, rules: readonly ScenarioRule[]): Ruling {
  const matching = rules.filter(({ match }) => matches(match, scenario.id))
  const leftOut = matching.findLast(({ leaveOut }) => leaveOut !== undefined)?.leaveOut
  if (leftOut !== undefined) return { kind: 'left-out', reason: leftOut }
  return { kind: 'run', scenario: matching.reduce(onTerms, scenario) }
}

/** A scenario as it is where these terms hold. */
export function onTerms(
  scenario: Scenario,
  { expect: expectation, timeoutMs, knownToFail }: ScenarioTerms
): Scenario {
  return {
    ...scenario,
    ...(expectation === undefined ? {} : { expectation }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(knownToFail === undefined ? {} : { knownToFail })
  }
}

/** Patterns of rules that concern none of the ids: they are out of date, or mistyped. */
export function idleRules(rules: readonly ScenarioRule[], ids: readonly string[]): string[] {
  return rules.filter(({ match }) => !ids.some((id) => matches(match, id))).map(({ match }) => match)
}

/** Whether a text is like a pattern in which `*` stands for any characters, none included. Takes linear time. */
export function matches(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return text === pattern
  if (!text.startsWith(first)) return false
  const last = others.pop() ?? ''
  let at = first.length
  for (const part of others) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
