import { SgrReader, type PlainLine } from './sgr.js'
import type { LogCapture, StyledRange } from '../model.js'

/** How much of a container's output is kept. */
export interface LogBounds {
  readonly headLines: number
  readonly tailLines: number
  /** Bytes of head and tail together, half of it for each. */
  readonly bytes: number
}

export const LOG_BOUNDS: LogBounds = { headLines: 200, tailLines: 200, bytes: 256 * 1024 }

/** Bytes of one line that are kept; the rest is counted in a mark at its end. */
export const LINE_BYTES = 16 * 1024

/** Lines are handed on in batches, at the latest when this many wait. */
const BATCH_LINES = 1000

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

export type LinesListener = (lines: readonly string[]) => void

/**
 * Turns a container's output, as it streams, into a bounded record of lines. Memory does not grow with the flood: a line
 * is cut at LINE_BYTES, and between head and tail lines are dropped and counted. Bytes that are not UTF-8 become U+FFFD,
 * terminal escapes are taken out and their colours kept beside the text, `\r\n` ends a line as `\n` does.
 */
export class LogRecorder {
  readonly #bounds: LogBounds
  readonly #sgr = new SgrReader()
  readonly #head: PlainLine[] = []
  #headRoom: number
  #headOpen: boolean
  /** A ring: `#tailCount` lines from `#tailStart` on. */
  readonly #tail: PlainLine[] = []
  readonly #tailSizes: number[] = []
  #tailStart = 0
  #tailCount = 0
  #tailBytes = 0
  #omittedLines = 0
  #totalBytes = 0
  /** The line that has no end yet, in pieces, at most LINE_BYTES of it. */
  #partial: Buffer[] = []
  #partialBytes = 0
  #partialDropped = 0
  readonly #listeners = new Set<LinesListener>()
  #batch: string[] = []
  #batchScheduled = false

  constructor(bounds: LogBounds = LOG_BOUNDS) {
    this.#bounds = bounds
    this.#headRoom = bounds.bytes / 2
    this.#headOpen = bounds.headLines > 0
  }

  /** Takes raw output. The buffer may be reused by the caller afterwards. */
  push(chunk: Buffer): void {
    this.#totalBytes += chunk.length
    let from = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from)
      if (end === -1) break
      this.#finishLine(chunk.subarray(from, end))
      from = end + 1
    }
    if (from < chunk.length) this.#keepPartial(chunk.subarray(from))
  }

  /** The output has ended: a last line without an end counts as a line, and listeners hear of everything. */
  end(): void {
    if (this.#partialBytes > 0) this.#finishLine(Buffer.alloc(0))
    this.#deliver()
  }

  /** Calls the listener with every complete line from now on, dropped ones included, until the result is called. */
  onLines(listener: LinesListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What was kept so far. */
  capture(): LogCapture {
    const tail = [...this.#tail.slice(this.#tailStart), ...this.#tail.slice(0, this.#tailStart)].filter(
      (_, index) => index < this.#tailCount
    )
    const styled: StyledRange[] = [...this.#head, ...tail].flatMap(({ ranges }, line) =>
      ranges.map((range) => ({ line, ...range }))
    )
    return {
      head: this.#head.map(({ text }) => text),
      tail: tail.map(({ text }) => text),
      omittedLines: this.#omittedLines,
      totalBytes: this.#totalBytes,
      ...(styled.length === 0 ? {} : { styled })
    }
  }

  #keepPartial(piece: Buffer): void {
    const kept = piece.subarray(0, LINE_BYTES - this.#partialBytes)
    // A copy, so that a few bytes do not keep the whole chunk alive.
    if (kept.length > 0) this.#partial.push(Buffer.from(kept))
    this.#partialBytes += kept.length
    this.#partialDropped += piece.length - kept.length
    // Output that trickles in byte by byte must not become thousands of buffers.
    if (this.#partial.length > 64) this.#partial = [Buffer.concat(this.#partial)]
  }

  #finishLine(piece: Buffer): void {
    let bytes = piece
    if (this.#partialBytes > 0) {
      this.#keepPartial(piece)
      bytes = Buffer.concat(this.#partial)
      this.#partial = []
      this.#partialBytes = 0
    }
    const dropped = this.#partialDropped + Math.max(0, bytes.length - LINE_BYTES)
    this.#partialDropped = 0
    const plain = this.#sgr.read(textOf(bytes, dropped > 0))
    const text = dropped === 0 ? plain.text : `${plain.text} [… ${dropped} more bytes]`
    this.#addLine({ ...plain, text }, Math.min(bytes.length, LINE_BYTES))
  }

  #addLine(line: PlainLine, bytes: number): void {
    this.#announce(line.text)
    if (this.#headOpen && bytes <= this.#headRoom) {
      this.#head.push(line)
      this.#headRoom -= bytes
      this.#headOpen = this.#head.length < this.#bounds.headLines
      return
    }
    this.#headOpen = false
    const { tailLines } = this.#bounds
    if (this.#tailCount === tailLines) this.#dropOldest()
    const end = (this.#tailStart + this.#tailCount) % tailLines
    this.#tail[end] = line
    this.#tailSizes[end] = bytes
    this.#tailCount += 1
    this.#tailBytes += bytes
    while (this.#tailBytes > this.#bounds.bytes / 2) this.#dropOldest()
  }

  #dropOldest(): void {
    this.#tailBytes -= this.#tailSizes[this.#tailStart] ?? 0
    this.#tail[this.#tailStart] = { text: '', ranges: [] }
    this.#tailStart = (this.#tailStart + 1) % this.#bounds.tailLines
    this.#tailCount -= 1
    this.#omittedLines += 1
  }

  #announce(line: string): void {
    if (this.#listeners.size === 0) return
    this.#batch.push(line)
    if (this.#batch.length >= BATCH_LINES) this.#deliver()
    else if (!this.#batchScheduled) {
      this.#batchScheduled = true
      // One batch for all that arrived in one read of the socket, which may be many calls of push.
      queueMicrotask(() => {
        this.#batchScheduled = false
        this.#deliver()
      })
    }
  }

  #deliver(): void {
    if (this.#batch.length === 0) return
    const lines = this.#batch
    this.#batch = []
    for (const listener of this.#listeners) listener(lines)
  }
}

/** A line's bytes as text, cut to LINE_BYTES. */
function textOf(bytes: Buffer, isCut: boolean): string {
  if (!isCut)
    return bytes.toString('utf8', 0, bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : undefined)
  // The cut may have gone through a character; what is left of it decodes to at most three U+FFFD.
  return bytes.toString('utf8', 0, LINE_BYTES).replace(/\uFFFD{1,3}$/, '')
}
