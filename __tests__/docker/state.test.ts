import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { readRoots } from '../../src/trial/lab.js'
import { Bench, entry, file } from './engine-fixture.js'

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
