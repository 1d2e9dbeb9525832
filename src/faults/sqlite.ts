/**
 * What is known of SQLite's file format (https://www.sqlite.org/fileformat2.html): enough to recognise a database, to damage
 * its pages, and to make a write-ahead log of another one.
 */

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')
/** The file header, which is the beginning of page 1. */
const HEADER_BYTES = 100

/** Whether the content is that of an SQLite database. */
export function isSqlite(content: Buffer): boolean {
  return content.length >= HEADER_BYTES && content.subarray(0, MAGIC.length).equals(MAGIC)
}

/** Page size in bytes; the header has 1 for 65,536. */
export function pageSize(content: Buffer): number {
  const size = content.readUInt16BE(16)
  return size === 1 ? 65_536 : size
}

/** The first page, or of a database of one page its header; the rest is what a crash may leave as NUL bytes. */
export function firstPage(content: Buffer): Buffer {
  const size = pageSize(content)
  return content.subarray(0, content.length > size ? size : HEADER_BYTES)
}

/**
 * A valid write-ahead log of another database with pages of this size: one committed frame that makes the database one page
 * with no table in it. SQLite lays it over whatever database lies beside it.
 * @param bytes the page size
 */
export function foreignWal(bytes: number): Buffer {
  const salts = Buffer.from([0x43, 0x43, 0x54, 0x31, 0x43, 0x43, 0x54, 0x32])
  const head = Buffer.alloc(24)
  head.writeUInt32BE(0x377f0682, 0)
  head.writeUInt32BE(3_007_000, 4)
  head.writeUInt32BE(bytes, 8)
  salts.copy(head, 16)
  const afterHead = checksum(head, [0, 0])

  const page = emptyDatabase(bytes)
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(1, 0)
  // The size of the database in pages after the commit: not zero, so this frame is one.
  frame.writeUInt32BE(1, 4)
  const afterFrame = checksum(page, checksum(frame, afterHead))
  return Buffer.concat([head, pair(afterHead), frame, salts, pair(afterFrame), page])
}

function emptyDatabase(bytes: number): Buffer {
  const page = Buffer.alloc(bytes)
  MAGIC.copy(page)
  page.writeUInt16BE(bytes === 65_536 ? 1 : bytes, 16)
  // Written and read with a write-ahead log; payload fractions as the format fixes them.
  Buffer.from([2, 2, 0, 64, 32, 32]).copy(page, 18)
  page.writeUInt32BE(1, 24)
  page.writeUInt32BE(1, 28)
  page.writeUInt32BE(4, 44)
  page.writeUInt32BE(1, 56)
  page.writeUInt32BE(1, 92)
  page.writeUInt32BE(3_040_000, 96)
  // A leaf of the schema table without any cell, whose content area begins at the end of the page.
  page.writeUInt8(0x0d, HEADER_BYTES)
  page.writeUInt16BE(bytes === 65_536 ? 0 : bytes, HEADER_BYTES + 5)
  return page
}

/** The checksum of the magic number 0x377f0682: 32-bit words in little-endian order, two sums that feed each other. */
function checksum(data: Buffer, [first, second]: readonly [number, number]): readonly [number, number] {
  let [s0, s1] = [first, second]
  for (let at = 0; at < data.length; at += 8) {
    s0 = (s0 + data.readUInt32LE(at) + s1) >>> 0
    s1 = (s1 + data.readUInt32LE(at + 4) + s0) >>> 0
  }
  return [s0, s1]
}

function pair([first, second]: readonly [number, number]): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(first, 0)
  bytes.writeUInt32BE(second, 4)
  return bytes
}
