import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { pack } from 'tar-stream'
import { type ArchiveEnd, type ArchiveReading, readArchive } from '../../../src/engine/archive.js'
import { packEntries } from '../../../src/engine/pack.js'
import type { EntryType, TreeEntry } from '../../../src/model.js'

const NO_BOUNDS = { entries: Infinity, bytes: Infinity }

function entry(path: string, more: Partial<TreeEntry> = {}): TreeEntry {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, size: 0, ...more }
}

async function packed(entries: readonly TreeEntry[], root = '/'): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of packEntries(entries, root)) pieces.push(piece)
  return Buffer.concat(pieces)
}

type RawHeader = Parameters<ReturnType<typeof pack>['entry']>[0]

/** Headers without content, hostile ones included. */
async function tar(headers: readonly RawHeader[]): Promise<Buffer> {
  const archive = pack()
  for (const header of headers) {
    // tar-stream completes the header that it is given.
    const sink = archive.entry({ ...header })
    if (header.type === undefined) sink.end(null)
  }
  archive.finalize()
  const pieces: Buffer[] = []
  for await (const piece of archive as AsyncIterable<Buffer>) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size) {
    yield await Promise.resolve(bytes.subarray(offset, offset + size))
  }
}

async function read(
  bytes: Buffer,
  path: string,
  {
    size = 1000,
    keep = true,
    ...bounds
  }: { size?: number; keep?: boolean; entries?: number; bytes?: number } = {}
): Promise<{ end: ArchiveEnd; entries: TreeEntry[] }> {
  const entries: TreeEntry[] = []
  const end = await readArchive(chunked(bytes, size), {
    path,
    ...NO_BOUNDS,
    ...bounds,
    content: () => (keep ? 'keep' : 'hash'),
    onEntry: (found) => {
      entries.push(found)
      return 'continue'
    }
  })
  return { end, entries }
}

const names = (entries: readonly TreeEntry[]): string[] => entries.map(({ path }) => path)

describe('what is packed', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
    .filter((text) => !text.includes('/') && !text.includes('\0') && text !== '.' && text !== '..')
  const type = fc.constantFrom<EntryType>('file', 'directory', 'symlink', 'fifo')
  const arbitrary = fc
    .record({
      segments: fc.array(name, { minLength: 1, maxLength: 4 }),
      type,
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
      gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
      mtime: fc.integer({ min: -1000, max: 2 ** 34 }),
      content: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      linkTarget: fc.string({ minLength: 1, maxLength: 200 }).filter((text) => !text.includes('\0'))
    })
    .map(({ segments, type, content, linkTarget, ...rest }): TreeEntry => {
      const path = `/data/${segments.join('/')}`
      if (type === 'file') return { ...rest, path, type, size: content.length, content }
      return { ...rest, path, type, size: 0, ...(type === 'symlink' ? { linkTarget } : {}) }
    })

  test('is read back the same, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitrary, { maxLength: 5 }),
        fc.integer({ min: 1, max: 3000 }),
        async (entries, size) => {
          const { end, entries: found } = await read(await packed(entries, '/'), '/', { size })
          expect(end).toBe('complete')
          const wanted = entries.map((given) =>
            given.content === undefined
              ? given
              : { ...given, sha256: createHash('sha256').update(given.content).digest('hex') }
          )
          expect(found).toEqual(wanted)
        }
      ),
      { numRuns: 60 }
    )
  })

  test('goes out in large pieces', async () => {
    const entries = Array.from({ length: 3000 }, (_, index) => entry(`/d/${index}`))
    let pieces = 0
    for await (const piece of packEntries(entries, '/')) pieces += piece.length > 0 ? 1 : 0
    expect(pieces).toBeLessThan(10)
  })

  test('is relative to the root of the archive, hard links too', async () => {
    const bytes = await packed(
      [
        entry('/data', { type: 'directory' }),
        entry('/data/f'),
        entry('/data/h', { type: 'hardlink', linkTarget: '/data/f' })
      ],
      '/data'
    )
    const { entries } = await read(bytes, '/')
    expect(entries.map(({ path, linkTarget }) => [path, linkTarget])).toEqual([
      ['/f', undefined],
      ['/h', '/f']
    ])
  })

  test.each([
    ['outside the root', [entry('/elsewhere')]],
    ['beside the root', [entry('/database')]],
    ['a hard link out of the root', [entry('/data/h', { type: 'hardlink', linkTarget: '/etc/passwd' })]],
    ['a link without a target', [entry('/data/l', { type: 'symlink' })]],
    ['a device', [entry('/data/null', { type: 'character-device' })]]
  ])('%s is refused', async (_title, entries) => {
    await expect(packed(entries, '/data')).rejects.toThrow(RangeError)
  })
})

