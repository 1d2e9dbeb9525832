import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { root } from '../../action/runner.js'
import { readDetectionMatrix, renderDetectionMatrix } from '../../software/detection-matrix.js'

const matrix = readDetectionMatrix()

test.each(catalogue)('$id fails on one image, and does not on another', ({ id }) => {
  const cells = matrix[id]
  expect(cells?.fragile.verdict).toMatch(/^failed: /)
  expect(cells?.hardened.verdict).toMatch(/^(recovered|tolerated|refused)$/)
})

test('docs/detection-matrix.md says so (UPDATE=1 writes it)', () => {
  const path = join(root, 'docs/detection-matrix.md')
  const expected = renderDetectionMatrix(catalogue, matrix)
  if (process.env.UPDATE === '1') writeFileSync(path, expected)
  expect(readFileSync(path, 'utf8')).toBe(expected)
})
