import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canaryStatement } from '../../../src/canary.js'
import { catalogue, faultIn } from '../../../src/faults/catalogue.js'
import { foreignWal, isSqlite } from '../../../src/faults/sqlite.js'
import { directoriesBetween, isWithin, parentOf } from '../../../src/paths.js'
import { facts } from '../../fixtures/report/record.js'
import { directory, file, target, tree } from '../judge/cases.js'
import type { Plant, PlantContext, PythonFacts, Target, TreeEntry } from '../../../src/model.js'

const CONTEXT: PlantContext = {
  facts: facts({ user: { spec: '1000', uid: 1000, gid: 1000 }, ignoresModeBits: false }),
  volumes: [],
  imports: { kind: 'known', bytecode: [] },
  locks: new Map(),
  addedPaths: [],
  rehearsed: { concurrent: true, stranger: true },
  previous: { reason: 'no previous-image is given' },
  isJob: false,
  canary: 'canary',
  seed: 'seed'
}

const PYTHON: PythonFacts = {
  executable: 'python3',
  version: '3.11.2',
  cacheTag: 'cpython-311',
  sysPath: [],
  pycachePrefix: undefined,
  stdlib: []
}

/** A file with these bytes. */
function bytes(path: string, content: Buffer): TreeEntry {
  return { ...file(path, ''), size: content.length, content }
}

function database(): Buffer {
  // The page of a write-ahead log is a database of its own, here with one more page.
  return Buffer.concat([foreignWal(4096).subarray(56), Buffer.alloc(4096, 7)])
}

const HF = '/data/hub/models--acme--tiny'
const PICKLE = Buffer.from([0x80, 4, 0x4b, 1, 0x94, 0x2e])
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])

/** A healthy file of each kind, by the faults that damage it. */
const FILES: readonly (readonly [ids: readonly string[], file: TreeEntry])[] = [
  [['hf-blob-empty', 'hf-blob-missing'], file(`${HF}/blobs/abc`, 'weights')],
  [['hf-ref-empty'], file(`${HF}/refs/main`, 'abc123')],
  [['torch-checkpoint-cut'], file('/data/hub/checkpoints/tiny.pth', 'PK weights')],
  [['nltk-zip-empty'], file('/data/nltk_data/tokenizers/punkt_tab.zip', 'PK zip')],
  [['tiktoken-cut'], file(`/data/${'0a'.repeat(20)}`, 'IQ== 0\nIg== 1\n')],
  [['model-directory-empty'], file('/data/models/tiny/config.json', '{}')],
  [['ollama-blob-zeroed'], file(`/data/blobs/sha256-${'0a'.repeat(32)}`, 'GGUF')],
  [['npm-cache-flipped'], file('/data/_cacache/content-v2/sha512/aa/bb/cc', 'tarball')],
  [['triton-json-empty'], file('/data/.triton/cache/abc/kernel.json', '{"a": 1}')],
  [['vllm-compile-cut'], file('/data/torch_compile_cache/abc/artifact', 'artifact')],
  [['numba-index-cut'], file('/data/app.f-1.py311.nbi', 'index')],
  [['numba-code-cut'], file('/data/app.f-1.py311.1.nbc', 'machine code')],
  [
    ['matplotlib-fontlist-cut', 'matplotlib-lock'],
    file('/data/matplotlib/fontlist-v390.json', '{"fonts": []}')
  ],
  [['json-cut', 'json-empty'], file('/data/settings.json', '{"a": 1}')],
  [['pickle-cut', 'pickle-newer-protocol'], bytes('/data/anything', PICKLE)],
  [['dbm-cut'], file('/data/celerybeat-schedule', 'schedule')],
  [['native-module-foreign'], bytes('/data/addon.node', ELF)],
  [
    ['sqlite-cut', 'sqlite-nul-pages', 'sqlite-foreign-wal', 'sqlite-empty'],
    bytes('/data/app.db', database())
  ],
  [['redis-aof-tail'], file('/data/appendonlydir/appendonly.aof.1.incr.aof', '*1\r\n')],
  [['rocksdb-manifest-missing'], file('/data/db/MANIFEST-000001', 'manifest')]
]
const CASES = FILES.flatMap(([ids, healthy]) => ids.map((id) => [id, healthy] as const))