describe('names of an archive', () => {
  const file = (name: string) => ({ name, size: 0 })

  test.each([
    [
      'the path itself',
      '/var/data',
      ['data/', 'data/f', 'data/d/f'],
      ['/var/data', '/var/data/f', '/var/data/d/f']
    ],
    ['a first-level path', '/data', ['data', 'data/f'], ['/data', '/data/f']],
    ['the root, as 20.10 names it', '/', ['/', '/.dockerenv', '/etc/f'], ['/', '/.dockerenv', '/etc/f']],
    ['the root, relative', '/', ['./', './etc', 'usr'], ['/', '/etc', '/usr']]
  ])('lead to %s', async (_title, path, given, wanted) => {
    const { end, entries } = await read(await tar(given.map(file)), path)
    expect([end, names(entries)]).toEqual(['complete', wanted])
  })

  test.each([
    '../data/f',
    'data/../../etc/passwd',
    'data/..',
    'data/./f',
    'data//f',
    '/etc/passwd',
    '/var/data/f',
    'other',
    'other/f',
    'database',
    '..',
    '.',
    '/',
    ''
  ])('%j leads elsewhere: it is left out and the tree is not complete', async (name) => {
    const { end, entries } = await read(
      await tar([file('data/'), file(name), file('data/after')]),
      '/var/data'
    )
    expect([end, names(entries)]).toEqual(['left-out', ['/var/data', '/var/data/after']])
  })

  test('a hard link to elsewhere is left out, a symlink is only text', async () => {
    const bytes = await tar([
      { name: 'data/h', type: 'link', linkname: '../../etc/passwd' },
      { name: 'data/l', type: 'symlink', linkname: '../../../../etc/passwd' }
    ])
    const { end, entries } = await read(bytes, '/var/data')
    expect([end, names(entries)]).toEqual(['left-out', ['/var/data/l']])
  })

  // As moby 20.10 archives a file that was created with the bytes ff and e9 in its name.
  test.each([
    ['a name', { name: 'data/f', size: 0, pax: { path: 'data/b@n@' } }],
    ['a link', { name: 'data/l', type: 'symlink', linkname: 'x', pax: { linkpath: 'b@n@' } }]
  ] as const)(
    '%s of other bytes than UTF-8 is left out: it could not be written back',
    async (_title, header) => {
      const bytes = await tar([header])
      const other = Buffer.from(bytes.toString('latin1').replace('b@n@', 'b\xffn\xe9'), 'latin1')
      expect(await read(bytes, '/data')).toMatchObject({ end: 'complete', entries: [{}] })
      for (const size of [1, 1000, 100_000])
        expect(await read(other, '/data', { size })).toEqual({ end: 'left-out', entries: [] })
    }
  )

  test('a character that stands for other bytes may be in a name of its own', async () => {
    const entries = [
      ...Array.from({ length: 300 }, (_, index) =>
        entry(`/data/${index}`, { content: Buffer.alloc(index * 7), size: index * 7 })
      ),
      entry('/data/caf\ufffd.txt'),
      entry('/data/l', { type: 'symlink', linkTarget: 'caf\ufffd.txt' })
    ]
    const bytes = await packed(entries)
    for (const size of [7, 1000, 100_000])
      expect(await read(bytes, '/', { size })).toMatchObject({
        end: 'complete',
        entries: entries.map(({ path }) => ({ path }))
      })
  })

  test('PAX records may not smuggle a name in', async () => {
    const bytes = await tar([{ name: 'data/f', size: 0, pax: { path: '../../etc/passwd' } }])
    expect(await read(bytes, '/var/data')).toEqual({ end: 'left-out', entries: [] })
  })
})

