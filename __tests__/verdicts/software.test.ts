import { afterAll, describe, test } from '@jest/globals'
import { FixtureImages } from '../action/fixture-images.js'
import { quick } from '../software/crash-test.js'
import { holdPair, holdWellBehaved } from '../software/hold.js'
import { PAIRS } from '../software/pairs.js'
import { WELL_BEHAVED } from '../software/well-behaved.js'

const images = new FixtureImages('software')
afterAll(async () => {
  await images.remove()
})

describe('real software on damaged state', () => {
  test.concurrent.each(quick(PAIRS, true))(
    '$software dies of it when it $fragile, and not when it $hardened',
    async (pair) => {
      await holdPair(images, pair)
    }
  )
})

describe('no false alarm: every default fault at well-behaved real software', () => {
  test.concurrent.each(quick(WELL_BEHAVED, true))('$software ($about): nothing fails', async (entry) => {
    await holdWellBehaved(images, entry)
  })
})
