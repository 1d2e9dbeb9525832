import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { trialSeconds } from '../../../src/plan/estimate.js'
import { matrixOf, planFile, readPlan, type PlanFile } from '../../../src/plan/plan-file.js'
import { shareOf } from '../../../src/plan/shard.js'
import { PACE, plannedScenario } from './cases.js'
import type { BootMode, Plan, PlannedPart, Scenario } from '../../../src/model.js'

function planOf(...scenarios: Scenario[]): Plan {
  return {
    scenarios,
    omissions: [{ fault: 'read-only', path: '/cache', reason: 'it is a file' }],
    notes: []
  }
}

function written(plan: Plan, shards?: number): PlanFile {
  return planFile(plan, {
    version: '1.0.0',
    image: { reference: 'app', id: 'sha256:1' },
    pace: PACE,
    shards,
    clean: (text) => text
  })
}

/** As another job reads it. */
function handedOver(file: PlanFile): PlannedPart {
  const read = readPlan(JSON.stringify(file))
  if (read.kind === 'problem') throw new Error(read.complaint)
  return read.part
}

const scenarios = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.constantFrom('/a', '/b', '/c/d', '/e'),
      fc.constantFrom<BootMode>('recreate', 'restart', 'concurrent')
    )
    .map((parts) => plannedScenario(...parts)),
  { selector: ({ id }) => id, minLength: 1 }
)
const many = (count: number): Scenario[] =>
  Array.from({ length: count }, (_, index) =>
    plannedScenario('a', `/cache/${String(index).padStart(3, '0')}`)
  )

describe('a plan that is handed over', () => {
  test('is parted: every scenario runs in one shard, in the order of the plan', () => {
    fc.assert(
      fc.property(scenarios, fc.integer({ min: 1, max: 9 }), (all, count) => {
        const plan = planOf(...all)
        const file = written(plan, count)
        const part = handedOver(file)
        const total = file.shards.length
        const shares = file.shards.map(({ shard }) => shareOf(plan, { index: shard, total }, part))
        expect(shares.flatMap((share) => share.scenarios.map(({ id }) => id)).sort()).toEqual(
          all.map(({ id }) => id).sort()
        )
        for (const { scenarios: mine, unplannable, unlisted } of shares) {
          const places = mine.map((scenario) => all.indexOf(scenario))
          expect(places).toEqual([...places].sort((a, b) => a - b))
          expect([unplannable, unlisted]).toEqual([[], 0])
          expect(mine.length).toBeGreaterThan(0)
        }
      })
    )
  })

  test('parts into shards that take about the same time', () => {
    fc.assert(
      fc.property(scenarios, fc.integer({ min: 1, max: 9 }), (all, count) => {
        const { shards, scenarios: rows } = written(planOf(...all), count)
        const loads = shards.map(({ shard }) =>
          rows.filter((row) => row.shard === shard).reduce((sum, row) => sum + row.estimatedSeconds, 0)
        )
        const longest = Math.max(...all.map((scenario) => trialSeconds(scenario, PACE)))
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(longest + 0.1)
      })
    )
  })

  test.each([
    ['one shard for what takes minutes', 20, undefined, 1],
    ['as many as give each about five minutes', 500, undefined, 5],
    ['as many as are asked for', 20, 3, 3],
    ['no more than there are scenarios', 2, 8, 2],
    ['one, too, for nothing: a matrix must not be empty', 0, undefined, 1]
  ])('has %s', (_, count, asked, shards) => {
    const file = written(planOf(...many(count)), asked)
    expect(file.shards).toHaveLength(shards)
    expect(matrixOf(file).shard).toEqual(
      Array.from({ length: shards }, (__, index) => `${index + 1}/${shards}`)
    )
  })

  test('leaves a scenario that this job cannot plan to be explained, and counts those that only it can', () => {
    const [first, second] = many(2)
    if (first === undefined || second === undefined) throw new Error('there are two')
    const part = handedOver(
      written(planOf(first, plannedScenario('read-only', '/cache'), plannedScenario('gone', '/x')))
    )
    expect(shareOf(planOf(first, second), undefined, part)).toEqual({
      scenarios: [first],
      unplannable: [
        {
          id: 'read-only@/cache/recreate',
          reason: 'the plan has it, and this job cannot plan it: it is a file'
        },
        {
          id: 'gone@/x/recreate',
          reason:
            'the plan has it, and this job cannot plan it: its own control and inputs give no such scenario'
        }
      ],
      unlisted: 1
    })
  })
})

describe('a file that holds no plan', () => {
  const good = written(planOf(...many(3)), 2)
  const [first] = good.scenarios
  test.each<[string, unknown]>([
    ['is not a plan of this version', []],
    ['is not a plan of this version (schemaVersion)', { ...good, schemaVersion: 2 }],
    ['is not a plan of this version (scenarios.0.shard)', { ...good, scenarios: [{ ...first, shard: 0 }] }],
    ['has a scenario twice', { ...good, scenarios: [first, first] }],
    ['gives a scenario to a shard that it does not have', { ...good, scenarios: [{ ...first, shard: 3 }] }],
    ['does not count its shards from 1', { ...good, shards: [...good.shards].reverse() }]
  ])('%s', (complaint, value) => {
    expect(readPlan(JSON.stringify(value))).toEqual({ kind: 'problem', complaint })
  })

  test('is not JSON', () => {
    expect(readPlan('{')).toEqual({ kind: 'problem', complaint: 'is not JSON' })
  })
})
