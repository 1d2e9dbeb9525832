import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { containerBody, type TmpfsVolume } from '../../src/trial/container.js'
import { Bench, BOUNDS, docker, file, IMAGE, LABEL, outputOf } from './engine-fixture.js'

let engine: Engine
let bench: Bench

beforeAll(async () => {
  engine = await connect(process.env)
  bench = new Bench(engine)
})

const releases: (() => Promise<void>)[] = []

/** A container whose volumes are kept mounted cannot be removed. */
afterEach(async () => {
  await Promise.all(releases.splice(0).map((release) => release()))
  await bench.clear()
})

afterAll(() => {
  engine.close()
})

const ROOMY: TmpfsVolume = { bytes: 1024 * 1024, inodes: 100, uid: 4242, gid: 4343, mode: 0o2750 }

/** Two containers of one tmpfs volume at /data: one that runs a script, and one that only carries the volume. */
async function onTmpfs(script: string, tmpfs: TmpfsVolume): Promise<{ id: string; carrier: string }> {
  const volume = { name: bench.volume(), target: '/data', readOnly: false, noCopy: true, tmpfs }
  const make = async (): Promise<string> => {
    const { HostConfig } = containerBody({}, { labels: { [LABEL]: 'yes' }, volumes: [volume], ports: [] })
    return await bench.script(script, { Image: IMAGE, ...(HostConfig === undefined ? {} : { HostConfig }) })
  }
  return { id: await make(), carrier: await make() }
}

async function keepMounted(carrier: string): Promise<() => Promise<void>> {
  const release = await engine.keepMounted(carrier)
  releases.push(release)
  return release
}

async function run(id: string): Promise<void> {
  await engine.startContainer(id)
  docker('wait', id)
}

const pathsIn = async (id: string): Promise<string[]> => [
  ...((await engine.read(id, '/data', BOUNDS))?.entries.keys() ?? [])
]

describe('a tmpfs volume', () => {
  test('keeps what is written before, in and after a run, as long as it is kept mounted', async () => {
    const { id, carrier } = await onTmpfs('cat /data/before && echo x > /data/during', ROOMY)
    const release = await keepMounted(carrier)
    await engine.write(id, [file('/data/before', 'was here\n')])
    await run(id)
    expect(await outputOf(engine, id)).toBe('was here\n')
    expect(await pathsIn(id)).toEqual(['/data', '/data/before', '/data/during'])
    await release()
    expect(await pathsIn(id)).toEqual(['/data'])
    // What was kept is free again.
    await engine.removeContainer(carrier)
  })

  test('has the owner and mode that were asked for', async () => {
    const { id } = await onTmpfs('true', ROOMY)
    expect(await engine.readEntry(id, '/data')).toMatchObject({ uid: 4242, gid: 4343, mode: 0o2750 })
  })

  test.each([
    [
      'bytes',
      { bytes: 4096, inodes: 100 },
      'cp /etc/group /data/1; cp /etc/group /data/2',
      ['/data/1', '/data/2']
    ],
    ['inodes', { bytes: 1024 * 1024, inodes: 2 }, 'cp /etc/group /data/1; cp /etc/group /data/2', ['/data/1']]
  ] as const)('that is out of %s says so', async (_, limits, script, left) => {
    const { id, carrier } = await onTmpfs(script, { ...ROOMY, ...limits })
    await keepMounted(carrier)
    await run(id)
    expect(await outputOf(engine, id)).toContain('No space left on device')
    expect(await pathsIn(id)).toEqual(['/data', ...left])
    await expect(engine.write(id, [file('/data/3', 'x')])).rejects.toThrow(/no space left on device/i)
  })
})

test('volumes of a container that is not there cannot be kept mounted', async () => {
  await expect(engine.keepMounted('no-such-container')).rejects.toThrow(/No such container/)
})
