import { expect, test } from '@jest/globals'
import { soakRun, type SoakRun } from '../reliability/soak-run.js'

/**
 * The short form of script/soak, which runs all of each example, a hundred times. Requests that fail, and not only are
 * late, are engine-faults'. A full disk is kept mounted by an upload that begins and does not end.
 */
const FAULTS = ['file-for-directory', 'killed', 'disk-full'] as const

test.each<[string, Pick<SoakRun, 'example' | 'condition'>]>([
  ['processors and disk are busy', { example: 'gpu-worker/fragile', condition: 'load' }],
  ['the engine is slow', { example: 'manual-space/hardened', condition: 'faults' }]
])('an example has the verdicts of its table while %s', async (_, run) => {
  const result = await soakRun({ ...run, faults: FAULTS, harsh: false, seed: 'short form' })
  expect(result).toMatchObject({ wrong: [], inconclusive: 0, leftBehind: 0 })
  expect(result.right).toBeGreaterThan(1)
  expect(result.injected > 0).toBe(run.condition === 'faults')
})