function at(...entries: readonly TreeEntry[]): Target {
  const directories = entries
    .flatMap(({ path }) => directoriesBetween('/', path))
    .map((path) => directory(path))
  return target({
    path: '/data',
    volume: '/data',
    tree: tree(...directories, directory('/data'), ...entries)
  })
}

function plant(id: string, where: Target, context: Partial<PlantContext> = {}): Plant {
  return faultIn(catalogue, id).plant(where, { ...CONTEXT, ...context })
}

function reason(id: string, where: Target, context: Partial<PlantContext> = {}): string | undefined {
  const applies = faultIn(catalogue, id).applies(where, { ...CONTEXT, ...context })
  return applies === true ? undefined : applies.reason
}

describe('faults of certain files', () => {
  test('the table has every one of them', () => {
    const own = catalogue.filter(
      ({ aim, family }) => aim === 'files' && family !== 'shape' && family !== 'access'
    )
    const tested = [...CASES.map(([id]) => id), 'rocksdb-current-empty']
    expect(tested.sort()).toEqual(own.map(({ id }) => id).sort())
  })

  test.each(CASES)('%s damages the file that it looks for, and keeps its owner and mode', (id, healthy) => {
    expect(reason(id, at(healthy))).toBeUndefined()
    const { entries, remove = [], perFile } = plant(id, at(healthy))
    expect(
      [...entries.map(({ path }) => path), ...remove].some((path) => path.startsWith(healthy.path))
    ).toBe(true)
    expect(perFile).toBeDefined()
    expect(entries.filter((entry) => entry.content?.equals(healthy.content ?? Buffer.alloc(0)))).toEqual([])
    for (const entry of entries) {
      expect([entry.uid, entry.gid, entry.mode]).toEqual([healthy.uid, healthy.gid, healthy.mode])
      expect(entry.size).toBe(entry.content?.length)
    }
  })

  test.each(CASES)('%s says what it looked for where there is none', (id) => {
    const { looksFor = '' } = faultIn(catalogue, id)
    expect(reason(id, at(file('/data/notes.txt', 'a note of a user')))).toBe(
      `looked for ${looksFor}; the control left none at /data`
    )
  })

  test.each(CASES)('%s names what survives of a data file, and it is a part of it', (id, healthy) => {
    const { damaged = [], remove = [] } = plant(id, { ...at(healthy), role: 'data' })
    for (const { path, surviving } of damaged) {
      expect(path).toBe(healthy.path)
      expect(healthy.content?.includes(surviving)).toBe(true)
    }
    expect(damaged.length + remove.length).toBe(id === 'sqlite-foreign-wal' ? 0 : 1)
    expect(plant(id, at(healthy)).damaged).toBeUndefined()
  })

  test.each(CASES)('%s leaves a volume alone of which not everything was read', (id, healthy) => {
    expect(reason(id, { ...at(healthy), complete: false })).toMatch(/^not all that is on the volumes/)
  })

  test.each(['hf-blob-missing', 'model-directory-empty', 'rocksdb-manifest-missing'])(
    '%s takes files from volumes only, and before a new container starts',
    (id) => {
      const [, healthy] = CASES.find(([other]) => other === id) ?? []
      if (healthy === undefined) throw new Error(`no case of ${id}`)
      expect(faultIn(catalogue, id).modes).toEqual(['recreate'])
      expect(reason(id, { ...at(healthy), volume: undefined })).toMatch(/from a volume only/)
    }
  )

  test('RocksDB is known by its manifest: CURRENT alone may be anything', () => {
    const current = file('/data/db/CURRENT', 'MANIFEST-000001\n')
    expect(reason('rocksdb-current-empty', at(current))).toMatch(/^looked for a RocksDB/)
    expect(
      reason('rocksdb-current-empty', at(current, file('/data/db/MANIFEST-000001', 'm')))
    ).toBeUndefined()
  })

  test('what an environment variable makes a cache needs no telling directory', () => {
    const kernel = file('/data/elsewhere/abc/kernel.json', '{}')
    const moved = {
      facts: { ...CONTEXT.facts, cacheEnv: [{ name: 'TRITON_CACHE_DIR', path: '/data/elsewhere' }] }
    }
    expect(reason('triton-json-empty', at(kernel))).toMatch(/^looked for/)
    expect(reason('triton-json-empty', at(kernel), moved)).toBeUndefined()
  })

  test('the damage is what the format makes fatal', () => {
    const content = (id: string): Buffer | undefined => {
      const [, healthy] = CASES.find(([other]) => other === id) ?? []
      return healthy === undefined ? undefined : plant(id, at(healthy)).entries[0]?.content
    }
    expect(content('tiktoken-cut')?.toString()).toBe('IQ== 0\nIg==')
    expect(content('pickle-newer-protocol')?.subarray(0, 2)).toEqual(Buffer.from([0x80, 99]))
    expect(content('redis-aof-tail')).toEqual(Buffer.from(`*1\r\n${'\0'.repeat(12)}`))
    expect(content('native-module-foreign')?.subarray(0, 4)).toEqual(Buffer.from([0xcf, 0xfa, 0xed, 0xfe]))
    const pages = content('sqlite-nul-pages')
    expect(pages !== undefined && isSqlite(pages) && pages.subarray(4096).equals(Buffer.alloc(4096))).toBe(
      true
    )
  })
})

