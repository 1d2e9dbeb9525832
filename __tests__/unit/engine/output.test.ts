import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { messageReader, Progress, Search } from '../../../src/engine/messages.js'
import { framedOutput } from '../../../src/engine/output.js'

function frame(stream: number, payload: string | Buffer): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, Buffer.from(payload)])
}

/** Pushes bytes in chunks of the given sizes, the last of which repeats. */
function pushIn(reader: { push(chunk: Buffer): void }, bytes: Buffer, sizes: readonly number[]): void {
  let offset = 0
  for (let turn = 0; offset < bytes.length; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? 1
    reader.push(bytes.subarray(offset, offset + size))
    offset += size
  }
}

const chunkSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })

describe('frames', () => {
  test('give their payloads in order, however they are cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 100 }))
    fc.assert(
      fc.property(payloads, chunkSizes, (parts, sizes) => {
        const bytes = Buffer.concat(parts.map((part, index) => frame(1 + (index % 2), Buffer.from(part))))
        const seen: Buffer[] = []
        let frames = 0
        const reader = framedOutput('read', {
          frame: () => (frames += 1),
          payload: (part) => seen.push(part)
        })
        pushIn(reader, bytes, sizes)
        reader.end()
        expect(Buffer.concat(seen)).toEqual(Buffer.concat(parts))
        expect(frames).toBe(parts.length)
      })
    )
  })

  test('a payload of 4 GiB is passed on as it comes', () => {
    const header = Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])
    let bytes = 0
    const reader = framedOutput('read', { payload: (part) => (bytes += part.length) })
    reader.push(header)
    for (let i = 0; i < 10; i++) reader.push(Buffer.alloc(1000))
    expect(bytes).toBe(10_000)
  })

  test.each([
    ['in a header', frame(1, 'payload').subarray(0, 5)],
    ['in a payload', frame(1, 'payload').subarray(0, 12)]
  ])('that end %s have broken off', (_title, bytes) => {
    const reader = framedOutput('read', { payload: () => undefined })
    reader.push(bytes)
    expect(() => {
      reader.end()
    }).toThrow(/broke off/)
  })

  test('the daemon’s own error is an error, not output', () => {
    const seen: string[] = []
    const reader = framedOutput('read', { payload: (part) => seen.push(part.toString()) })
    reader.push(Buffer.concat([frame(1, 'out'), frame(3, 'log file is gone')]))
    expect(() => {
      reader.end()
    }).toThrow(/^read: log file is gone$/)
    expect(seen).toEqual(['out'])
  })
})

describe('messages', () => {
  const stamp = (index: number): string => `2026-01-01T00:00:00.${String(index).padStart(9, '0')}Z`

  test('lose their stamps and nothing else, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 })), chunkSizes, (lines, sizes) => {
        const bytes = Buffer.concat(
          lines.map((line, index) => frame(1, Buffer.from(`${stamp(index)} ${line}\n`)))
        )
        const seen: Buffer[] = []
        const stamps: string[] = []
        const reader = messageReader(
          'read',
          (given) => stamps.push(given) % 2 === 1,
          (chunk) => seen.push(chunk)
        )
        pushIn(reader, bytes, sizes)
        reader.end()
        expect(stamps).toEqual(lines.map((_, index) => stamp(index)))
        const wanted = lines.filter((_, index) => index % 2 === 0).map((line) => `${line}\n`)
        expect(Buffer.concat(seen).toString()).toBe(wanted.join(''))
      })
    )
  })

  test('without a stamp are passed on', () => {
    let bytes = 0
    const stamps: string[] = []
    const reader = messageReader(
      'read',
      (given) => stamps.push(given) > 0,
      (chunk) => (bytes += chunk.length)
    )
    reader.push(frame(1, 'x'.repeat(1_000_000)))
    reader.end()
    expect([bytes, stamps]).toEqual([1_000_000, ['x'.repeat(40)]])
  })
})

describe('what a follower missed', () => {
  /** Which of the messages in a window are behind the last one seen. */
  function missed(
    seen: string,
    window: string,
    how: 'tail' | 'since' | 'newer'
  ): { found: boolean; passed: string } {
    const progress = new Progress()
    for (const stamp of seen) progress.passOn(stamp)
    const { last } = progress
    if (last === undefined) throw new Error('nothing was seen')
    const search = new Search(last, how)
    const passed = Array.from(window)
      .filter((stamp) => search.accepts(stamp))
      .join('')
    return { found: search.found, passed }
  }

  // One letter is one message, the letter its time.
  test.each([
    ['the rest of the log', 'abc', 'abcde', 'tail', true, 'de'],
    ['nothing, when all was seen', 'abc', 'bc', 'tail', true, ''],
    ['the rest of a long line, whose parts have one time', 'abb', 'abbbc', 'tail', true, 'bc'],
    ['the rest of two long lines that mix', 'abcbc', 'abcbcbcd', 'tail', true, 'bcd'],
    ['messages that are older than their predecessor', 'acb', 'acbbd', 'tail', true, 'bd'],
    ['nothing yet, when the window begins too late', 'abc', 'de', 'tail', false, ''],
    ['nothing yet, when the window begins in a long line', 'abb', 'bbc', 'tail', false, ''],
    ['the rest from the time of the last message on', 'abb', 'bbbc', 'since', true, 'bc'],
    ['nothing, when the last message was rotated away', 'abb', 'cd', 'since', false, ''],
    ['then whatever is newer', 'abb', 'cd', 'newer', false, 'cd']
  ] as const)('is %s', (_title, seen, window, how, found, passed) => {
    expect(missed(seen, window, how)).toEqual({ found, passed })
  })

  test('is found also after millions of messages', () => {
    const progress = new Progress()
    for (let index = 0; index < 100_000; index++) progress.passOn(String(index))
    progress.passOn('99999')
    expect(progress.last).toEqual({ stamp: '99999', count: 2 })
  })
})
