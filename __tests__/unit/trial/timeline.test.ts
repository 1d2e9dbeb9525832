import { describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { Timeline } from '../../../src/trial/timeline.js'

describe('a timeline', () => {
  test('has what was done in the order in which it began, one after the other', async () => {
    const timeline = new Timeline()
    const during = timeline.during(null)
    await during('create', () => sleep(5))
    await during('plant', () => sleep(5))
    const [create, plant] = timeline.phases
    expect([create?.name, plant?.name]).toEqual(['create', 'plant'])
    expect(create?.endMs).toBeLessThanOrEqual(plant?.startMs ?? -1)
    expect(plant?.endMs).toBeGreaterThan(plant?.startMs ?? Infinity)
  })

  test('keeps boots apart that overlap', async () => {
    const timeline = new Timeline()
    await Promise.all([
      timeline.during('replica 1')('ready', () => sleep(20)),
      timeline.during('replica 2')('ready', () => sleep(5))
    ])
    expect(timeline.phases.map(({ boot }) => boot)).toEqual(['replica 1', 'replica 2'])
  })

  test('has what failed too, and lets the error through', async () => {
    const timeline = new Timeline()
    const failing = timeline.during(null)('verify', () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
    expect(timeline.phases).toHaveLength(1)
  })

  test('has a wait that a function ends', () => {
    const timeline = new Timeline()
    const end = timeline.begin('boot', 'wait')
    expect(timeline.phases).toEqual([])
    end()
    expect(timeline.phases).toMatchObject([{ name: 'wait', boot: 'boot' }])
  })
})
