import type { Pace } from '../../../src/plan/pace.js'
import type { BootMode, Scenario } from '../../../src/model.js'

/** A service that is ready after a second, on two processors. */
export const PACE: Pace = {
  create: 0.02,
  plant: 0.05,
  start: 0.3,
  ready: 1,
  readyAgain: 0.8,
  settle: 2,
  stop: 0.5,
  remove: 0.2,
  read: 0.1,
  secondBoot: true,
  replicas: 3,
  parallel: 2
}

/** A scenario of which only what a plan looks at matters. */
export function plannedScenario(fault: string, path: string, mode: BootMode = 'recreate'): Scenario {
  return {
    id: `${fault}@${path}/${mode}`,
    fault,
    mode,
    target: {
      path,
      role: 'cache',
      source: 'cache-paths',
      volume: path,
      entry: undefined,
      tree: new Map(),
      parentExists: true,
      used: true,
      inImage: true,
      complete: true,
      learned: []
    },
    plant: { entries: [], summary: `${fault} at ${path}` },
    expectation: 'recover'
  }
}
