import { trialSeconds } from './estimate.js'
import type { Pace } from './pace.js'
import type { Fault, Scenario } from '../model.js'

/** What somebody wrote for this very image outweighs what happened to others. */
const OWN_WEIGHT = 8

/**
 * Puts first what most likely fails soonest, so that a run which stops at the first failure, or is watched, finds it early.
 *
 * The merit of a scenario is how often its fault was met in public (the threads that the catalogue lists, plus one), divided
 * by the seconds that it takes. The best comes first; then everything at the same path, and everything with the same fault,
 * counts half as much, so that the next one looks elsewhere. Between equals the id decides: the order depends on nothing else.
 */
export function inOrder(scenarios: readonly Scenario[], faults: readonly Fault[], pace: Pace): Scenario[] {
  const weights = new Map(faults.map((fault) => [fault.id, weightOf(fault)]))
  const left = [...scenarios]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((scenario) => ({
      scenario,
      merit: (weights.get(scenario.fault) ?? 1) / Math.max(MILLISECOND, trialSeconds(scenario, pace))
    }))
  const ordered: Scenario[] = []
  while (left.length > 0) {
    const best = left.reduce((top, one, index) => (one.merit > (left[top]?.merit ?? 0) ? index : top), 0)
    const [taken] = left.splice(best, 1)
    if (taken === undefined) break
    const { fault, target } = taken.scenario
    ordered.push(taken.scenario)
    for (const one of left) {
      if (one.scenario.target.path === target.path) one.merit /= 2
      if (one.scenario.fault === fault) one.merit /= 2
    }
  }
  return ordered
}

const MILLISECOND = 0.001

function weightOf({ family, evidence }: Fault): number {
  return family === 'own' ? OWN_WEIGHT : evidence.length + 1
}
