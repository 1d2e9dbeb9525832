import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { planSeconds, trialSeconds, type Trial } from '../../../src/plan/estimate.js'
import { paceOf } from '../../../src/plan/pace.js'
import { Remaining } from '../../../src/plan/remaining.js'
import { PACE } from './cases.js'
import type { ControlTrace, Phase, PhaseName } from '../../../src/model.js'

const recreate: Trial = { mode: 'recreate', plant: {} }

function phase(name: PhaseName, startMs: number, endMs: number): Phase {
  return { name, boot: null, startMs, endMs }
}

describe('the pace', () => {
  const trace: ControlTrace = {
    boots: [],
    phases: [
      phase('create', 0, 20),
      phase('start', 20, 320),
      phase('ready', 320, 1320),
      phase('stable', 1320, 3320),
      phase('smoke-test', 3320, 3420),
      phase('stop', 3420, 3920),
      // 100 ms in which state was read
      phase('create', 4020, 4060),
      phase('start', 4060, 4460),
      phase('remove', 4460, 4660)
    ]
  }
  const inputs = { secondBoot: false, replicas: 4, maxParallel: 3 }
  const knowledge = { readySeconds: 1.2, secondReadySeconds: 0.7, ignoresStopSignal: false }

  test('is what the control took, part by part', () => {
    const pace = paceOf(trace, knowledge, inputs)
    expect(
      Object.fromEntries(
        Object.entries(pace).map(([part, value]) => [
          part,
          typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
        ])
      )
    ).toEqual({
      create: 0.03,
      plant: 0,
      start: 0.35,
      ready: 1.2,
      readyAgain: 0.7,
      settle: 2.1,
      stop: 0.5,
      remove: 0.2,
      read: 0.1,
      secondBoot: false,
      replicas: 4,
      parallel: 3
    })
  })

  test('knows that an image which ignores its stop signal is killed at once in trials', () => {
    const slow = { ...trace, phases: [phase('stop', 0, 10_000)] }
    expect(paceOf(slow, { ...knowledge, ignoresStopSignal: true }, inputs).stop).toBeLessThan(1)
    expect(paceOf(slow, knowledge, inputs).stop).toBe(10)
  })
})

describe('a trial', () => {
  test.each<[string, Trial, number]>([
    // 0.02 create, 0.05 plant, 0.1 read, 0.3 start, 0.8 ready, 2 stable; 0.5 stop, 0.02, 0.3, 0.8, 2; 0.2 remove
    ['in a new container', recreate, 7.09],
    // before it 0.3 start, 1 ready, 2 stable, 0.05 seed, 0.5 stop; its second boot needs no new container
    ['in the same container boots clean first', { mode: 'restart', plant: {} }, 10.92],
    ['after a kill needs no stop', { mode: 'restart', plant: { kill: true } }, 10.42],
    // two more containers to create, start and get ready
    ['of three containers at once', { mode: 'concurrent', plant: {} }, 9.33]
  ])('%s', (_, trial, seconds) => {
    expect(trialSeconds(trial, PACE)).toBeCloseTo(seconds, 5)
  })

  test('is shorter without a second boot', () => {
    expect(trialSeconds(recreate, { ...PACE, secondBoot: false })).toBeCloseTo(3.47, 5)
  })
})

describe('trials together', () => {
  const trials = fc.array(
    fc.record({
      mode: fc.constantFrom('recreate' as const, 'restart' as const, 'concurrent' as const),
      plant: fc.constant({})
    }),
    { minLength: 1 }
  )

  test('take nothing when there is none', () => {
    expect(planSeconds([], PACE)).toBe(0)
  })

  test('take as long as the longest at least, as all one after the other at most', () => {
    fc.assert(
      fc.property(trials, fc.integer({ min: 1, max: 64 }), (all, parallel) => {
        const pace = { ...PACE, parallel }
        const each = all.map((trial) => trialSeconds(trial, pace))
        const seconds = planSeconds(all, pace)
        expect(seconds).toBeGreaterThanOrEqual(Math.max(...each) - 1e-9)
        expect(seconds).toBeLessThanOrEqual(each.reduce((sum, one) => sum + one) + 1e-9)
      })
    )
  })

  test('take as long as all one after the other where only one may boot at a time', () => {
    expect(planSeconds([recreate, recreate], { ...PACE, parallel: 1 })).toBeCloseTo(14.18, 5)
  })

  test('wait side by side, and work on processors that they share', () => {
    // 2.59 of the 7.09 seconds of each are work, and cost 1.9 times that of a processor
    expect(planSeconds(Array<Trial>(8).fill(recreate), { ...PACE, parallel: 2 })).toBeCloseTo(19.684, 5)
  })

  test('take no longer with more processors', () => {
    fc.assert(
      fc.property(trials, fc.integer({ min: 1, max: 32 }), (all, parallel) => {
        const one = planSeconds(all, { ...PACE, parallel })
        expect(planSeconds(all, { ...PACE, parallel: parallel * 2 })).toBeLessThanOrEqual(one)
      })
    )
  })
})

describe('what is left of a plan', () => {
  const trials = Array.from({ length: 8 }, (_, index) => ({ ...recreate, id: String(index) }))

  test('is all of it before it begins, and less with every second and every trial, down to nothing', () => {
    const remaining = new Remaining(trials, PACE)
    const left = [remaining.secondsLeft(0)]
    expect(left).toEqual([planSeconds(trials, PACE)])
    for (const [index, { id }] of trials.entries()) {
      remaining.begin(id, index)
      left.push(remaining.secondsLeft(index + 0.5))
      remaining.end(id)
      left.push(remaining.secondsLeft(index + 1))
    }
    expect(left).toEqual([...left].sort((a, b) => b - a))
    expect(new Set(left).size).toBeGreaterThan(trials.length)
    expect(left.at(-1)).toBe(0)
  })

  test('is never less than nothing, however long a trial takes', () => {
    const remaining = new Remaining(trials.slice(0, 1), PACE)
    remaining.begin('0', 0)
    expect(remaining.secondsLeft(10_000)).toBe(0)
  })
})
