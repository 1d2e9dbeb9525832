import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { catalogue, faultIn } from '../../../src/faults/catalogue.js'
import { stateFaults } from '../../../src/faults/state.js'
import { facts } from '../../fixtures/report/record.js'
import { directory, file, target, tree } from '../judge/cases.js'
import type { Plant, PlantContext, Target, TreeEntry } from '../../../src/model.js'

const CONTEXT: PlantContext = {
  facts: facts({ user: { spec: '1000', uid: 1000, gid: 1000 }, ignoresModeBits: false }),
  volumes: [],
  imports: { kind: 'known', bytecode: [] },
  rehearsed: { concurrent: true, stranger: true },
  previous: { reason: 'no previous-image is given' },
  locks: new Map(),
  addedPaths: [],
  isJob: false,
  canary: 'canary',
  seed: 'seed'
}

function wrote(...files: TreeEntry[]): Target {
  return target({ tree: tree(directory('/data/cache'), ...files), learned: files })
}

const INDEX = file('/data/cache/index.json', '{"shards": 2}')
const SHARDS = wrote(INDEX, file('/data/cache/shards/a', 'aa'), file('/data/cache/shards/b', 'bb'))

function plant(id: string, at: Target, context: Partial<PlantContext> = {}): Plant {
  return faultIn(catalogue, id).plant(at, { ...CONTEXT, ...context })
}

function reason(id: string, at: Target, context: Partial<PlantContext> = {}): string | undefined {
  const applies = faultIn(catalogue, id).applies(at, { ...CONTEXT, ...context })
  return applies === true ? undefined : applies.reason
}

function contents({ entries }: Plant): Record<string, string | undefined> {
  return Object.fromEntries(entries.map(({ path, content }) => [path, content?.toString()]))
}

describe('what becomes of the files that start-up wrote', () => {
  test.each([
    ['truncated', { [INDEX.path]: '{"shar', '/data/cache/shards/a': 'a', '/data/cache/shards/b': 'b' }],
    ['zero-length', { [INDEX.path]: '', '/data/cache/shards/a': '', '/data/cache/shards/b': '' }],
    [
      'zeroed',
      { [INDEX.path]: '\0'.repeat(13), '/data/cache/shards/a': '\0\0', '/data/cache/shards/b': '\0\0' }
    ]
  ])('%s', (id, expected) => {
    expect(contents(plant(id, SHARDS))).toEqual(expected)
  })

  test('flipped bits are others in each file', () => {
    const [a, b] = ['/data/cache/a', '/data/cache/b'].map((path) => file(path, 'x'.repeat(1000)))
    if (a === undefined || b === undefined) throw new Error('no files')
    const { [a.path]: first, [b.path]: second } = contents(plant('bit-flip', wrote(a, b)))
    expect(first).toHaveLength(1000)
    expect(first).not.toBe(second)
  })

  test('of each directory that holds several, one file is missing', () => {
    const { entries, remove } = plant('missing', SHARDS)
    expect(entries).toEqual([])
    expect(remove).toHaveLength(1)
    expect(remove?.[0]).toMatch(/^\/data\/cache\/shards\/[ab]$/)
  })

  test('where no directory holds several, one of all is missing', () => {
    const files = ['/data/cache/a/x', '/data/cache/b/x'].map((path) => file(path, 'x'))
    expect(plant('missing', wrote(...files)).remove).toHaveLength(1)
  })

  test('what an interrupted write leaves lies beside each, but over nothing that is there', () => {
    const lock = file('/data/cache/index.json.lock', 'healthy')
    const at = { ...wrote(INDEX), tree: tree(INDEX, lock) }
    expect(contents(plant('temporary-left', at))).toEqual({
      '/data/cache/index.json.tmp': '{"shar',
      '/data/cache/index.json.part': '{"shar',
      '/data/cache/index.json.incomplete': '{"shar'
    })
  })

  test('dates are at least two years after the newest, in the order that they had', () => {
    const at = wrote({ ...INDEX, mtime: 1_000 }, { ...file('/data/cache/z', 'z'), mtime: 5_000 })
    const years = 2 * 365 * 24 * 60 * 60
    expect(plant('future-mtime', at)).toMatchObject({
      byTime: true,
      entries: [{ mtime: years + 5_000 }, { mtime: years + 9_000 }]
    })
  })

  test('another owner keeps everybody else out', () => {
    expect(plant('state-foreign-owner', wrote(INDEX)).entries).toMatchObject([
      { path: INDEX.path, uid: 4242, gid: 4242, mode: 0o600, content: INDEX.content }
    ])
  })

  test.each([
    ['truncated', wrote(INDEX), '/data/cache/index.json cut in half'],
    ['truncated', SHARDS, '3 files at /data/cache cut in half'],
    [
      'truncated',
      { ...wrote(INDEX), complete: false, volume: undefined },
      '/data/cache/index.json cut in half, and whatever is there beyond the bound of what is read back'
    ],
    ['temporary-left', wrote(INDEX), '4 files at /data/cache left behind by an interrupted write']
  ])('%s is told in a sentence', (id, at, summary) => {
    expect(plant(id, at).summary).toBe(summary)
  })

  test('more than 2,000 files are too many for one plant, which says how many it left', () => {
    const many = Array.from({ length: 2_003 }, (_, at) => file(`/data/cache/${at}`, 'xx'))
    const { entries, summary } = plant('truncated', wrote(...many))
    expect(entries).toHaveLength(2_000)
    expect(summary).toBe(
      '2000 files at /data/cache cut in half, 3 more left as they were (at most 2000 are damaged at once)'
    )
  })
})

