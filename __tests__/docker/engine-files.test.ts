import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { connect } from '../../src/engine/docker.js'
import type { ContainerBody, Engine } from '../../src/engine/engine.js'
import type { EntryType, TreeEntry } from '../../src/model.js'
import { readRoots } from '../../src/trial/lab.js'
import { Bench, BOUNDS, docker, entry, file, LABEL, MTIME, outputOf } from './engine-fixture.js'

let engine: Engine
let bench: Bench

beforeAll(async () => {
  engine = await connect(process.env)
  bench = new Bench(engine)
})

afterEach(() => bench.clear())

afterAll(() => {
  engine.close()
})

const OWNER = { uid: 4242, gid: 4343 }
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

/** A container with a volume at /data, in the state that is asked for. */
async function containerIn(
  state: 'created' | 'running' | 'stopped',
  more: ContainerBody = {}
): Promise<string> {
  const id = await bench.script('sleep 60', { Volumes: { '/data': {} }, ...more })
  if (state === 'created') return id
  await engine.startContainer(id)
  if (state === 'stopped') await engine.killContainer(id)
  return id
}

/** What a container's own `stat` says, line by line: the kernel's word, not the archive's. */
async function stat(id: string, ...paths: string[]): Promise<string[]> {
  const command = ['stat', '--format', '%n %F %a %u:%g %Y %h %N', ...paths]
  const result = await engine.exec(id, command, 20_000)
  if (result === 'timed-out') throw new Error('stat did not end')
  return result.output.trim().split('\n')
}

const PLACES = ['/data/x', '/srv/layer'] as const
const STATES = ['created', 'running', 'stopped'] as const

/** One entry of each kind below a directory. */
function zoo(root: string): TreeEntry[] {
  const owned = (path: string, type: EntryType, more: Partial<TreeEntry> = {}): TreeEntry =>
    entry(`${root}${path}`, { type, ...OWNER, ...more })
  return [
    owned('', 'directory', { mode: 0o750 }),
    file(`${root}/file`, 'content', { ...OWNER, mode: 0o600 }),
    file(`${root}/no bits`, 'x', { ...OWNER, mode: 0 }),
    file(`${root}/all bits`, 'x', { ...OWNER, mode: 0o6755 }),
    owned('/empty', 'file'),
    owned('/hard', 'hardlink', { linkTarget: `${root}/file`, mode: 0o600 }),
    owned('/dangling', 'symlink', { linkTarget: '/nonexistent', mode: 0o777 }),
    owned('/loop', 'symlink', { linkTarget: 'loop', mode: 0o777 }),
    owned('/to-etc', 'symlink', { linkTarget: '/etc', mode: 0o777 }),
    owned('/pipe', 'fifo', { mode: 0o622 }),
    owned('/sticky', 'directory', { mode: 0o1777 }),
    file(`${root}/sticky/ünïcode ${'long '.repeat(40)}`, 'name', OWNER),
    file(`${root}/rich`, 'x', { uid: 1_000_650_000, gid: 2_000_000_001, mtime: MTIME }),
    file(`${root}/future`, 'x', { ...OWNER, mtime: 4_000_000_000 })
  ]
}

/** As read back: hashes instead of nothing; a second name of a file is what the archive makes of it. */
function expected(entries: readonly TreeEntry[]): unknown[] {
  return entries
    .filter(({ path }) => !/\/(?:file|hard)$/.test(path))
    .map((wanted) => {
      if (wanted.type !== 'file') return wanted
      const content = wanted.content ?? Buffer.alloc(0)
      return { ...wanted, content, sha256: sha256(content) }
    })
}

