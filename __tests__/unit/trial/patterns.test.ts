import { describe, expect, test } from '@jest/globals'
import { LINE_BYTES } from '../../../src/trial/log.js'
import { isQuick, LinePatterns, PatternTimeout } from '../../../src/trial/patterns.js'

describe('line patterns', () => {
  test('give the first line that matches and the first pattern that it matches', () => {
    const patterns = new LinePatterns([
      { pattern: 'never', flags: '' },
      { pattern: 'error \\d', flags: 'i' },
      { pattern: 'rr', flags: '' }
    ])
    expect(patterns.firstMatch(['fine', 'ERROR 7', 'error 8'])).toEqual({
      line: 'ERROR 7',
      pattern: { pattern: 'error \\d', flags: 'i' }
    })
    expect(patterns.firstMatch(['fine'])).toBeUndefined()
  })

  test.each(['g', 'y', 'gy'])('do not remember anything between lines with the flags %s', (flags) => {
    const patterns = new LinePatterns([{ pattern: 'bad', flags }])
    expect(['bad', 'bad', 'bad'].map((line) => patterns.firstMatch([line])?.line)).toEqual([
      'bad',
      'bad',
      'bad'
    ])
  })

  test('find what is at the end of a very long line', () => {
    const patterns = new LinePatterns([{ pattern: 'x.*end', flags: '' }])
    const filler = 'x'.repeat(LINE_BYTES - 3)
    expect(patterns.firstMatch([`${filler}end`])).toBeDefined()
    expect(patterns.firstMatch([`${filler}and`])).toBeUndefined()
  })

  test('that are slow on a very long line alone are interrupted there', () => {
    const patterns = new LinePatterns([{ pattern: 'x+y', flags: '' }], 1)
    expect(() => patterns.firstMatch(['x'.repeat(LINE_BYTES)])).toThrow(PatternTimeout)
    expect(patterns.firstMatch(['xxy'])).toBeDefined()
  })

  test.each(['(a+)+$', '(a|a)+$', '.*.*.*.*.*b$', 'a?'.repeat(40) + 'a'.repeat(40) + 'b'])(
    'that backtrack without end are interrupted: %s',
    (pattern) => {
      const patterns = new LinePatterns([{ pattern, flags: '' }], 50)
      expect(() => patterns.firstMatch([`${'a'.repeat(4000)}!`])).toThrow(PatternTimeout)
      expect(patterns.firstMatch(['aaa', 'a'.repeat(60) + 'b'])).toBeDefined()
    }
  )

  test.each([
    ['error', true],
    ['bad thing|worse', true],
    ['Errno \\d+', true],
    ['^\\(a\\)\\+\\*$', true],
    ['(?:a|b) c', true],
    ['[*]', true],
    ['a.*b', true],
    ['a.*b.*', false],
    ['(a|a)+', false],
    ['(?:ab)?', false],
    ['a{2,}b{2,}', false]
  ])('are known to be quick without a guard: %s, %p', (pattern, quick) => {
    expect(isQuick(pattern)).toBe(quick)
  })
})
