import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { inOrder } from '../../../src/plan/order.js'
import { PACE, plannedScenario } from './cases.js'
import type { BootMode, Fault, Scenario } from '../../../src/model.js'

function fault(id: string, threads: number, family: Fault['family'] = 'shape'): Fault {
  return {
    id,
    code: id,
    family,
    title: id,
    default: true,
    aim: 'path',
    applies: () => true,
    plant: () => ({ entries: [], summary: id }),
    expects: () => 'recover',
    signatures: [],
    evidence: Array.from({ length: threads }, (_, index) => `o/r#${index}`),
    remedy: id
  }
}

const FAULTS = [fault('often', 5), fault('seldom', 0), fault('mine', 0, 'own')]
const order = (...scenarios: Scenario[]): string[] => inOrder(scenarios, FAULTS, PACE).map(({ id }) => id)

describe('what runs first', () => {
  test('is what was met most often in public', () => {
    expect(order(plannedScenario('seldom', '/a'), plannedScenario('often', '/b'))).toEqual([
      'often@/b/recreate',
      'seldom@/a/recreate'
    ])
  })

  test('is what the repository itself declares', () => {
    expect(order(plannedScenario('often', '/a'), plannedScenario('mine', '/b'))[0]).toBe('mine@/b/recreate')
  })

  test('is the cheaper of two, by what the control took', () => {
    expect(order(plannedScenario('often', '/a', 'restart'), plannedScenario('often', '/b'))[0]).toBe(
      'often@/b/recreate'
    )
  })

  test('looks at every path before it looks at one again', () => {
    const paths = ['/a', '/b', '/c']
    const all = paths.flatMap((path) => [plannedScenario('often', path), plannedScenario('mine', path)])
    const first = inOrder(all, FAULTS, PACE).slice(0, 3)
    expect(first.map(({ target }) => target.path).sort()).toEqual(paths)
  })

  test('between equals is decided by the id', () => {
    expect(order(plannedScenario('often', '/b'), plannedScenario('often', '/a'))).toEqual([
      'often@/a/recreate',
      'often@/b/recreate'
    ])
  })
})

test('nothing is lost, added or dependent on the order that it came in', () => {
  const scenarios = fc.uniqueArray(
    fc
      .tuple(
        fc.constantFrom('often', 'seldom', 'mine'),
        fc.constantFrom('/a', '/b', '/c/d'),
        fc.constantFrom<BootMode>('recreate', 'restart', 'concurrent')
      )
      .map((parts) => plannedScenario(...parts)),
    { selector: ({ id }) => id }
  )
  fc.assert(
    fc.property(scenarios, (all) => {
      const ordered = order(...all)
      expect([...ordered].sort()).toEqual(all.map(({ id }) => id).sort())
      expect(order(...[...all].reverse())).toEqual(ordered)
    })
  )
})