describe('entries of every kind arrive as given', () => {
  test.each(STATES.flatMap((state) => PLACES.map((place) => [state, place] as const)))(
    'in a %s container at %s',
    async (state, root) => {
      const id = await containerIn(state)
      const entries = zoo(root)
      await engine.write(id, entries)
      const tree = await engine.read(id, root, BOUNDS)
      expect(tree?.truncated).toBe(false)
      expect([...(tree?.entries.keys() ?? [])].sort()).toEqual(entries.map(({ path }) => path).sort())
      const read = [...(tree?.entries.values() ?? [])]
      for (const wanted of expected(entries)) expect(read).toContainEqual(wanted)
      // Either name may come first; the other one is the link.
      const names = [tree?.entries.get(`${root}/file`), tree?.entries.get(`${root}/hard`)]
      expect(names.map((name) => name?.type).sort()).toEqual(['file', 'hardlink'])
      expect(names.find((name) => name?.type === 'file')).toMatchObject({
        mode: 0o600,
        sha256: sha256('content')
      })
      expect(names.find((name) => name?.type === 'hardlink')?.linkTarget).toMatch(/^\/.*\/(?:file|hard)$/)
    }
  )

  test('the kernel agrees', async () => {
    const id = await containerIn('running')
    await engine.write(id, zoo('/data/x'))
    const lines = await stat(
      id,
      '/data/x/no bits',
      '/data/x/all bits',
      '/data/x/hard',
      '/data/x/loop',
      '/data/x/rich'
    )
    expect(lines).toEqual([
      `/data/x/no bits regular file 0 4242:4343 ${MTIME} 1 '/data/x/no bits'`,
      `/data/x/all bits regular file 6755 4242:4343 ${MTIME} 1 '/data/x/all bits'`,
      `/data/x/hard regular file 600 4242:4343 ${MTIME} 2 '/data/x/hard'`,
      `/data/x/loop symbolic link 777 4242:4343 ${MTIME} 1 '/data/x/loop' -> 'loop'`,
      `/data/x/rich regular file 644 1000650000:2000000001 ${MTIME} 1 '/data/x/rich'`
    ])
  })

  test('also for an image with a user of its own', async () => {
    const id = await containerIn('created', { User: '4242:4343' })
    const root = file('/data/roots', 'x', { uid: 0, gid: 0 })
    await engine.write(id, [root])
    expect(await engine.readEntry(id, '/data/roots')).toMatchObject({ uid: 0, gid: 0 })
  })

  test('thousands of entries go in one archive', async () => {
    const id = await containerIn('created')
    const many = Array.from({ length: 6000 }, (_, index) =>
      index % 2 === 0
        ? entry(`/data/d${index}`, { type: 'directory', mode: 0o755 })
        : file(`/data/f${index}`, `${index}`)
    )
    await engine.write(id, many)
    const tree = await engine.read(id, '/data', BOUNDS)
    expect(tree?.entries.size).toBe(6001)
    expect(tree?.entries.get('/data/f4711')?.content?.toString()).toBe('4711')
  })

  test('a file of 40 MB arrives whole', async () => {
    const id = await containerIn('created')
    const content = Buffer.alloc(40_000_000, 'pattern')
    await engine.write(id, [entry('/data/big', { content, size: content.length })])
    const tree = await engine.read(id, '/data/big', { ...BOUNDS, keepContent: false })
    expect(tree?.entries.get('/data/big')).toMatchObject({ size: content.length, sha256: sha256(content) })
    expect(tree?.entries.get('/data/big')).not.toHaveProperty('content')
  })
})

describe('what is there is replaced', () => {
  test.each([
    ['a directory by a file', entry('/data/x', { type: 'directory', mode: 0o755 }), file('/data/x', 'new')],
    ['a file by a directory', file('/data/x', 'old'), entry('/data/x', { type: 'directory', mode: 0o711 })],
    [
      'a symlink by a file',
      entry('/data/x', { type: 'symlink', linkTarget: '/etc/passwd' }),
      file('/data/x', 'new')
    ],
    [
      'a file by a symlink',
      file('/data/x', 'old'),
      entry('/data/x', { type: 'symlink', linkTarget: 'x', mode: 0o777 })
    ],
    ['a file by a pipe', file('/data/x', 'old'), entry('/data/x', { type: 'fifo', mode: 0o600 })]
  ])('%s', async (_title, before, after) => {
    const id = await containerIn('created')
    await engine.write(id, [before, ...(before.type === 'directory' ? [file('/data/x/deep/er', 'x')] : [])])
    await engine.write(id, [after])
    expect({ ...(await engine.readEntry(id, '/data/x')), content: after.content }).toMatchObject({
      ...after,
      content: after.content as unknown
    })
    const tree = await engine.read(id, '/data', BOUNDS)
    expect([...(tree?.entries.keys() ?? [])]).toEqual(['/data', '/data/x'])
  })

  test('a directory by a directory: its content stays', async () => {
    const id = await containerIn('created')
    await engine.write(id, [file('/data/x/kept', 'kept')])
    await engine.write(id, [entry('/data/x', { type: 'directory', mode: 0o700, ...OWNER })])
    expect(await engine.readEntry(id, '/data/x')).toMatchObject({ mode: 0o700, ...OWNER })
    expect(await engine.readEntry(id, '/data/x/kept')).toMatchObject({ size: 4 })
  })

  test('a device is refused, since its numbers are not known', async () => {
    const id = await containerIn('created')
    const device = entry('/data/x', { type: 'character-device' })
    await expect(engine.write(id, [device])).rejects.toMatchObject({
      name: 'EngineError',
      daemonMessage: expect.stringContaining('/data/x') as unknown
    })
  })

  test('the target of a link that leads out of the container is out of reach', async () => {
    const id = await containerIn('created')
    await engine.write(id, [
      entry('/data/out', { type: 'symlink', linkTarget: '../../../../../../../../tmp' })
    ])
    await engine.write(id, [file('/data/out/engine-test-escape', 'x')])
    expect(await engine.readEntry(id, '/tmp/engine-test-escape')).toMatchObject({ size: 1 })
  })
})

