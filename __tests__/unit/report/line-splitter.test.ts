import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lineSplitter } from '../../../src/line-splitter.js'

function split(chunks: readonly (Buffer | string)[]): string[] {
  const lines: string[] = []
  const splitter = lineSplitter((line) => lines.push(line))
  chunks.forEach(splitter.write)
  splitter.end()
  return lines
}

describe('output that comes in pieces', () => {
  test('is split the same wherever it is cut', () => {
    const text = 'one\r\ntwo ü 🙂\n\nprogress 1%\rprogress 2%\r\nlast'
    const whole = ['one', 'two ü 🙂', '', 'progress 1%', 'progress 2%', 'last']
    const bytes = Buffer.from(text)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        expect(split(chunks)).toEqual(whole)
      })
    )
  })

  test('without a line end is handed on in bounded pieces', () => {
    const lines = split(Array.from({ length: 40 }, () => 'x'.repeat(10_000)))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(65_536)
    expect(lines.join('')).toHaveLength(400_000)
  })

  test('ends with what stands after the last line end, if anything', () => {
    expect(split(['a\n', ''])).toEqual(['a'])
    expect(split(['a\r'])).toEqual(['a'])
    expect(split([])).toEqual([])
  })
})
