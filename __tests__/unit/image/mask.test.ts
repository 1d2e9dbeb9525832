import { describe, expect, test } from '@jest/globals'
import { mask } from '../../../src/image/mask.js'

function run(secrets: string[], chunks: string[]): string {
  const masked = mask(secrets)
  return Buffer.concat([...chunks.map((chunk) => masked.write(Buffer.from(chunk))), masked.end()]).toString()
}

describe('secrets in output', () => {
  test.each<[string, string[], string[], string]>([
    ['is masked wherever it stands', ['s3cret'], ['a s3cret and s3crets3cret\n'], 'a *** and ******\n'],
    ['is masked when chunks cut it', ['s3cret'], ['one s3c', 'ret two\nthree'], 'one *** two\nthree'],
    ['is masked in the rest without a newline', ['s3cret'], ['s3', 'cret'], '***'],
    ['is masked before one that it contains', ['abc', 'abcdef'], ['abcdef\n'], '***\n'],
    ['of several lines is masked line by line', ['{\n"key": 1\n}'], ['{ "key": 1 }\n'], '{ *** }\n'],
    ['that is empty masks nothing', [''], ['text\n'], 'text\n'],
    ['is not a pattern', ['a.c'], ['abc a.c\n'], 'abc ***\n']
  ])('a secret %s', (_, secrets, chunks, expected) => {
    expect(run(secrets, chunks)).toBe(expected)
  })

  test('bytes that are not UTF-8 pass unchanged', () => {
    const bytes = Buffer.from([0xff, 0x0a, 0xfe])
    const masked = mask(['x'])
    expect(Buffer.concat([masked.write(bytes), masked.end()])).toEqual(bytes)
  })

  test('a line that never ends is passed on in pieces, and no secret with it', () => {
    const masked = mask(['s3cret'])
    const first = masked.write(Buffer.from(`${'y'.repeat(2_000_000)}s3c`))
    expect(first.length).toBeGreaterThan(1_999_000)
    expect(Buffer.concat([first, masked.write(Buffer.from('ret!\n'))]).toString()).toMatch(/^y+\*\*\*!\n$/)
  })
})
