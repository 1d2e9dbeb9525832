import { afterAll, describe, test } from '@jest/globals'
import { FixtureImages } from '../action/fixture-images.js'
import { quick } from './crash-test.js'
import { holdPair, holdWellBehaved } from './hold.js'
import { PAIRS } from './pairs.js'
import { WELL_BEHAVED } from './well-behaved.js'

/** An image that needs 15 s is booted some 50 times: minutes. This limit only catches hangs. */
const LIMIT_MS = 1_800_000

const images = new FixtureImages('software')
afterAll(async () => {
  await images.remove()
})

describe('real software on damaged state', () => {
  test.concurrent.each(quick(PAIRS, false))(
    '$software dies of it when it $fragile, and not when it $hardened',
    async (pair) => {
      await holdPair(images, pair)
    },
    LIMIT_MS
  )
})

describe('no false alarm: every default fault at well-behaved real software', () => {
  test.concurrent.each(quick(WELL_BEHAVED, false))(
    '$software ($about): nothing fails',
    async (entry) => {
      await holdWellBehaved(images, entry)
    },
    LIMIT_MS
  )
})
