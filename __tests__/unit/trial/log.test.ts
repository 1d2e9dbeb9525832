import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ByteSearch } from '../../../src/trial/byte-search.js'
import { LINE_BYTES, LOG_BOUNDS, LogRecorder } from '../../../src/trial/log.js'
import { heldBytes } from '../../memory.js'

function record(...chunks: (string | Buffer)[]) {
  const recorder = new LogRecorder()
  for (const chunk of chunks) recorder.push(Buffer.from(chunk))
  recorder.end()
  return recorder.capture()
}

describe('lines', () => {
  test.each([
    ['are split at newlines', ['a\nb\n'], ['a', 'b']],
    ['keep a last one without an end', ['a\nb'], ['a', 'b']],
    ['are joined across chunks', ['a', 'b', '\nc', '\n'], ['ab', 'c']],
    ['may be empty', ['\n\n'], ['', '']],
    ['may end in CRLF', ['a\r\nb\r', '\n'], ['a', 'b']],
    ['keep a carriage return in the middle', ['10%\r20%\n'], ['10%\r20%']],
    ['lose colours', ['\x1b[1;31mred\x1b[0m text\n'], ['red text']],
    ['lose terminal titles and links', ['\x1b]0;title\x07a \x1b]8;;http://x\x1b\\b\n'], ['a b']],
    ['keep text that only looks like an escape', ['[31mno\n', 'x\x1b'], ['[31mno', 'x\x1b']]
  ])('%s', (_, chunks, lines) => {
    expect(record(...chunks).head).toEqual(lines)
  })

  test('that are not UTF-8 get replacement characters', () => {
    expect(record(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])).head).toEqual(['a\uFFFD\uFFFDb'])
  })

  test('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'é', '漢', '🜚', '\n', '\r\n', '\x1b[0m', 'word'), { maxLength: 60 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (pieces, cuts) => {
          const bytes = Buffer.from(pieces.join(''))
          const borders = [...cuts.map((cut) => Math.min(cut, bytes.length)), 0, bytes.length].sort(
            (a, b) => a - b
          )
          const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end))
          expect(record(...chunks)).toEqual(record(bytes))
        }
      )
    )
  })
})

describe('bounds', () => {
  test('head and tail of a flood are kept and the rest is counted', () => {
    const capture = record(Array.from({ length: 1000 }, (_, n) => `line ${n}\n`).join(''))
    expect(capture.head).toHaveLength(LOG_BOUNDS.headLines)
    expect(capture.head[0]).toBe('line 0')
    expect(capture.tail).toHaveLength(LOG_BOUNDS.tailLines)
    expect(capture.tail.at(-1)).toBe('line 999')
    expect(capture.omittedLines).toBe(600)
    expect(capture.totalBytes).toBe(8890)
  })

  test('a log that fits is kept whole', () => {
    const lines = Array.from({ length: 400 }, (_, n) => `line ${n}`)
    const capture = record(lines.join('\n'))
    expect([...capture.head, ...capture.tail]).toEqual(lines)
    expect(capture.omittedLines).toBe(0)
  })

  test('long lines use up the bytes before the lines', () => {
    const line = 'x'.repeat(LINE_BYTES - 1)
    const capture = record(...Array.from({ length: 100 }, () => `${line}\n`))
    const kept = [...capture.head, ...capture.tail]
    expect(Buffer.byteLength(kept.join(''))).toBeLessThanOrEqual(LOG_BOUNDS.bytes)
    expect(capture.omittedLines).toBe(100 - kept.length)
  })

  test('a line without an end is cut, and says how much of it is missing', () => {
    const capture = record(...Array.from({ length: 300 }, () => 'y'.repeat(1024)), '\nnext\n')
    expect(capture.head[0]).toBe(`${'y'.repeat(LINE_BYTES)} [… ${300 * 1024 - LINE_BYTES} more bytes]`)
    expect(capture.head[1]).toBe('next')
  })

  test('a cut does not leave half a character', () => {
    const capture = record(`a${'é'.repeat(LINE_BYTES)}`)
    expect(capture.head[0]).not.toContain('\uFFFD')
  })

  test('memory does not grow with one line of a gigabyte', () => {
    const recorder = new LogRecorder()
    const before = heldBytes()
    for (let n = 0; n < 1024; n += 1) recorder.push(Buffer.alloc(1024 * 1024, 'z'))
    expect(heldBytes() - before).toBeLessThan(1024 * 1024)
    expect(recorder.capture().totalBytes).toBe(1024 ** 3)
  })
})

describe('listeners', () => {
  test('hear of every line, dropped ones included, and of the last one at the end', () => {
    const recorder = new LogRecorder()
    const heard: string[] = []
    recorder.onLines((lines) => heard.push(...lines))
    for (let n = 0; n < 5000; n += 1) recorder.push(Buffer.from(`${n}\n`))
    recorder.push(Buffer.from('end'))
    recorder.end()
    expect(heard).toEqual([...Array.from({ length: 5000 }, (_, n) => String(n)), 'end'])
  })

  test('hear of lines soon without waiting for the end', async () => {
    const recorder = new LogRecorder()
    const heard: string[] = []
    recorder.onLines((lines) => heard.push(...lines))
    recorder.push(Buffer.from('a\nb\n'))
    await Promise.resolve()
    expect(heard).toEqual(['a', 'b'])
  })

  test('that stopped hear no more', () => {
    const recorder = new LogRecorder()
    const heard: string[] = []
    const stop = recorder.onLines((lines) => heard.push(...lines))
    stop()
    recorder.push(Buffer.from('a\n'))
    recorder.end()
    expect(heard).toEqual([])
  })
})

describe('a byte search', () => {
  test('finds a needle wherever the stream is cut', () => {
    const text = Buffer.from('....canary-7f3a....')
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const search = new ByteSearch('canary-7f3a')
        search.push(text.subarray(0, first))
        search.push(text.subarray(first, second))
        search.push(text.subarray(second))
        expect(search.found).toBe(true)
      }
    }
  })

  test('finds a needle that comes byte by byte', () => {
    const search = new ByteSearch('canary')
    for (const byte of Buffer.from('cancanary')) search.push(Buffer.from([byte]))
    expect(search.found).toBe(true)
  })

  test.each([
    ['canary', ['canar', 'Y']],
    ['', ['anything']],
    ['aa', ['a', 'b', 'a']]
  ])('does not find %j in %j', (needle, chunks) => {
    const search = new ByteSearch(needle)
    for (const chunk of chunks) search.push(Buffer.from(chunk))
    expect(search.found).toBe(false)
  })
})
