import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack, type Header } from 'tar-stream'
import { readSeeds, seedEntries } from '../../src/seed/seed-state.js'
import type { SeedSource, TreeEntry } from '../../src/model.js'

let workspace: string
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'seed-'))
})
afterAll(() => rm(workspace, { recursive: true }))

const OWNER = { uid: 1000, gid: 1001 }

async function entriesOf(source: SeedSource, mounts = ['/data']): Promise<TreeEntry[]> {
  return seedEntries(await readSeeds([source], workspace), OWNER, mounts)
}

async function tar(
  name: string,
  entries: readonly (readonly [Partial<Header> & Pick<Header, 'name'>, string?])[]
): Promise<SeedSource> {
  const archive = pack()
  for (const [header, content] of entries) archive.entry(header, content ?? '')
  archive.finalize()
  const bytes = await buffer(archive)
  const file = join(workspace, name)
  const gzipped = name.endsWith('gz')
  await writeFile(file, gzipped ? gzipSync(bytes) : bytes)
  return { place: '/data/state', from: gzipped ? 'gzipped-tar' : 'tar', file, text: `/data/state=${name}` }
}

test('a directory belongs to the app’s user, with the directories that lead to it', async () => {
  const directory = join(workspace, 'state')
  await mkdir(join(directory, 'models'), { recursive: true })
  await writeFile(join(directory, 'models/a.bin'), 'weights')
  await writeFile(join(directory, 'run.sh'), '#!/bin/sh', { mode: 0o755 })
  await symlink('models/a.bin', join(directory, 'current'))
  const source = { place: '/data/app/state', from: 'directory', file: directory, text: '' } as const
  const entries = await entriesOf(source)
  expect(entries.every(({ uid, gid }) => uid === 1000 && gid === 1001)).toBe(true)
  expect(entries.map(({ path, type, mode }) => [path, type, mode.toString(8)])).toEqual([
    ['/data/app', 'directory', '755'],
    ['/data/app/state', 'directory', '755'],
    ['/data/app/state/current', 'symlink', '777'],
    ['/data/app/state/models', 'directory', '755'],
    ['/data/app/state/models/a.bin', 'file', '644'],
    ['/data/app/state/run.sh', 'file', '755']
  ])
  expect(entries.find(({ path }) => path.endsWith('a.bin'))?.content?.toString()).toBe('weights')
})

test.each(['state.tar', 'state.tar.gz'])('an archive keeps its owners, modes and times: %s', async (name) => {
  const source = await tar(name, [
    [{ name: './db/', type: 'directory', mode: 0o700, uid: 70, gid: 70, mtime: new Date(5000) }],
    [{ name: './db/x', mode: 0o600, uid: 70, gid: 71, mtime: new Date(7000) }, 'rows'],
    [{ name: 'db/y', type: 'link', linkname: './db/x', uid: 70, gid: 70 }]
  ])
  expect(await entriesOf(source)).toEqual([
    expect.objectContaining({ path: '/data/state', type: 'directory', ...OWNER }),
    expect.objectContaining({ path: '/data/state/db', mode: 0o700, uid: 70, mtime: 5 }),
    expect.objectContaining({ path: '/data/state/db/x', mode: 0o600, uid: 70, gid: 71, mtime: 7, size: 4 }),
    expect.objectContaining({ path: '/data/state/db/y', type: 'hardlink', linkTarget: '/data/state/db/x' })
  ])
})

describe('an archive is refused that', () => {
  test.each([
    ['has an absolute name', [[{ name: '/etc/passwd' }, 'x']], 'holds the absolute name "/etc/passwd"'],
    ['climbs out', [[{ name: 'a/../../b' }, 'x']], 'holds "a/../../b", which leads out of it'],
    [
      'links out',
      [[{ name: 'l', type: 'symlink', linkname: '../../etc' }]],
      'holds "l", a link to "../../etc", which leads out of it'
    ],
    [
      'links to an absolute place',
      [[{ name: 'l', type: 'symlink', linkname: '/etc' }]],
      'holds "l", a link to "/etc", which leads out of it'
    ],
    [
      'writes through a link',
      [[{ name: 'l', type: 'symlink', linkname: '.' }], [{ name: 'l/x' }, 'x']],
      'holds "l/x" below "l", which is no directory in it'
    ],
    [
      'links to a file that it does not have',
      [[{ name: 'h', type: 'link', linkname: 'gone' }]],
      'holds "h", a hard link to something that is not in it'
    ],
    [
      'has a device',
      [[{ name: 'null', type: 'character-device' }]],
      'holds "null", which is neither file, directory nor link'
    ],
    [
      'has a name twice',
      [
        [{ name: 'a' }, '1'],
        [{ name: './a' }, '2']
      ],
      'holds "a" twice'
    ]
  ] as const)('%s', async (_, entries, complaint) => {
    const source = await tar('hostile.tar', entries)
    await expect(readSeeds([source], workspace)).rejects.toThrow(
      `seed-state: "/data/state=hostile.tar" ${complaint}`
    )
  })

  test('is a gzip bomb', async () => {
    const file = join(workspace, 'bomb.tgz')
    await writeFile(file, gzipSync(Buffer.alloc(200 * 1024 * 1024)))
    const source = { place: '/data', from: 'gzipped-tar', file, text: '/data=bomb.tgz' } as const
    await expect(readSeeds([source], workspace)).rejects.toThrow('holds more than 128 MiB')
  })

  test('is none', async () => {
    const file = join(workspace, 'text.tar')
    await writeFile(file, 'x'.repeat(2000))
    const source = { place: '/data', from: 'tar', file, text: '/data=text.tar' } as const
    await expect(readSeeds([source], workspace)).rejects.toThrow(/is no tar archive that can be read/)
  })
})

test('a source that leads out of the workspace is refused', async () => {
  await symlink('/etc', join(workspace, 'out'))
  const source = {
    place: '/data',
    from: 'directory',
    file: join(workspace, 'out'),
    text: '/data=out'
  } as const
  await expect(readSeeds([source], workspace)).rejects.toThrow('is a link that leads out of the workspace')
})

test('a seed that is on no volume is refused', async () => {
  const source = await tar('fine.tar', [[{ name: 'a' }, 'x']])
  await expect(entriesOf(source, ['/var'])).rejects.toThrow('is on no volume: the volumes are /var')
})