describe('what a container starts with', () => {
  test('an anonymous volume and the layer hold the plant at the first start', async () => {
    const id = await bench.script('cat /data/plant /srv/plant; cat /data/x; readlink /data/l', {
      Volumes: { '/data': {} }
    })
    await engine.write(id, [
      file('/data/plant', 'volume '),
      file('/srv/plant', 'layer '),
      file('/data/x', 'file '),
      entry('/data/l', { type: 'symlink', linkTarget: '/gone' })
    ])
    await engine.startContainer(id)
    expect(await outputOf(engine, id)).toBe('volume layer file /gone\n')
  })

  test('a named volume that the image would fill is still filled, and keeps the plant', async () => {
    const maker = await bench.script('mkdir /filled && echo image >/filled/own')
    await engine.startContainer(maker)
    await outputOf(engine, maker)
    docker(
      'commit',
      '--change',
      'VOLUME /filled',
      '--change',
      `LABEL ${LABEL}=yes`,
      maker,
      'engine-test:filled'
    )
    try {
      const binds = [`${bench.volume()}:/filled`]
      const id = await bench.script('cd /filled; cat own plant', {
        Image: 'engine-test:filled',
        HostConfig: { Binds: binds }
      })
      await engine.write(id, [file('/filled/plant', 'plant\n')])
      await engine.startContainer(id)
      expect(await outputOf(engine, id)).toBe('image\nplant\n')
      await bench.clear()
    } finally {
      await engine.removeImage('engine-test:filled')
    }
  })

  test('volumes of a container with a read-only root are planted by their own paths', async () => {
    const id = await bench.script('cat /data/a/f /data/a/h /deep/er/f', {
      Volumes: { '/data': {}, '/deep/er': {} },
      HostConfig: { ReadonlyRootfs: true }
    })
    await engine.write(id, [
      entry('/data/a', { type: 'directory', mode: 0o755 }),
      file('/data/a/f', 'one\n'),
      entry('/data/a/h', { type: 'hardlink', linkTarget: '/data/a/f' }),
      file('/deep/er/f', 'two\n')
    ])
    await engine.startContainer(id)
    expect(await outputOf(engine, id)).toBe('one\none\ntwo\n')
    await expect(engine.write(id, [file('/srv/x', 'x')])).rejects.toThrow(/read-only/)
  })

  test('a read-only volume refuses', async () => {
    const id = await bench.script('true', { HostConfig: { Binds: [`${bench.volume()}:/data:ro`] } })
    await expect(engine.write(id, [file('/data/x', 'x')])).rejects.toThrow(/read-only/)
  })
})

