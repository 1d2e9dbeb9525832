import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { idleRules, matches, ruled } from '../../../src/plan/rules.js'
import { plannedScenario } from './cases.js'
import type { ScenarioRule } from '../../../src/model.js'

const scenario = plannedScenario('killed', '/data/x', 'restart')
const rule = (match: string, about: Partial<ScenarioRule> = {}): ScenarioRule => ({
  match,
  ...about
})

describe('a pattern', () => {
  test.each([
    ['killed@/data/x/restart', true],
    ['killed@*', true],
    ['*', true],
    ['*@/data/*/restart', true],
    ['*/restart', true],
    ['k*d@*x*', true],
    ['killed', false],
    ['*@/dat', false],
    ['*/recreate', false],
    ['killed@/data/x/restart*restart', false],
    ['.*', false]
  ])('%s', (pattern, expected) => {
    expect(matches(pattern, scenario.id)).toBe(expected)
  })

  test('without stars is nothing but itself, and stars stand for anything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[ab]{0,3}$/), { minLength: 1 }),
        fc.stringMatching(/^[ab]{0,9}$/),
        (parts, text) => {
          const pattern = parts.join('*')
          expect(matches(pattern, text)).toBe(new RegExp(`^${parts.join('.*')}$`).test(text))
        }
      )
    )
  })
})

describe('rules', () => {
  test('hold in order, each for what it says', () => {
    const rules = [
      rule('*', { expect: 'leave-alone', timeoutMs: 1_000, knownToFail: 'a' }),
      rule('killed@*', { expect: 'recover-or-refuse' }),
      rule('*/recreate', { knownToFail: 'b' })
    ]
    expect(ruled(scenario, rules)).toEqual({
      kind: 'run',
      scenario: { ...scenario, expectation: 'recover-or-refuse', timeoutMs: 1_000, knownToFail: 'a' }
    })
  })

  test('leave out with their reason', () => {
    expect(ruled(scenario, [rule('*', { leaveOut: 'not ours' }), rule('*', { expect: 'recover' })])).toEqual({
      kind: 'left-out',
      reason: 'not ours'
    })
  })

  test('leave alone what does not match', () => {
    expect(ruled(scenario, [rule('*/recreate', { leaveOut: 'x' })])).toEqual({ kind: 'run', scenario })
  })

  test('that match nothing are told', () => {
    expect(idleRules([rule('killed@*'), rule('kiled@*')], [scenario.id])).toEqual(['kiled@*'])
  })
})
