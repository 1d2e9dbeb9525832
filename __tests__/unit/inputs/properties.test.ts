import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { InputError, parseInputs } from '../../../src/inputs.js'
import { INPUT_DEFINITIONS } from '../../../src/inputs/definitions.js'
import { parseLines, parseQuotedLines } from '../../../src/inputs/lists.js'
import { nearest } from '../../../src/inputs/nearest.js'
import { durationMs } from '../../../src/inputs/scalars.js'
import { splitWords } from '../../../src/inputs/words.js'
import { environmentWith } from './environment.js'

const item = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .map((text) => text.trim())
  .filter((text) => text !== '' && !/[\r\n]/.test(text) && !/^[#"]/.test(text))

describe('durations', () => {
  test('are read back in each of their units', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.constantFrom('ms', 's', 'm', 'h'), (count, unit) => {
        const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit]
        expect(durationMs(`${count}${unit}`)).toBe(count * factor)
      })
    )
  })

  test('are nothing but a whole number and a unit', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^\d+(?:ms|s|m|h)$/.test(text)),
        (text) => {
          expect(durationMs(text)).toBeUndefined()
        }
      )
    )
  })
})

describe('lists', () => {
  test('give back their items whatever stands between them', () => {
    const separator = fc.constantFrom('\n', '\r\n', '\n\n', '\n  \n', ' \n\t', '\n# a comment\n')
    fc.assert(
      fc.property(fc.array(item), separator, (items, between) => {
        expect(parseLines(items.join(between))).toEqual(items)
        expect(parseQuotedLines(items.join(between)).items.map(({ text }) => text)).toEqual(items)
      })
    )
  })

  test('of secrets carry any value of several lines between quotes', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '=', '"', '#', ' ', '\n', '\\') })
    fc.assert(
      fc.property(value, value, (first, second) => {
        const secrets = [
          `"A=${first.replaceAll('"', '""')}"`,
          'B=b',
          `"C=${second.replaceAll('"', '""')}"`
        ].join('\n')
        const { image } = parseInputs({ secrets }, environmentWith())
        expect(image).toMatchObject({ secrets: { A: first, B: 'b', C: second } })
      })
    )
  })
})

describe('words', () => {
  test('in quotes come back as they are', () => {
    const word = fc.string().filter((text) => !text.includes("'") && !/\\\r?\n/.test(text))
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((text) => `'${text}'`).join(' '))).toEqual({ kind: 'words', words })
      })
    )
  })
})

describe('suggestions', () => {
  test('find a word with one letter missing', () => {
    const names = INPUT_DEFINITIONS.map(({ name }) => name)
    const long = names.filter((name) => name.length > 6)
    fc.assert(
      fc.property(fc.constantFrom(...long), fc.nat(), (name, seed) => {
        const index = seed % name.length
        expect(nearest(name.slice(0, index) + name.slice(index + 1), names)).toBe(name)
      })
    )
  })
})

describe('any input at all', () => {
  test('is either understood or refused with one line for each problem', () => {
    const name = fc.constantFrom(...INPUT_DEFINITIONS.map((definition) => definition.name))
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('/', ':', '"', "'", '-', '=', '\n', '@', '8', 'a', '\\', ' ') })
    )
    fc.assert(
      fc.property(fc.dictionary(name, value), (raw) => {
        const failure = failureOf(raw)
        expect(failure === undefined || failure instanceof InputError).toBe(true)
        const lines = failure instanceof InputError ? failure.message.split('\n') : []
        expect(lines).toHaveLength(failure instanceof InputError ? failure.problems.length : 0)
      }),
      { numRuns: 500 }
    )
  })
})

function failureOf(raw: Readonly<Record<string, string>>): unknown {
  try {
    parseInputs(raw, environmentWith())
    return undefined
  } catch (error) {
    return error
  }
}
