import { describe, expect, test } from '@jest/globals'
import { EngineError } from '../../../src/engine/errors.js'
import type { BoundedTree, Observation, TreeEntry } from '../../../src/model.js'
import type { TrialConditions } from '../../../src/trial/boots.js'
import { sizeFor } from '../../../src/trial/full-mount.js'
import { Bench, type Lab } from '../../../src/trial/lab.js'
import { runTrial } from '../../../src/trial/trial.js'
import { directory, file, scenario, target, tree } from '../judge/cases.js'
import { CONDITIONS } from './conditions.js'
import { FakeDocker, type Behaviour } from './fake-docker.js'

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

describe('a trial on a full file system', () => {
  /** Its boots behave as told, one after the other; `left` is what is read back of it. */
  async function trial(
    boots: readonly Behaviour[],
    left: BoundedTree | undefined
  ): Promise<{ readonly docker: FakeDocker; readonly observed: Observation }> {
    const next = [...boots]
    const docker = new FakeDocker(() => next.shift() ?? 'hangs')
    const lab = docker.lab({ mounts: ['/data/cache'] })
    const full = new EngineError('write archive', 500, 'write /lost+found/x: no space left on device')
    const engine: Lab['engine'] = Object.assign(Object.create(lab.engine) as Lab['engine'], {
      keepMounted: () => Promise.resolve(() => Promise.resolve()),
      read: () => Promise.resolve(left),
      write: (_: string, entries: readonly TreeEntry[]) =>
        entries.some(({ path }) => path.endsWith('-probe')) ? Promise.reject(full) : Promise.resolve()
    })
    const plant = { entries: [], fullMount: { ...ROOT, outOf: 'space' as const }, summary: 'a full disk' }
    const at = target({ path: ROOT.path, volume: ROOT.path })
    const withFull = { ...lab, engine }
    const bench = new Bench(withFull, 'trial')
    const slot: TrialConditions['slot'] = (work) => work(() => undefined)
    const conditions = { ...CONDITIONS, secondBoot: true, slot }
    const observed = await runTrial(withFull, scenario({ target: at, plant }), conditions, bench)
    return { docker, observed }
  }
  const nothing = { entries: tree(directory(ROOT.path)), truncated: false }
  const exits = { exitCode: 1 }

  test('is compared with one that has room when nothing else runs, on the same ports', async () => {
    const { docker, observed } = await trial([exits, 'ready', 'ready'], nothing)
    expect(observed).toMatchObject({ problem: undefined, boots: [{ outcome: { kind: 'exited' } }] })
    expect(docker.started).toHaveLength(3)
    expect(docker.mostRunning).toBe(1)
  })

  test('says nothing where it fails with room, too', async () => {
    const { observed } = await trial([exits, 'ready', exits], nothing)
    expect(observed.problem).toMatch(/^it fails as well .* when there is room on it/)
  })

  test.each([{ entries: nothing.entries, truncated: true }, undefined])(
    'says nothing where what it left cannot be read back whole: %j',
    async (left) => {
      const { docker, observed } = await trial(['ready', 'ready'], left)
      expect(observed.problem).toBe(`what it left at ${ROOT.path} is too much to be read back`)
      expect(docker.started).toHaveLength(1)
    }
  )
})