describe('reading', () => {
  test('nothing there, or nothing that could be there, is undefined', async () => {
    const id = await containerIn('created')
    await engine.write(id, [
      file('/data/f', 'x'),
      entry('/data/loop', { type: 'symlink', linkTarget: 'loop' })
    ])
    for (const path of ['/data/none', '/data/f/below', '/data/loop/below', '/none/at/all']) {
      expect([path, await engine.readEntry(id, path)]).toEqual([path, undefined])
      expect([path, await engine.read(id, path, BOUNDS)]).toEqual([path, undefined])
    }
  })

  test('a missing container is an error, not an absence', async () => {
    await expect(engine.readEntry('engine-test-absent', '/x')).rejects.toMatchObject({ status: 404 })
    await expect(engine.write('engine-test-absent', [file('/x', 'x')])).rejects.toMatchObject({ status: 404 })
  })

  test.each(['/', '/etc', '/data', '/data/'])(
    'the entry at %s is read without what is in it',
    async (path) => {
      const id = await containerIn('running')
      const found = await engine.readEntry(id, path)
      expect(found).toMatchObject({
        path: path.length > 1 ? path.replace(/\/$/, '') : path,
        type: 'directory',
        mode: 0o755
      })
    }
  )

  test('a file’s content is hashed up to 256 MiB, as a planted model may be large', async () => {
    const id = await containerIn('created')
    const most = Buffer.alloc(256 * 1024 * 1024, 1)
    const more = Buffer.alloc(most.length + 1, 1)
    await engine.write(id, [
      entry('/data/most', { content: most, size: most.length }),
      entry('/data/more', { content: more, size: more.length })
    ])
    expect(await engine.readEntry(id, '/data/most')).toMatchObject({
      size: most.length,
      sha256: sha256(most)
    })
    const large = await engine.readEntry(id, '/data/more')
    expect(large).toMatchObject({ size: more.length })
    expect(large?.sha256).toBeUndefined()
  })

  test('links on the way are followed, the last one is not', async () => {
    const id = await containerIn('running')
    await engine.write(id, [
      entry('/data/there', { type: 'symlink', linkTarget: '/etc', mode: 0o777 }),
      file('/etc/found', 'found')
    ])
    expect(await engine.readEntry(id, '/data/there')).toMatchObject({ type: 'symlink', linkTarget: '/etc' })
    const below = await engine.read(id, '/data/there/found', BOUNDS)
    expect(below?.entries.get('/data/there/found')?.content?.toString()).toBe('found')
  })

  test.each(['/data/loop', '/srv/loop', '/loop', '/data/there/loop'])(
    'a symlink loop at %s is a symlink',
    async (path) => {
      const id = await containerIn('stopped')
      await engine.write(id, [
        file('/data/before', 'sorts before the loop'),
        entry('/data/there', { type: 'symlink', linkTarget: '/srv', mode: 0o777 }),
        entry(path, { type: 'symlink', linkTarget: 'loop', mode: 0o777, ...OWNER })
      ])
      const link = { path, type: 'symlink', linkTarget: 'loop', ...OWNER, mtime: MTIME }
      expect(await engine.readEntry(id, path)).toMatchObject(link)
      const tree = await engine.read(id, path, BOUNDS)
      expect([...(tree?.entries.values() ?? [])]).toEqual([expect.objectContaining(link)])
    }
  )

  test('two links that lead to each other are symlinks', async () => {
    const id = await containerIn('created')
    await engine.write(id, [
      entry('/data/a', { type: 'symlink', linkTarget: '/data/b' }),
      entry('/data/b', { type: 'symlink', linkTarget: 'a/below' })
    ])
    expect(await engine.readEntry(id, '/data/a')).toMatchObject({ linkTarget: '/data/b' })
    expect(await engine.readEntry(id, '/data/b')).toMatchObject({ linkTarget: 'a/below' })
  })

  test('a link target as long as a path may be is read', async () => {
    const id = await containerIn('created')
    const linkTarget = '"\\/'.repeat(1365)
    await engine.write(id, [entry('/data/long', { type: 'symlink', linkTarget })])
    expect(await engine.readEntry(id, '/data/long')).toMatchObject({ linkTarget })
  })

  test('a socket cannot be read, and is not reported as missing', async () => {
    const bind = 'import socket; socket.socket(socket.AF_UNIX).bind("/data/sock")'
    const id = await bench.container(['python3', '-c', bind], { Volumes: { '/data': {} } })
    await engine.startContainer(id)
    await outputOf(engine, id)
    await expect(engine.readEntry(id, '/data/sock')).rejects.toThrow(/neither file/)
  })

  test.each([
    ['entries', { ...BOUNDS, entries: 3 }, 3],
    ['bytes', { ...BOUNDS, bytes: 200_000 }, 3]
  ])('over the bound of %s the rest is missing, and said to be', async (_bound, bounds, most) => {
    const id = await containerIn('created')
    const content = Buffer.alloc(100_000)
    await engine.write(
      id,
      ['a', 'b', 'c', 'd'].map((name) => entry(`/data/${name}`, { content, size: content.length }))
    )
    const tree = await engine.read(id, '/data', bounds)
    expect(tree?.truncated).toBe(true)
    expect(tree?.entries.size).toBeLessThanOrEqual(most)
    expect(tree?.entries.size).toBeGreaterThan(1)
    expect((await engine.read(id, '/data', BOUNDS))?.truncated).toBe(false)
  })

  test('an archive that is given up does not hold its container', async () => {
    const id = await containerIn('running')
    const before = Date.now()
    const tree = await engine.read(id, '/', { ...BOUNDS, entries: 50 })
    expect(tree).toMatchObject({ truncated: true })
    await engine.inspectContainer(id)
    expect(Date.now() - before).toBeLessThan(15_000)
  })

  test('a file that shrinks while it is read never gives a complete tree with wrong content', async () => {
    const loop = 'open("/data/f", "wb").truncate(3000000)\nopen("/data/f", "wb").truncate(10)'
    const id = await bench.container(['python3', '-c', `while True:\n ${loop.replace('\n', '\n ')}`], {
      Volumes: { '/data': {} }
    })
    await engine.startContainer(id)
    const errors: string[] = []
    for (let round = 0; round < 10; round++) {
      const tree = await engine.read(id, '/data', BOUNDS).catch((error: unknown) => {
        errors.push(String(error))
      })
      const found = tree?.entries.get('/data/f')
      if (found === undefined) continue
      expect(found.sha256).toBe(sha256(Buffer.alloc(found.size)))
    }
    // Where every attempt of a round broke off.
    expect(errors.filter((error) => !error.includes('the archive of /data broke off'))).toEqual([])
  })

  test('what Docker put there itself is read', async () => {
    const id = await containerIn('running')
    expect(await engine.readEntry(id, '/etc/hosts')).toMatchObject({ type: 'file' })
    expect(await engine.readEntry(id, '/bin')).toMatchObject({ type: 'symlink', linkTarget: 'usr/bin' })
  })
})

