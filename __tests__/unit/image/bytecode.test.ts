import { describe, expect, test } from '@jest/globals'
import { readBytecode } from '../../../src/image/bytecode.js'

const asked = [
  { module: 'a', source: '/app/a.py', cached: undefined },
  { module: 'b', source: '/app/b.py', cached: undefined }
]
const base64 = (text: string) => Buffer.from(text).toString('base64')
const item = (more: object = {}) => ({
  index: 0,
  cached: '/app/__pycache__/a.cpython-311.pyc',
  timestamp: base64('t'.repeat(16)),
  uncheckedHash: base64('u'.repeat(16)),
  code: base64('code'),
  ...more
})

describe('bytecode that the image compiled', () => {
  test('is the code under either header', () => {
    expect(readBytecode([item(), { index: 1, error: 'SyntaxError' }], asked)).toEqual([
      {
        module: 'a',
        source: '/app/a.py',
        cached: '/app/__pycache__/a.cpython-311.pyc',
        timestamp: Buffer.from(`${'t'.repeat(16)}code`),
        uncheckedHash: Buffer.from(`${'u'.repeat(16)}code`)
      }
    ])
  })

  test.each<[string, unknown]>([
    ['text', 'hello'],
    ['nothing', undefined],
    ['a header of another length', [item({ timestamp: base64('short') })]],
    ['a header that is no base64', [item({ uncheckedHash: '!'.repeat(22) })]],
    ['an index below none', [item({ index: -1 })]],
    ['an index that is no number', [item({ index: '__proto__' })]],
    ['more code than a module may have', [item({ code: 'A'.repeat(4_000_000) })]],
    ['more modules than may be asked for', Array.from({ length: 41 }, () => item())]
  ])('%s is no answer', (_, answer) => {
    expect(readBytecode(answer, asked)).toBeUndefined()
  })

  test.each<[string, object]>([
    ['a module that was not asked for', { index: 2 }],
    ['a relative place', { cached: 'a.pyc' }],
    ['a place that is no bytecode', { cached: '/etc/passwd' }],
    ['a place with NUL', { cached: '/app/\0.pyc' }]
  ])('%s is left out', (_, more) => {
    expect(readBytecode([item(more)], asked)).toEqual([])
  })

  test('a place that climbs is normalised, and a module is there once', () => {
    const answer = [item(), item({ cached: '/app/x/../a.pyc' })]
    expect(readBytecode(answer, asked)).toMatchObject([{ cached: '/app/a.pyc' }])
  })
})