describe('plants of all faults of files', () => {
  const anyFiles = fc.uniqueArray(
    fc.constantFrom(...FILES.map(([, healthy]) => healthy), file('/data/notes.txt', 'a note')),
    { minLength: 1, selector: ({ path }) => path }
  )

  test('are the same every time, stay at the target, and have a directory before what is in it', () => {
    fc.assert(
      fc.property(anyFiles, fc.constantFrom(...catalogue), (files, fault) => {
        if (fault.aim !== 'files' && fault.aim !== 'lock') return
        const where = at(...files)
        if (fault.applies(where, CONTEXT) !== true) return
        const { entries, remove = [] } = fault.plant(where, CONTEXT)
        expect(fault.plant(where, CONTEXT).entries).toEqual(entries)
        expect(entries.length + remove.length).toBeGreaterThan(0)
        const paths = entries.map(({ path }) => path)
        expect(new Set(paths).size).toBe(paths.length)
        for (const path of [...paths, ...remove]) expect(isWithin(path, '/data')).toBe(true)
        for (const [index, path] of paths.entries()) {
          const parent = paths.indexOf(parentOf(path))
          expect(parent).toBeLessThan(index)
        }
      })
    )
  })
})

describe('code of the last release on a volume', () => {
  const source = file('/data/app.py', 'TEXT = 1')
  const settings = file('/data/settings.py', 'TEXT = 1')
  const known = (...sources: TreeEntry[]): PlantContext => ({
    ...CONTEXT,
    facts: facts({ python: PYTHON }),
    volumes: [{ mount: '/data', tree: tree(...sources), truncated: false }],
    imports: {
      kind: 'known',
      bytecode: sources.map(({ path }) => ({
        module: 'm',
        source: path,
        cached: `${path}c`,
        timestamp: Buffer.alloc(0),
        uncheckedHash: Buffer.alloc(0)
      }))
    }
  })

  test('is the image’s own source, a day older, with a statement more at its end', () => {
    const [entry] = plant('shadowed-code', at(source), known(source)).entries
    expect(entry?.content?.toString()).toBe(`TEXT = 1${canaryStatement('canary')}`)
    expect(entry?.mtime).toBe(source.mtime - 86_400)
  })

  test('has bytecode that matches it, though start-up puts it there anew with another date each time', () => {
    const restored = { ...source, mtime: 2_000 }
    const context = known(restored)
    const module = {
      module: 'm',
      source: source.path,
      cached: `${source.path}c`,
      timestamp: Buffer.alloc(20, 1)
    }
    const bytecode = [{ ...module, uncheckedHash: Buffer.alloc(20, 2) }]
    const compiled: PlantContext = { ...context, imports: { kind: 'known', bytecode } }
    const [entry] = plant('stale-bytecode', at(restored), compiled).entries
    expect(entry?.content?.readUInt32LE(8)).toBe(2_000)
    expect(entry?.content?.readUInt32LE(12)).toBe(source.size)
    expect(entry?.content?.subarray(0, 8)).toEqual(Buffer.alloc(8, 1))
    const unread = [{ mount: '/data', tree: tree(), truncated: true }]
    expect(
      reason('stale-bytecode', at(restored), { ...compiled, volumes: unread, addedPaths: [source.path] })
    ).toMatch(/nobody knows the date and size that they will have there/)
    expect(reason('stale-bytecode', at(restored), { ...compiled, volumes: unread })).toBeUndefined()
    // Whose header Python does not compare.
    expect(
      reason('stale-bytecode-unchecked', at(restored), {
        ...compiled,
        volumes: unread,
        addedPaths: [source.path]
      })
    ).toBeUndefined()
  })

  const COMPILED = Buffer.alloc(20, 1)
  const RESTORED = [2_000, source.size]
  const AS_COMPILED = [0x01010101, 0x01010101]
  const UNKNOWN = expect.stringMatching(/nobody knows the date and size/) as unknown
  test.each<[string, TreeEntry[], unknown]>([
    [
      'a hard link',
      [
        { ...source, path: '/data/store/app.py', mtime: 2_000 },
        { ...source, type: 'hardlink', size: 0, linkTarget: '/data/store/app.py' }
      ],
      RESTORED
    ],
    [
      'a link',
      [
        { ...source, path: '/data/store/app.py', mtime: 2_000 },
        { ...source, type: 'symlink', size: 0, linkTarget: 'store/app.py' }
      ],
      RESTORED
    ],
    [
      'a link off the volume',
      [{ ...source, type: 'symlink', size: 0, linkTarget: '/opt/app.py' }],
      AS_COMPILED
    ],
    ['a link to nothing', [{ ...source, type: 'symlink', size: 0, linkTarget: 'none.py' }], UNKNOWN],
    ['a link to itself', [{ ...source, type: 'symlink', size: 0, linkTarget: 'app.py' }], UNKNOWN],
    ['a file that start-up removes again', [], UNKNOWN]
  ])('has bytecode that matches the file behind its name: %s', (_, entries, expected) => {
    const context: PlantContext = {
      ...known(...entries),
      imports: {
        kind: 'known',
        bytecode: [
          {
            module: 'm',
            source: source.path,
            cached: `${source.path}c`,
            timestamp: COMPILED,
            uncheckedHash: COMPILED
          }
        ]
      }
    }
    const target = at(source)
    const planted = (): (number | undefined)[] => {
      const [entry] = plant('stale-bytecode', target, context).entries
      return [entry?.content?.readUInt32LE(8), entry?.content?.readUInt32LE(12)]
    }
    const why = reason('stale-bytecode', target, context)
    expect(why ?? planted()).toEqual(expected)
  })

  test.each([
    [
      'what start-up itself wrote, which may be a plugin of a user',
      { ...known(source), addedPaths: [source.path] }
    ],
    ['settings, which are meant to be kept', known(settings)]
  ])('is not %s', (_, context) => {
    expect(reason('shadowed-code', at(source, settings), context)).toBe(
      'Python in this image imports none of the image’s own code from /data'
    )
  })
})

