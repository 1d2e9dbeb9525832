import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { findingOf } from '../../../src/judge/finding.js'
import { plantedFiles, plantOnly, smallestFailing, type Reduced } from '../../../src/judge/reduction.js'
import { narrowedDown } from '../../../src/judge/result.js'
import { file } from './cases.js'
import type { FailureReason, Plant, Reduction, Verdict } from '../../../src/model.js'

/** Answers every question of a search by a predicate. */
function search(
  all: readonly number[],
  fails: (items: readonly number[]) => boolean,
  most = Infinity
): Reduced<number> & { readonly trials: (readonly number[])[] } {
  const trials: (readonly number[])[] = []
  const steps = smallestFailing(all, most)
  let step = steps.next()
  while (!step.done) {
    trials.push(step.value)
    step = steps.next(fails(step.value))
  }
  return { ...step.value, trials }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

describe('the smallest set that fails', () => {
  test('one of one needs no trial', () => {
    expect(search([7], () => false)).toEqual({ items: [7], outcome: 'smallest', trials: [] })
  })

  test('one culprit is found in at most two trials for every halving', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.nat(), (count, seed) => {
        const culprit = seed % count
        const { items, outcome, trials } = search(upTo(count), (some) => some.includes(culprit))
        expect({ items, outcome }).toEqual({ items: [culprit], outcome: 'smallest' })
        expect(trials.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)))
      })
    )
  })

  const sets = fc
    .integer({ min: 2, max: 40 })
    .chain((count) =>
      fc.tuple(fc.constant(count), fc.subarray(upTo(count), { minLength: 1, maxLength: Math.min(4, count) }))
    )

  test('several culprits that must come together are found, and nothing else', () => {
    fc.assert(
      fc.property(sets, ([count, culprits]) => {
        const { items, outcome } = search(upTo(count), (some) => culprits.every((one) => some.includes(one)))
        expect([...items].sort((a, b) => a - b)).toEqual(culprits)
        expect(outcome).toBe('smallest')
      })
    )
  })

  test('whatever fails: what is found failed, and without any one of it nothing does', () => {
    // Any two neighbours fail, which is neither one cause nor a monotone one.
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 3 }), (count, gap) => {
        const fails = (some: readonly number[]): boolean => some.some((one) => some.includes(one + gap))
        fc.pre(fails(upTo(count)))
        const { items, outcome } = search(upTo(count), fails)
        expect(outcome).toBe('smallest')
        expect(fails(items)).toBe(true)
        for (const one of items) expect(fails(items.filter((other) => other !== one))).toBe(false)
      })
    )
  })

  test('the bound is kept, and what is given then has failed', () => {
    fc.assert(
      fc.property(sets, fc.nat({ max: 30 }), ([count, culprits], most) => {
        const fails = (some: readonly number[]): boolean => culprits.every((one) => some.includes(one))
        const { items, outcome, trials } = search(upTo(count), fails, most)
        expect(trials.length).toBeLessThanOrEqual(most)
        expect(fails(items)).toBe(true)
        const isWhole = trials.length === most && outcome === 'bounded'
        expect(isWhole || items.length === culprits.length).toBe(true)
      })
    )
  })

  test('what does not fail again is tried once more as a whole, and left', () => {
    expect(search(upTo(8), () => false)).toEqual({
      items: upTo(8),
      outcome: 'unrepeated',
      trials: [upTo(4), [4, 5, 6, 7], upTo(8)]
    })
  })

  test('no set is empty, and none is tried that is not a part of the one before', () => {
    fc.assert(
      fc.property(sets, ([count, culprits]) => {
        for (const some of search(upTo(count), (items) => culprits.every((one) => items.includes(one)))
          .trials) {
          expect(some.length).toBeGreaterThan(0)
          expect(some.every((one) => one < count)).toBe(true)
        }
      })
    )
  })
})

describe('a part of a plant', () => {
  const plant: Plant = {
    entries: [file('/a', 'a'), file('/b', 'b')],
    remove: ['/c', '/d'],
    damaged: [
      { path: '/a', surviving: Buffer.from('a') },
      { path: '/b', surviving: Buffer.from('b') }
    ],
    byTime: true,
    summary: 'all'
  }

  test('writes, takes away and damages only its files', () => {
    expect(plantedFiles(plant)).toEqual(['/a', '/b', '/c', '/d'])
    expect(plantOnly(plant, ['/b', '/c'])).toEqual({
      ...plant,
      entries: [file('/b', 'b')],
      remove: ['/c'],
      damaged: [{ path: '/b', surviving: Buffer.from('b') }]
    })
  })

  test('of all its files is the plant itself', () => {
    for (const whole of [plant, { entries: plant.entries, summary: 'all' }])
      expect(plantOnly(whole, plantedFiles(whole))).toEqual(whole)
  })
})

describe('what was found, in words', () => {
  const WORDS = { one: 'is cut in half', many: 'are cut in half' }
  test.each<[FailureReason, Reduced<string>, string]>([
    ['crashed', { items: ['/a'], outcome: 'smallest' }, 'start-up dies if /a is cut in half'],
    [
      'timed-out',
      { items: ['/a', '/b'], outcome: 'smallest' },
      'start-up hangs if /a and /b are cut in half'
    ],
    [
      'data-lost',
      { items: ['/a', '/b', '/c', '/d'], outcome: 'smallest' },
      'start-up loses data if /a, /b, /c and /d are cut in half'
    ],
    [
      'crashed',
      { items: ['/a', '/b', '/c', '/d', '/e'], outcome: 'bounded' },
      'start-up dies if these 5 files are cut in half, of which perhaps fewer are enough: /a, /b, /c and 2 more'
    ],
    [
      'unstable',
      { items: ['/a', '/b'], outcome: 'unrepeated' },
      'it did not fail again when the 2 files were tried once more, so it may depend on timing'
    ]
  ])('%s of %j', (reason, reduced, words) => {
    expect(findingOf(reason, reduced, WORDS)).toBe(words)
  })

  const failed: Verdict = { kind: 'failed', reason: 'crashed', detail: 'exited 1', also: [] }
  const reduction = (outcome: Reduction['outcome'], finding: string): Reduction => ({
    files: ['/a'],
    outcome,
    finding,
    trials: 3,
    seconds: 4
  })

  test('it comes before what was seen, but where it could not be seen again', () => {
    const detail = (found: Reduction): string => narrowedDown(failed, found).detail
    expect(detail(reduction('smallest', 'start-up dies if /a is cut'))).toBe(
      'start-up dies if /a is cut: exited 1'
    )
    expect(detail(reduction('unrepeated', 'it did not fail again'))).toBe('exited 1; it did not fail again')
  })

  test('nothing is added to a verdict without it', () => {
    expect(narrowedDown(failed, undefined)).toBe(failed)
  })
})
