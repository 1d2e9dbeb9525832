import { createHash } from 'node:crypto'

/** What damage does to the bytes of a file, as pure functions: the same content and seed give the same damage. */

/** The first half, as an interrupted write leaves it; of a single byte nothing. */
export function firstHalf(content: Buffer): Buffer {
  return content.subarray(0, Math.floor(content.length / 2))
}

/** As many NUL bytes, as a crash leaves them of a file whose length reached the disk and whose content did not. */
export function zeros(content: Buffer): Buffer {
  return Buffer.alloc(content.length)
}

/** Bits that are flipped in a file at most: one in each quarter, so that its header and its end are among them. */
const FLIPS = 4

/** A file's content with flipped bits, and the longest run of bytes that they left alone. */
export interface Flipped {
  readonly content: Buffer
  readonly untouched: Buffer
}

/**
 * Flips one bit in every quarter of the content (in every byte of a content of less than four), at places that follow from
 * the seed alone. Never gives the content back as it was, unless it is empty.
 */
export function flipBits(content: Buffer, seed: string): Flipped {
  const flipped = Buffer.from(content)
  const places = Math.min(FLIPS, content.length)
  const positions = Array.from({ length: places }, (_, quarter) => {
    const start = Math.floor((quarter * content.length) / places)
    const end = Math.floor(((quarter + 1) * content.length) / places)
    const random = createHash('sha256').update(`${seed}\n${quarter}`).digest()
    const position = start + (random.readUInt32BE(0) % (end - start))
    flipped.writeUInt8(content.readUInt8(position) ^ (1 << (random.readUInt8(4) % 8)), position)
    return position
  })
  const edges = [-1, ...positions, content.length]
  const runs = positions.concat(content.length).map((end, at) => content.subarray((edges[at] ?? 0) + 1, end))
  const untouched = runs.reduce((longest, run) => (run.length > longest.length ? run : longest))
  return { content: flipped, untouched }
}

/** One of the items, by the seed alone; undefined of none. */
export function pick<T>(items: readonly T[], seed: string): T | undefined {
  if (items.length === 0) return undefined
  return items[createHash('sha256').update(seed).digest().readUInt32BE(0) % items.length]
}
