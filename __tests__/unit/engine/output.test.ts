import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Message, messageReader } from '../../../src/engine/messages.js'
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
        const frames: number[] = []
        const reader = framedOutput('read', {
          frame: (size) => frames.push(size),
          payload: (part) => seen.push(part)
        })
        pushIn(reader, bytes, sizes)
        reader.end()
        expect(Buffer.concat(seen)).toEqual(Buffer.concat(parts))
        expect(frames).toEqual(parts.map(({ length }) => length))
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
        const messages: Message[] = []
        const reader = messageReader(
          'read',
          (message) => {
            messages.push(message)
            return message.size % 2 === 0
          },
          (chunk) => seen.push(chunk)
        )
        pushIn(reader, bytes, sizes)
        reader.end()
        const size = (line: string): number => stamp(0).length + 2 + Buffer.byteLength(line)
        expect(messages).toEqual(lines.map((line, index) => ({ stamp: stamp(index), size: size(line) })))
        const wanted = lines.filter((line) => size(line) % 2 === 0).map((line) => `${line}\n`)
        expect(Buffer.concat(seen).toString()).toBe(wanted.join(''))
      })
    )
  })

  test('without a stamp are passed on', () => {
    let bytes = 0
    const stamps: string[] = []
    const reader = messageReader(
      'read',
      ({ stamp }) => stamps.push(stamp) > 0,
      (chunk) => (bytes += chunk.length)
    )
    reader.push(frame(1, 'x'.repeat(1_000_000)))
    reader.end()
    expect([bytes, stamps]).toEqual([1_000_000, ['x'.repeat(40)]])
  })
})
