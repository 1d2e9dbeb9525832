import { expect, test } from '@jest/globals'
import { nanoseconds, timestamp } from '../../../src/engine/time.js'

test.each([
  ['2026-11-22T09:37:44.004376158Z', '1795340264.004376158'],
  ['2026-11-22T09:37:44.5Z', '1795340264.500000000'],
  ['2026-11-22T09:37:44Z', '1795340264.000000000'],
  ['2026-11-22T11:37:44.000000001+02:00', '1795340264.000000001'],
  // Go's zero time: never.
  ['0001-01-01T00:00:00Z', '0.000000000'],
  ['yesterday', '0.000000000'],
  ['', '0.000000000']
])('%j is %s', (time, since) => {
  expect(timestamp(nanoseconds(time))).toBe(since)
})
