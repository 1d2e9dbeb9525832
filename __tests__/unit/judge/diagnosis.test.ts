import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { diagnose } from '../../../src/judge/diagnosis.js'
import { log } from '../../fixtures/report/record.js'

const signatures = [
  { pattern: String.raw`Errno 17\].*'/root/\.cache'`, cause: 'the cache itself', remedy: 'lexists' },
  { pattern: String.raw`Errno 17\]`, cause: 'something exists', remedy: 'look' }
]

describe('a diagnosis', () => {
  test('is that of the first signature that any line matches', () => {
    const lines = ["[Errno 17] File exists: '/x'", "[Errno 17] File exists: '/root/.cache'"]
    expect(diagnose(log(lines), signatures)).toEqual({
      cause: 'the cache itself',
      remedy: 'lexists',
      lines: [lines[1]]
    })
    expect(diagnose(log(lines.slice(0, 1)), signatures)?.cause).toBe('something exists')
  })

  test('is missing where no signature matches', () => {
    expect(diagnose(log(['ready']), signatures)).toBeUndefined()
    expect(diagnose(log([]), signatures)).toBeUndefined()
    expect(diagnose(log(['[Errno 17]']), [])).toBeUndefined()
  })

  test('quotes the last three lines that match, from the head and the tail of a log', () => {
    const [head, tail] = [
      [1, 2, 3],
      [4, 5]
    ].map((numbers) => numbers.map((number) => `${number} [Errno 17]`))
    const found = diagnose(log(head ?? [], { tail: tail ?? [], omittedLines: 9 }), signatures)
    expect(found?.lines).toEqual(['3 [Errno 17]', '4 [Errno 17]', '5 [Errno 17]'])
  })

  test('takes bounded time on a line that is made to be slow', () => {
    const slow = [{ pattern: '.*x$', cause: '', remedy: '' }]
    const began = performance.now()
    expect(diagnose(log(['a'.repeat(4_000_000)]), slow)).toBeUndefined()
    expect(performance.now() - began).toBeLessThan(60_000)
  })

  test('knows every signature of the catalogue for a regular expression', () => {
    for (const { signatures: own } of catalogue) expect(diagnose(log(['nothing']), own)).toBeUndefined()
  })
})
