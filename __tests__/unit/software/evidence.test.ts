import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { root } from '../../action/runner.js'
import { verdictsFile, verdictsOf } from '../../software/crash-test.js'
import { renderEvidence } from '../../software/evidence.js'
import { PAIRS } from '../../software/pairs.js'
import { WELL_BEHAVED } from '../../software/well-behaved.js'

describe('docs/evidence.md', () => {
  test('says what the tests with real software hold (UPDATE=1 writes it)', () => {
    const kept = new Map(
      WELL_BEHAVED.map(({ image }) => [image, verdictsOf(readFileSync(verdictsFile(image), 'utf8'))])
    )
    const path = join(root, 'docs/evidence.md')
    const expected = renderEvidence(kept)
    if (process.env.UPDATE === '1') writeFileSync(path, expected)
    expect(readFileSync(path, 'utf8')).toBe(expected)
  })
})

describe('the tables of real software', () => {
  test.each([...PAIRS, ...WELL_BEHAVED])('$image has a Dockerfile', ({ image }) => {
    expect(existsSync(join(root, '__tests__/fixtures/software', image, 'Dockerfile'))).toBe(true)
  })

  test.each(PAIRS.flatMap(({ cells }) => cells))(
    '$scenario is of a fault in the catalogue, and differs',
    (cell) => {
      expect(catalogue.map(({ id }) => id)).toContain(cell.scenario.slice(0, cell.scenario.indexOf('@')))
      expect(cell.fails).toMatch(/^failed: /)
      expect(cell.passes).not.toMatch(/^failed/)
    }
  )

  test('ten images or more are well-behaved', () => {
    expect(WELL_BEHAVED.length).toBeGreaterThanOrEqual(10)
  })
})
