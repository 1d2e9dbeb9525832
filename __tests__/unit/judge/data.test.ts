import { expect, test } from '@jest/globals'
import { isData } from '../../../src/judge/data.js'

test.each([
  ['/data/app.py', true],
  ['/data/__pycache__/app.cpython-311.pyc', false],
  ['/data/app.pyc', true],
  ['/data/cache/model', false],
  ['/data/cache/uploads/photo', true]
])('%s is data of users: %s', (path, expected) => {
  expect(isData(path, { cachePaths: ['/data/cache'], dataPaths: ['/data/cache/uploads'] })).toBe(expected)
})