describe('bounds', () => {
  const content = Buffer.alloc(10_000, 'x')
  const three = packed(['a', 'b', 'c'].map((name) => entry(`/${name}`, { content, size: content.length })))

  test.each([
    ['entries', { entries: 2 }, ['/a', '/b']],
    ['bytes', { bytes: 25_000 }, ['/a', '/b']],
    ['no entries', { entries: 0 }, []]
  ])('%s', async (_title, bounds, wanted) => {
    const { end, entries } = await read(await three, '/', bounds)
    expect([end, names(entries)]).toEqual(['bound', wanted])
  })

  test('that are met exactly are not exceeded', async () => {
    const bytes = await three
    expect((await read(bytes, '/', { entries: 3, bytes: bytes.length })).end).toBe('complete')
  })

  test('stop the source', async () => {
    const endless = (async function* () {
      const header = (await tar([{ name: 'data/f', size: 0 }])).subarray(0, 512)
      for (;;) yield header
    })()
    let entries = 0
    const end = await readArchive(endless, {
      path: '/data',
      entries: 1000,
      bytes: Infinity,
      content: () => 'skip',
      onEntry: () => {
        entries += 1
        return 'continue'
      }
    })
    expect([end, entries]).toEqual(['bound', 1000])
    expect(await endless.next()).toEqual({ value: undefined, done: true })
  })

  test('a first entry is enough, however much follows', async () => {
    const first: TreeEntry[] = []
    const end = await readArchive(chunked(await three, 600), {
      path: '/',
      ...NO_BOUNDS,
      content: () => 'skip',
      onEntry: (found) => {
        first.push(found)
        return 'stop'
      }
    })
    expect([end, names(first)]).toEqual(['stopped', ['/a']])
  })

  test('content is not kept unless it is asked for', async () => {
    const { entries } = await read(await three, '/', { keep: false })
    expect(entries.map((found) => [found.sha256?.length, found.content])).toEqual(
      Array(3).fill([64, undefined])
    )
  })
})

