import { describe, expect, test } from '@jest/globals'
import { judgeSoak, namesCause, type SoakOutcome } from '../reliability/soak-judge.js'
import { isClean, ofBundle, type SoakEntry } from '../reliability/soak-record.js'
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

const ENTRY: SoakEntry = {
  round: 0,
  condition: 'idle',
  example: 'a',
  bundle: 'new',
  engine: '20.10',
  seconds: 1,
  right: 2,
  inconclusive: 0,
  wrong: [],
  verdict: 'passed',
  exitCode: 0,
  injected: 0,
  leftBehind: 0
}

test('a bundle is judged by its own runs, and not without any', () => {
  const wrong: SoakEntry = { ...ENTRY, bundle: 'old', wrong: ['x came out as failed, not recovered'] }
  expect(ofBundle([wrong, ENTRY], 'new')).toEqual([ENTRY])
  expect(isClean(ofBundle([wrong, ENTRY], 'new'))).toBe(true)
  expect(isClean(ofBundle([wrong, ENTRY], 'old'))).toBe(false)
  expect(isClean([{ ...ENTRY, leftBehind: 1 }])).toBe(false)
  expect(isClean(ofBundle([ENTRY], 'newer'))).toBe(false)
})

describe('what is not known', () => {
  const CAUSE = 'the engine failed: start container: refused by the proxy (HTTP 500)'
  const expected = { x: 'recovered', y: 'recovered' }
  const unknown = (detail: string): SoakOutcome => ({
    scenarios: [
      { id: 'x', verdict: 'recovered', reason: null, detail: '' },
      { id: 'y', verdict: 'inconclusive', reason: null, detail }
    ],
    verdict: 'inconclusive',
    exitCode: 0,
    output: ''
  })
  const withoutVerdict = (output: string): SoakOutcome => ({
    scenarios: [],
    verdict: undefined,
    exitCode: 1,
    output
  })

  test('is no wrong where requests fail and a cause is said, and wrong where they are only late', () => {
    expect(judgeSoak(unknown(CAUSE), expected, true)).toEqual({ right: 1, inconclusive: 1, wrong: [] })
    expect(judgeSoak(unknown(CAUSE), expected, false)).toEqual({
      right: 1,
      inconclusive: 1,
      wrong: [
        expect.stringContaining(CAUSE),
        expect.stringMatching(/^the verdict is inconclusive, not passed/)
      ]
    })
    expect(judgeSoak(withoutVerdict(`Control\n::error::${CAUSE}\n`), expected, true).wrong).toEqual([])
  })

  test.each(['', ' ', 'the engine failed: ', 'the engine failed: start container:  (HTTP 500)', 'undefined'])(
    'is wrong where all that is said is “%s”',
    (words) => {
      expect(judgeSoak(unknown(words), expected, true).wrong).toEqual([
        expect.stringMatching(/^y is inconclusive, and does not say why/)
      ])
      expect(judgeSoak(withoutVerdict(`${CAUSE}\n::error::${words}\n`), expected, true).wrong).toEqual([
        expect.stringMatching(/^there is no verdict, and no error says why/)
      ])
    }
  )

  test('is wrong as a verdict on a run that knows every scenario', () => {
    const run = { ...unknown(CAUSE), scenarios: unknown(CAUSE).scenarios.slice(0, 1) }
    expect(judgeSoak(run, expected, true).wrong).toEqual(['the verdict is inconclusive, and no scenario is'])
  })

  test.each([
    'it was over its time once, which the machine may have to do with',
    'start-up never touched /data/cache',
    'the engine failed: write archive: write EPIPE',
    'read archive: socket hang up'
  ])('has a cause in “%s”', (words) => {
    expect(namesCause(words)).toBe(true)
  })
})
