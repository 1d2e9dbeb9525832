import { describe, expect, test } from '@jest/globals'
import { sizeFor } from '../../../src/trial/full-mount.js'
import { directory, file } from '../judge/cases.js'

const ROOT = { path: '/data/cache', uid: 1, gid: 2, mode: 0o750 } as const
const SEVEN_PAGES = [
  directory('/data/cache/models'),
  ...['a', 'b'].map((name) => ({ ...file(`/data/cache/${name}`, 'x'), content: Buffer.alloc(4097) })),
  ...['c', 'd', 'e'].map((name) => ({ ...file(`/data/cache/${name}`, 'x'), content: Buffer.alloc(1) })),
  { ...file('/data/cache/empty', ''), content: Buffer.alloc(0) }
]

describe('the size of a full file system', () => {
  test('out of space: the pages of its files, and inodes to spare', () => {
    const size = sizeFor({ ...ROOT, outOf: 'space' }, SEVEN_PAGES, false)
    expect(size).toMatchObject({ bytes: 7 * 4096, uid: 1, gid: 2, mode: 0o750 })
    expect(size.inodes).toBeGreaterThan(1000)
  })

  test('out of inodes: its entries and its root, and bytes to spare', () => {
    const size = sizeFor({ ...ROOT, outOf: 'inodes' }, SEVEN_PAGES, false)
    expect(size.inodes).toBe(8)
    expect(size.bytes).toBeGreaterThan(1024 * 1024)
  })

  test.each(['space', 'inodes'] as const)('with room, nothing is short: %s', (outOf) => {
    const size = sizeFor({ ...ROOT, outOf }, SEVEN_PAGES, true)
    expect(size.bytes).toBeGreaterThan(100 * 1024 * 1024)
    expect(size.inodes).toBeGreaterThan(1000)
  })
})
