import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LogRecorder } from '../../../src/trial/log.js'
import { SgrReader } from '../../../src/trial/sgr.js'

/** `red:[text]` and so on for what is styled, plain text for the rest. */
function shown(...lines: string[]): string[] {
  const reader = new SgrReader()
  return lines.map((line) => {
    const { text, ranges } = reader.read(line)
    let [out, from] = ['', 0]
    for (const { start, end, styles } of ranges) {
      out += `${text.slice(from, start)}${styles.join('+')}:[${text.slice(start, end)}]`
      from = end
    }
    return out + text.slice(from)
  })
}

describe('colours of a log', () => {
  test.each([
    ['a colour and its end', '\x1b[31mred\x1b[39m plain', 'red:[red] plain'],
    ['a reset without a number', '\x1b[1;32mok\x1b[m.', 'bold+green:[ok].'],
    ['bright colours are the same', '\x1b[91mred\x1b[0m', 'red:[red]'],
    ['one colour replaces another', '\x1b[31ma\x1b[34mb', 'red:[a]blue:[b]'],
    ['bold ends alone', '\x1b[1;31ma\x1b[22mb', 'bold+red:[a]red:[b]'],
    ['italic, underlined, faint', '\x1b[3;4;2ma\x1b[23;24mb', 'italic+underline+faint:[a]faint:[b]'],
    ['an index of the 256', '\x1b[38;5;9ma\x1b[38;5;46mb\x1b[38;5;240mc', 'red:[a]green:[b]c'],
    ['red, green and blue', '\x1b[38;2;250;30;240ma\x1b[38;2;9;9;9mb', 'magenta:[a]b'],
    ['the same with colons', '\x1b[38:2::250:30:20ma\x1b[38:5:12mb', 'red:[a]blue:[b]'],
    ['no background, nor what its numbers could mean', '\x1b[48;5;31;1ma\x1b[41mb', 'bold:[a]bold:[b]'],
    ['no other escape', '\x1b[2J\x1b]0;title\x07\x1b[5Ca\x1b[99mb', 'ab']
  ])('%s', (_, line, expected) => {
    expect(shown(line)).toEqual([expected])
  })

  test('last over the end of a line', () => {
    expect(shown('\x1b[31mTraceback', '  File', 'Error\x1b[0m', 'next')).toEqual([
      'red:[Traceback]',
      'red:[  File]',
      'red:[Error]',
      'next'
    ])
  })

  test('are ranges of the text, in order, whatever comes', () => {
    const piece = fc.constantFrom(
      '\x1b[',
      '31m',
      '\x1b[1m',
      '38;5;',
      ';',
      ':',
      '2',
      'm',
      'a',
      ' ',
      '\x1b[0m',
      '🙂'
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
        const { text, ranges } = new SgrReader().read(pieces.join(''))
        let from = 0
        for (const { start, end } of ranges) {
          expect(start).toBeGreaterThanOrEqual(from)
          expect(end).toBeGreaterThan(start)
          from = end
        }
        expect(from).toBeLessThanOrEqual(text.length)
        expect(ranges.length).toBeLessThanOrEqual(200)
      })
    )
  })

  test('stay with their lines when the middle of a log is dropped', () => {
    const recorder = new LogRecorder({ headLines: 2, tailLines: 2, bytes: 1024 })
    for (let line = 0; line < 10; line++) recorder.push(Buffer.from(`\x1b[3${line % 8}m${line}\x1b[0m\n`))
    recorder.end()
    const { head, tail, styled } = recorder.capture()
    expect([head, tail]).toEqual([
      ['0', '1'],
      ['8', '9']
    ])
    expect(styled?.map(({ line, styles }) => [line, ...styles])).toEqual([
      [0, 'black'],
      [1, 'red'],
      [2, 'black'],
      [3, 'red']
    ])
  })
})