describe('a bomb', () => {
  /** One header block, valid whatever is in it. */
  const header = (name: string, type: string, size: number): Buffer => {
    const block = Buffer.alloc(512)
    block.write(name)
    block.write('0000644\0', 100)
    block.write('0000000\0', 108)
    block.write('0000000\0', 116)
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
    block.write('00000000001\0', 136)
    block.write(type, 156)
    block.write('ustar\x0000', 257, 'latin1')
    fixChecksum(block)
    return block
  }
  const padded = (content: Buffer): Buffer =>
    Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)])
  const record = (key: string, value: string): string => {
    const rest = ` ${key}=${value}\n`
    let length = rest.length
    while (length !== rest.length + String(length).length) length = rest.length + String(length).length
    return `${length}${rest}`
  }
  const pax = (records: string, type = 'x'): Buffer =>
    Buffer.concat([header('pax', type, records.length), padded(Buffer.from(records))])

  test.each([
    [
      'a name',
      Buffer.concat([pax(record('path', `data/${'x'.repeat(1_000_000)}`)), header('data/f', '0', 0)])
    ],
    [
      'a long name of GNU',
      Buffer.concat([
        header('././@LongLink', 'L', 1_000_000),
        padded(Buffer.from(`data/${'x'.repeat(999_995)}`)),
        header('data/f', '0', 0)
      ])
    ],
    ['a link', Buffer.concat([pax(record('linkpath', 'x'.repeat(1_000_000))), header('data/f', '2', 0)])]
  ])('%s of a megabyte is left out, and the tree is not complete', async (_title, bytes) => {
    const { end, entries } = await read(Buffer.concat([bytes, Buffer.alloc(1024)]), '/data', { size: 64_000 })
    expect([end, names(entries)]).toEqual(['left-out', []])
  })

  test('the longest name that Linux has is taken', async () => {
    const name = `data/${'x'.repeat(4_000)}`
    const bytes = Buffer.concat([pax(record('path', name)), header('data/f', '0', 0), Buffer.alloc(1024)])
    expect(await read(bytes, '/data')).toMatchObject({ end: 'complete', entries: [{ path: `/${name}` }] })
  })

  test.each([
    ['hundreds of thousands of records', pax('6 a=b\n'.repeat(500_000))],
    ['one that applies to all that follows', pax(record('path', '../../etc/passwd'), 'g')],
    ['a record with a negative length', pax('-9 path=/etc/passwd\n-9 path=/etc/passwd\n')],
    ['a record that is longer than its header', pax('999999 path=/etc/passwd\n')],
    ['a size that is negative', pax(record('size', '-512'))],
    ['a size beyond all numbers', pax(record('size', '9'.repeat(400)))],
    ['a prototype', pax(record('__proto__', 'x') + record('constructor', 'x'))]
  ])('%s', async (_title, bytes) => {
    const began = performance.now()
    const { entries } = await read(
      Buffer.concat([bytes, header('data/f', '0', 0), Buffer.alloc(1024)]),
      '/data',
      {
        size: 64_000,
        bytes: 100_000_000
      }
    )
    expect(names(entries).every((path) => path === '/data/f')).toBe(true)
    // Some 100 ms; what hangs or takes quadratic time takes minutes.
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test.each([
    ['of a terabyte', 8 ** 11 - 1],
    ['one byte over the bound', 10_001]
  ])('a file %s is not begun', async (_title, size) => {
    let sent = 0
    const endless = (async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.concat([header('data/f', '0', 0), header('data/huge', '0', size)]))
      for (;;) {
        sent += 1
        yield Buffer.alloc(1_000)
      }
    })()
    const found: TreeEntry[] = []
    const end = await readArchive(endless, {
      path: '/data',
      entries: 100,
      bytes: 10_000,
      content: () => 'keep',
      onEntry: (entry) => {
        found.push(entry)
        return 'continue'
      }
    })
    expect([end, names(found)]).toEqual(['bound', ['/data/f']])
    expect(sent).toBeLessThan(2)
  })

  test('ten million entries cost no more memory than the bound of entries', async () => {
    const block = header('data/f', '0', 0)
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => block))
    let blocks = 0
    const endless = (async function* (): AsyncGenerator<Buffer> {
      for (; blocks < 10_000; blocks++) yield await Promise.resolve(many)
    })()
    let entries = 0
    const end = await readArchive(endless, {
      path: '/data',
      entries: 50_000,
      bytes: 256 * 1024 * 1024,
      content: () => 'hash',
      onEntry: () => {
        entries += 1
        return 'continue'
      }
    })
    expect([end, entries]).toEqual(['bound', 50_000])
    expect(blocks).toBeLessThan(60)
  })

  test('any bytes are read to an end, within the bounds, and lead nowhere else', async () => {
    const text = fc.constantFrom(
      'data/f',
      'data',
      '../x',
      '/etc/passwd',
      'data/../../x',
      '',
      'data/\0',
      'x'.repeat(5_000)
    )
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({
          name: fc.string({ maxLength: 100 }).map((name) => name.slice(0, 90)),
          type: fc.constantFrom(
            '0',
            '1',
            '2',
            '3',
            '5',
            '6',
            '7',
            'L',
            'K',
            'x',
            'g',
            'S',
            'D',
            'M',
            'V',
            '\xff'
          ),
          size: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.constant(8 ** 11 - 1))
        })
        .map(({ name, type, size }) => header(name, type, size)),
      fc
        .tuple(fc.constantFrom('path', 'linkpath', 'size', 'uid', 'mtime'), text)
        .map(([key, value]) => pax(record(key, value))),
      text.map((name) => header(name.slice(0, 100), '0', 0)),
      fc.constant(Buffer.alloc(1024))
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4_000 }),
        async (parts, size) => {
          const { end, entries } = await read(Buffer.concat(parts), '/data', {
            size,
            entries: 8,
            bytes: 20_000
          })
          expect(['complete', 'left-out', 'broken', 'bound']).toContain(end)
          expect(entries.length).toBeLessThanOrEqual(8)
          for (const { path, content, linkTarget, type } of entries) {
            expect(path).toMatch(/^\/data(?:\/|$)/)
            expect(path.split('/').slice(1)).not.toContain('..')
            expect(path).not.toContain('\0')
            expect(content?.length ?? 0).toBeLessThanOrEqual(20_000)
            expect(type === 'hardlink' ? linkTarget : path).toMatch(/^\/data(?:\/|$)/)
          }
        }
      ),
      { numRuns: 500, timeout: 5_000 }
    )
  })
})

