import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { cut, logLine, logLines, oneLine, visible, visibleLines } from '../../../src/report/untrusted.js'
import { HOSTILE_LINES } from '../../fixtures/report/hostile.js'
import { anyText } from './any-text.js'
import { commandIn, runnerLines } from '../../workflow-commands.js'

describe('text of others in the log of a runner', () => {
  test('the matcher of these tests takes commands for commands', () => {
    const commands = [
      '::error::x',
      '  ::set-output name=a::b',
      'x ##[error]y',
      '\u200b::stop-commands::t',
      ':\u00ad:a::'
    ]
    expect(commands.filter((line) => commandIn(line) === undefined)).toEqual([])
    expect(commandIn('a::b::c')).toBeUndefined()
  })

  test.each(HOSTILE_LINES)('%j is nothing but text', (line) => {
    expect(
      logLines(line)
        .flatMap(runnerLines)
        .map((shown) => commandIn(shown))
    ).not.toContainEqual(expect.anything())
  })

  test('no text makes the runner obey', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const line of [logLine(text), ...logLines(text)]) {
          expect(runnerLines(line)).toHaveLength(1)
          expect(commandIn(line)).toBeUndefined()
        }
      }),
      { numRuns: 2_000 }
    )
  })

  test('a line is cut at a length, between characters, and says what is missing', () => {
    expect(logLine('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}… (20 characters cut)`)
    expect(cut('ab🙂c', 3)).toBe('ab… (3 characters cut)')
  })

  test('ordinary lines are left alone', () => {
    const ordinary = [
      '2026-01-12T08:30:00 INFO a::b # 1 [x] ## y',
      '  File "/app/x.py", line 1, in main',
      "    raise ValueError('x') from error",
      'listening on (0.0.0.0:8000), 12:30 error rate 0',
      '    /app/main.go:12 +0x1d',
      '日本語 :: ok 🙂'
    ]
    expect(ordinary.map((line) => logLine(line))).toEqual(ordinary)
  })
})

describe('text that is made visible', () => {
  test.each([
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u001b]8;;https://x\u0007link\u001b]8;;\u001b\\ end', 'link end'],
    ['\u001b]0;never ends and hides the error', '␛]0;never ends and hides the error'],
    ['\u009b31mC1', 'C1'],
    ['10%\r100%\r\n', '10%␍100%'],
    ['a\tb', 'a    b'],
    ['NUL \0 DEL \u007f', 'NUL ␀ DEL ␡'],
    ['x\u202eexe.gnp', 'x\\u{202e}exe.gnp'],
    ['zero\u200bwidth \u2028', 'zero\\u{200b}width \\u{2028}'],
    ['lone \ud800', 'lone \ufffd'],
    ['⚠\ufe0f', '⚠']
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('has no character that acts, and is not changed by a second pass', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const shown of [visible(text), oneLine(text), ...visibleLines(text)]) {
          expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          expect(visible(shown)).toBe(shown)
        }
      }),
      { numRuns: 2_000 }
    )
  })
})