describe('several roots of one container', () => {
  const roots = ['/srv/a', '/srv/b', '/srv/c', '/srv/d']

  /** Each root with two files of 400,000 bytes. */
  async function container(): Promise<string> {
    const id = await bench.script('true')
    await engine.write(
      id,
      roots.flatMap((root) => [
        entry(root, { type: 'directory', mode: 0o755 }),
        file(`${root}/one`, '1'.repeat(400_000)),
        file(`${root}/two`, '2'.repeat(400_000))
      ])
    )
    return id
  }

  const held = (entries: Awaited<ReturnType<typeof readRoots>>['entries']): number =>
    [...entries.values()].reduce((bytes, { content }) => bytes + (content?.length ?? 0), 0)

  test('are one tree; what is missing is no root that was cut', async () => {
    const bounds = { entries: 100, bytes: 10_000_000, keepContent: true }
    const tree = await readRoots(engine, await container(), [...roots, '/srv/absent'], bounds)
    expect(tree).toMatchObject({ truncated: false, cut: [] })
    expect([...tree.entries.keys()]).toHaveLength(12)
    expect(held(tree.entries)).toBe(8 * 400_000)
  })

  test.each([
    ['entries', { entries: 3, bytes: 10_000_000, keepContent: true }, ['/srv/c', '/srv/d']],
    ['bytes', { entries: 100, bytes: 900_000, keepContent: true }, ['/srv/c', '/srv/d']]
  ])('hold twice the bound of one in %s, and each that is cut is still seen', async (_, bounds, cut) => {
    const tree = await readRoots(engine, await container(), roots, bounds)
    expect(tree).toMatchObject({ truncated: true, cut })
    expect(roots.every((root) => tree.entries.get(root)?.type === 'directory')).toBe(true)
    expect(held(tree.entries)).toBeLessThanOrEqual(2 * 900_000)
    expect(tree.entries.get('/srv/b/two')?.content).toHaveLength(400_000)
    expect(tree.entries.has('/srv/d/two')).toBe(false)
  })
})