describe('a damaged archive', () => {
  const whole = packed([
    entry('/d', { type: 'directory' }),
    entry('/d/f', { content: Buffer.alloc(700, 'x'), size: 700 }),
    entry(`/d/${'long'.repeat(60)}`, { content: Buffer.from('y'), size: 1 })
  ])

  test('that is cut anywhere is not complete, and what it gives is right', async () => {
    const bytes = await whole
    const { entries: all } = await read(bytes, '/')
    for (let length = 0; length < bytes.length; length += 64) {
      const { end, entries } = await read(bytes.subarray(0, length), '/')
      expect([length, end]).toEqual([length, 'broken'])
      expect(entries).toEqual(all.slice(0, entries.length))
    }
  })

  test('of any bytes ends without an uncaught error', async () => {
    const bytes = await whole
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12
    })
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (changes, repair) => {
        const damaged = Buffer.from(bytes)
        for (const [at, value] of changes) damaged[at] = value
        if (repair)
          for (let at = 0; at + 512 <= damaged.length; at += 512) fixChecksum(damaged.subarray(at, at + 512))
        const { end } = await read(damaged, '/', { bytes: 100_000, entries: 100 })
        expect(['complete', 'left-out', 'broken', 'bound']).toContain(end)
      }),
      { numRuns: 300, timeout: 1500 }
    )
  })

  test.each([
    ['a directory that claims a size', 124, '1', ['complete', 'broken']],
    ['a size that is no number', 512 + 124, '\x81', ['broken']]
  ])('with %s does not hang', async (_title, at, value, ends) => {
    const damaged = Buffer.from(await whole)
    damaged.write(value, at, 'latin1')
    fixChecksum(damaged.subarray(at - 124, at - 124 + 512))
    expect(ends).toContain((await read(damaged, '/')).end)
  })

  test('that promises endless names is given up', async () => {
    const header = Buffer.from((await tar([{ name: 'x', size: 0 }])).subarray(0, 512))
    header.write('L', 156)
    header.write('77777777777', 124)
    fixChecksum(header)
    const { end } = await read(Buffer.concat([header, Buffer.alloc(100_000, 'x')]), '/')
    expect(end).toBe('broken')
  })

  test('an error of the source is thrown as it is', async () => {
    const failing = (async function* (): AsyncGenerator<Buffer> {
      yield (await whole).subarray(0, 600)
      throw new Error('connection lost')
    })()
    const reading: ArchiveReading = {
      path: '/',
      ...NO_BOUNDS,
      content: () => 'hash',
      onEntry: () => 'continue'
    }
    await expect(readArchive(failing, reading)).rejects.toThrow('connection lost')
  })
})

/** Makes a block a header that parsers accept. */
function fixChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}