describe('left-over locks', () => {
  const lock = (path: string): TreeEntry => file(path, '7')
  const seen = (...paths: string[]): Partial<PlantContext> => ({ locks: tree(...paths.map(lock)) })
  const stray = (path: string): Target => target({ path, volume: undefined, tree: new Map() })

  test.each([
    ['server-pid', '/app/tmp/pids/server.pid', '1'],
    ['xvfb-lock', '/tmp/.X99-lock', '         1\n'],
    ['celery-beat-pid', '/run/celerybeat.pid', '1\n']
  ])('%s is planted where a healthy run had it', (id, path, content) => {
    expect(reason(id, stray(path))).toMatch(/^looked for/)
    expect(reason(id, stray(path), seen(path))).toBeUndefined()
    const [entry] = plant(id, stray(path), seen(path)).entries
    expect([entry?.path, entry?.content?.toString()]).toEqual([path, content])
    expect(faultIn(catalogue, id).modes).toEqual(['recreate', 'restart'])
    expect(faultIn(catalogue, id).expects('data')).toBe('recover')
  })

  test.each([
    [
      'postgres-pid',
      ['/data/pg/PG_VERSION', '/data/pg/base/1/PG_VERSION'],
      ['/data/pg/global'],
      '/data/pg/postmaster.pid'
    ],
    ['postgres-pid-empty', ['/data/pg/PG_VERSION'], ['/data/pg/global'], '/data/pg/postmaster.pid'],
    ['chromium-singleton-lock', ['/data/p/Local State'], ['/data/p/Default'], '/data/p/SingletonLock'],
    [
      'git-index-lock',
      ['/data/r/.git/HEAD'],
      ['/data/r/.git/objects', '/data/r/.git/refs'],
      '/data/r/.git/index.lock'
    ],
    [
      'git-shallow-lock',
      ['/data/r/.git/HEAD', '/data/r/.git/shallow'],
      ['/data/r/.git/objects'],
      '/data/r/.git/shallow.lock'
    ],
    ['celery-beat-pid', ['/data/celerybeat-schedule'], [], '/data/celerybeat.pid'],
    ['server-pid', [], ['/data/tmp/pids'], '/data/tmp/pids/server.pid']
  ])('%s is planted beside the files of its software', (id, files, directories, expected) => {
    const where = at(...directories.map((path) => directory(path)), ...files.map((path) => file(path, 'x')))
    expect(reason(id, where)).toBeUndefined()
    expect(plant(id, where).entries.map(({ path }) => path)).toEqual([expected])
    expect(reason(id, at())).toMatch(/^looked for/)
  })

  test('a lock of another host is for volumes: that of a container’s own layer is its own', () => {
    const where = at(file(`${HF}/blobs/abc`, 'weights'))
    const { entries } = plant('lock-of-other-host', where)
    expect(entries.map(({ path }) => path)).toEqual([
      '/data/hub/.locks',
      '/data/hub/.locks/models--acme--tiny',
      '/data/hub/.locks/models--acme--tiny/abc.lock'
    ])
    expect(reason('lock-of-other-host', { ...where, volume: undefined })).toMatch(/on a volume only/)
  })

  test.each(['/data/yarn.lock', '/data/Cargo.lock'])('%s is no lock: it has content', (path) => {
    expect(reason('lock-of-other-host', at(file(path, 'version: 1\nname: x\nmore\n')))).toMatch(/^looked for/)
  })

  test('a lock of root does not bind a root process', () => {
    const root = { facts: { ...CONTEXT.facts, ignoresModeBits: true } }
    const where = at(file('/data/nodes/0/node.lock', ''))
    expect(reason('node-lock-of-root', where)).toBeUndefined()
    expect(reason('node-lock-of-root', where, root)).toMatch(/do not bind a root process/)
  })
})