describe('why one does not apply', () => {
  const root = { facts: facts({ ignoresModeBits: true }) }
  const layer = { ...SHARDS, volume: undefined }
  test.each<[string, Target, Partial<PlantContext>, string]>([
    ['truncated', wrote(), {}, 'start-up wrote no file at /data/cache'],
    [
      'truncated',
      wrote(file('/data/cache/a', 'x')),
      {},
      'start-up wrote one file at /data/cache, and none is of two bytes or more'
    ],
    [
      'zero-length',
      wrote(file('/data/cache/a', '')),
      {},
      'start-up wrote one file at /data/cache, and none has any content'
    ],
    [
      'bit-flip',
      wrote(file('/data/cache/a', '')),
      {},
      'start-up wrote one file at /data/cache, and none has any content'
    ],
    [
      'zeroed',
      wrote(file('/data/cache/a', '\0')),
      {},
      'start-up wrote one file at /data/cache, and none has any content but NUL bytes'
    ],
    [
      'missing',
      wrote(INDEX),
      {},
      'start-up wrote one file at /data/cache, and one is no set that it could be missing from'
    ],
    ['missing', { ...SHARDS, role: 'data' }, {}, 'user data that is gone cannot be brought back by start-up'],
    ['missing', layer, {}, 'a single file cannot be taken out of the container’s own layer'],
    [
      'state-foreign-owner',
      SHARDS,
      root,
      'mode bits do not bind a root process (uid 0 with CAP_DAC_OVERRIDE)'
    ],
    [
      'state-foreign-owner',
      { ...wrote(INDEX), entry: INDEX },
      {},
      'of a single file, foreign-owner makes the same'
    ],
    [
      'zeroed',
      { ...SHARDS, complete: false },
      {},
      'not all that is on the volumes can be copied into a trial'
    ],
    [
      'bit-flip',
      wrote(file('/data/cache/m.cpython-311.pyc', 'code')),
      {},
      'all that start-up wrote at /data/cache is Python bytecode, which the family bytecode damages'
    ]
  ])('%s', (id, at, context, expected) => {
    expect(reason(id, at, context)).toBe(expected)
  })

  test('bytecode beside other files is left as it is', () => {
    expect(Object.keys(contents(plant('zeroed', wrote(INDEX, file('/data/cache/m.pyc', 'code')))))).toEqual([
      INDEX.path
    ])
  })
})

describe('user data', () => {
  test.each([
    ['truncated', ['{"shar']],
    ['zero-length', ['']],
    ['zeroed', ['']],
    ['future-mtime', ['{"shards": 2}']],
    ['state-foreign-owner', ['{"shards": 2}']],
    ['temporary-left', undefined]
  ])('%s: what must survive', (id, surviving) => {
    const { damaged } = plant(id, { ...wrote(INDEX), role: 'data' })
    expect(damaged?.map((one) => one.surviving.toString())).toEqual(surviving)
  })

  test('of a cache nothing must', () => {
    for (const { id } of stateFaults) expect(plant(id, SHARDS).damaged).toBeUndefined()
  })
})

describe('properties of all of them', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-d]{1,2}(\/[a-d]{1,2})?$/), { maxLength: 8 })
  const states = fc
    .tuple(names, fc.string(), fc.integer({ min: 0, max: 2 ** 31 }))
    .map(([paths, words, mtime]) =>
      wrote(...paths.map((path) => ({ ...file(`/data/cache/${path}`, `${path}${words}`), mtime })))
    )

  test.each(stateFaults.map((fault) => [fault.id, fault] as const))(
    '%s: where it applies it changes something, below its target only, the same for the same seed',
    (_, fault) => {
      fc.assert(
        fc.property(
          states,
          fc.constantFrom<Target['role']>('cache', 'data'),
          fc.string(),
          (state, role, seed) => {
            const at = { ...state, role }
            const context = { ...CONTEXT, seed }
            if (fault.applies(at, context) !== true) return
            const planted = fault.plant(at, context)
            expect(fault.plant(at, context)).toEqual(planted)
            const paths = [...planted.entries.map(({ path }) => path), ...(planted.remove ?? [])]
            expect(paths.length).toBeGreaterThan(0)
            expect(new Set(paths).size).toBe(paths.length)
            for (const path of paths) expect(path.startsWith('/data/cache/')).toBe(true)
            for (const entry of planted.entries) {
              const { sha256 } = at.tree.get(entry.path) ?? {}
              expect({ ...entry, sha256 }).not.toEqual(at.tree.get(entry.path))
              expect(entry.size).toBe(entry.content?.length)
            }
            for (const { path, surviving } of planted.damaged ?? []) {
              expect(at.tree.get(path)?.content?.includes(surviving)).toBe(true)
              const entry = planted.entries.find((one) => one.path === path)
              expect(entry?.content?.includes(surviving)).toBe(true)
            }
          }
        )
      )
    }
  )
})
