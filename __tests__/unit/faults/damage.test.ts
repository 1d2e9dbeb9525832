import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { firstHalf, flipBits, pick, zeros } from '../../../src/faults/damage.js'

const contents = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

test('half of a file is its beginning', () => {
  expect(firstHalf(Buffer.from('abcde')).toString()).toBe('ab')
  expect(firstHalf(Buffer.from('a'))).toHaveLength(0)
})

test('zeros are as long as the file was', () => {
  expect(zeros(Buffer.from('abc'))).toEqual(Buffer.from([0, 0, 0]))
})

describe('flipped bits', () => {
  test('are one in each quarter, the same for the same seed and others for another', () => {
    const content = Buffer.alloc(400, 'x')
    const places = (seed: string): number[] =>
      [...flipBits(content, seed).content.entries()].flatMap(([at, byte]) => (byte === 120 ? [] : [at]))
    expect(places('a').map((at) => Math.floor(at / 100))).toEqual([0, 1, 2, 3])
    expect(places('a')).toEqual(places('a'))
    expect(places('a')).not.toEqual(places('b'))
  })

  test('change as many bits as there are quarters, and never the length', () => {
    fc.assert(
      fc.property(contents, fc.string(), (content, seed) => {
        const flipped = flipBits(content, seed).content
        const bits = [...flipped].map((byte, at) =>
          (byte ^ (content[at] ?? 0)).toString(2).replaceAll('0', '')
        )
        expect(flipped).toHaveLength(content.length)
        expect(bits.join('')).toHaveLength(Math.min(4, content.length))
      })
    )
  })

  test('leave a run of bytes alone that is in the file before and after, and is as long as any', () => {
    fc.assert(
      fc.property(contents, fc.string(), (content, seed) => {
        const { content: flipped, untouched } = flipBits(content, seed)
        expect(content.includes(untouched) && flipped.includes(untouched)).toBe(true)
        const runs = [...flipped]
          .map((byte, at) => (byte === content[at] ? '.' : ' '))
          .join('')
          .split(' ')
        expect(untouched).toHaveLength(Math.max(...runs.map(({ length }) => length)))
      })
    )
  })
})

test('a pick follows from the seed, and every item can be picked', () => {
  const items = ['a', 'b', 'c']
  expect(pick(items, 'seed')).toBe(pick(items, 'seed'))
  expect(new Set(Array.from({ length: 50 }, (_, at) => pick(items, String(at)))).size).toBe(3)
  expect(pick<string>([], 'seed')).toBeUndefined()
})
