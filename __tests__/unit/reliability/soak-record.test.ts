import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { replaceBlock } from '../../../src/inputs/documents.js'
import { root } from '../../action/runner.js'
import { readSoak, renderSoak, type SoakEntry } from '../../reliability/soak-record.js'

const runs = readSoak(join(root, 'docs/soak.jsonl'))

describe('docs/soak.jsonl', () => {
  test('is what docs/reliability.md gives the figures of (UPDATE=1 writes them)', () => {
    const path = join(root, 'docs/reliability.md')
    const expected = replaceBlock(readFileSync(path, 'utf8'), 'soak', `${renderSoak(runs)}\n`)
    if (process.env.UPDATE === '1' && expected !== undefined) writeFileSync(path, expected)
    expect(readFileSync(path, 'utf8')).toBe(expected)
  })

  test('has no example twice in a round', () => {
    const turns = runs.map(({ bundle, round, example }) => `${bundle} ${round} ${example}`)
    expect(turns).toEqual([...new Set(turns)])
  })
})

test('the figures count what was wrong, unknown and left, by condition', () => {
  const run: SoakEntry = {
    round: 0,
    condition: 'faults',
    example: 'a',
    bundle: 'b1',
    engine: '20.10',
    seconds: 1,
    right: 20,
    inconclusive: 2,
    wrong: ['x came out as failed, not recovered'],
    verdict: 'failed',
    exitCode: 1,
    injected: 30,
    leftBehind: 1
  }
  const other = { ...run, example: 'b', verdict: null, right: 0, inconclusive: 0, wrong: [], leftBehind: 0 }
  const text = renderSoak([
    run,
    other,
    { ...run, condition: 'idle', bundle: 'b2', sideBySide: 3, maxParallel: 1 }
  ])
  expect(text).toContain('| `faults` | 2 | 20 | 2 | 1 | 1 | 60 | 1 |')
  expect(text).toContain('| `idle` | 1 | 20 | 2 | 1 | 0 | 30 | 1 |')
  expect(text).toContain('| `load` | 0 | 0 | 0 | 0 | 0 | 0 | 0 |')
  expect(text).toContain(
    '- 2 runs of `dist/index.js` b1 on Docker 20.10\n- 1 runs of `dist/index.js` b2 on Docker 20.10, 3 side by side, with `max-parallel: 1`'
  )
})
