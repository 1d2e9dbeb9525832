import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { code, fence, htmlCode, markdownText, prose } from '../../../src/report/markdown.js'
import { HOSTILE_LINES } from '../../fixtures/report/hostile.js'
import { anyText } from './any-text.js'

const markdownish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '`',
          '```',
          '|',
          '\\',
          '*',
          '_',
          '<',
          '>',
          '&',
          '&lt;',
          '[x](y)',
          '@me',
          '#1',
          'https://x.y',
          'www.x.y',
          'GH-1'
        ],
        ...[
          '~~',
          '$',
          ' ',
          '\n',
          '- ',
          '1. ',
          '# ',
          '</details>',
          '/root/.cache',
          '"',
          "'",
          ':+1:',
          'a',
          '_b_',
          'x@y.z'
        ]
      ),
      anyText
    ),
    { maxLength: 12 }
  )
  .map((parts) => parts.join(''))

/** What is left of a rendered text after what may be in it: entities and the code that we make. */
function withoutCode(text: string): string {
  return text.replace(/`[^`\n]*`/g, '').replace(/<code>[^<>`|\n]*<\/code>/g, '')
}

describe('text in Markdown', () => {
  test.each([
    ['plain words, 3.5 s (1.1 ×)', 'plain words, 3.5 s (1.1 ×)'],
    ['HF_HOME and __init__', 'HF_HOME and &#95;&#95;init&#95;&#95;'],
    ['a|b', 'a&#124;b'],
    ['<script>', '&#60;script&#62;'],
    ['&lt;', '&#38;lt;'],
    ['**bold** `code` [x](y)', '&#42;&#42;bold&#42;&#42; &#96;code&#96; &#91;x&#93;(y)'],
    ['@everyone fixes #12, GH-3', '@&#8203;everyone fixes #&#8203;12, GH-&#8203;3'],
    ['https://evil.example www.evil.example', 'https:&#8203;//evil.example www&#8203;.evil.example'],
    ['two\nlines', 'two lines'],
    ['# no heading', '&#8203;# no heading'],
    ['1. no list', '&#8203;1. no list'],
    ['\u001b[31mred\u001b[0m', 'red']
  ])('%j becomes %j', (text, markdown) => {
    expect(markdownText(text)).toBe(markdown)
  })

  test('is one line without structure, mentions, references or links, whatever it is', () => {
    fc.assert(
      fc.property(markdownish, (text) => {
        for (const shown of [
          markdownText(text),
          withoutCode(prose(text)),
          withoutCode(code(text)),
          withoutCode(htmlCode(text))
        ]) {
          expect(shown).not.toMatch(/[\n`|<>\\*[\]]|:\/\/|www\.|@[\p{L}\p{N}_-]|(?<!&)#\d/iu)
          expect(shown).not.toMatch(/&(?!#\d+;)/)
        }
      }),
      { numRuns: 2_000 }
    )
  })

  test('paths in prose are code, and prose around them stays readable', () => {
    expect(prose("a link to /workspace at /root/.cache: it's (see /a_b)")).toBe(
      "a link to `/workspace` at `/root/.cache`: it's (see `/a_b`)"
    )
    expect(prose('/data is gone.')).toBe('`/data` is gone.')
  })
})

describe('inline code', () => {
  test.each([
    ['file-for-directory@/root/.cache/restart', '`file-for-directory@/root/.cache/restart`'],
    ['a|b', '<code>a&#124;b</code>'],
    ['`', '<code>&#96;</code>'],
    ['', '<code></code>'],
    [' x', '<code> x</code>']
  ])('%j becomes %j', (text, markdown) => {
    expect(code(text)).toBe(markdown)
  })
})

describe('a fence', () => {
  test('is longer than any run of backticks in it', () => {
    expect(fence('a\n``` b ``````')).toBe('```````text\na\n``` b ``````\n```````')
  })

  test('cannot be closed by any line in it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(markdownish, fc.constantFrom(...HOSTILE_LINES))), (lines) => {
        const [open = '', ...rest] = fence(lines.join('\n')).split('\n')
        const mark = /^`+/.exec(open)?.[0] ?? ''
        expect(rest.filter((line) => line.includes(mark))).toEqual([mark])
        expect(rest.at(-1)).toBe(mark)
      })
    )
  })
})
