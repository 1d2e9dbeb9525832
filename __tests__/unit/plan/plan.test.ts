import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { catalogue } from '../../../src/faults/catalogue.js'
import type { ContainerMounts } from '../../../src/plan/mounts.js'
import { plan, type Pair, type PlanRequest } from '../../../src/plan/plan.js'
import { inShard } from '../../../src/plan/shard.js'
import { candidates, expand } from '../../../src/plan/targets.js'
import { isWithin } from '../../../src/paths.js'
import { directory, file, target, tree } from '../judge/cases.js'
import { PACE } from './cases.js'
import type {
  BootMode,
  ControlKnowledge,
  ImageFacts,
  ModuleBytecode,
  Plan,
  PlantContext,
  PythonImports,
  TreeEntry
} from '../../../src/model.js'

const PYTHON = {
  executable: 'python3',
  version: '3.11.2',
  cacheTag: 'cpython-311',
  sysPath: ['/plugins', '/usr/lib/python3.11'],
  pycachePrefix: undefined,
  stdlib: ['/usr/lib/python3.11']
}

const FACTS: ImageFacts = {
  id: 'sha256:1',
  reference: 'app',
  os: 'linux',
  architecture: 'amd64',
  user: { spec: '1000', uid: 1000, gid: 1000 },
  home: '/home/app',
  workdir: '/app',
  volumes: ['/data'],
  ports: [],
  hasHealthcheck: false,
  entrypoint: [],
  cmd: ['python3', 'app.py'],
  env: {},
  givenEnv: {},
  cacheEnv: [{ name: 'HF_HOME', path: '/data/hf' }],
  strangerUid: 4242,
  ignoresModeBits: false,
  python: PYTHON,
  hasSilentPython: false
}

function module(name: string, source: string, cached: string): ModuleBytecode {
  const timestamp = Buffer.concat([Buffer.alloc(16, 1), Buffer.from('code of the module')])
  return { module: name, source, cached, timestamp, uncheckedHash: timestamp }
}

interface World {
  readonly cachePaths?: string[]
  readonly dataPaths?: string[]
  readonly facts?: Partial<ImageFacts>
  readonly volume?: TreeEntry[]
  readonly layer?: TreeEntry[]
  readonly written?: string[]
  readonly imports?: PythonImports
  readonly bootModes?: readonly BootMode[] | 'auto'
  readonly faults?: readonly string[]
  readonly isJob?: boolean
  readonly seeded?: readonly string[]
  readonly rehearsed?: PlantContext['rehearsed']
  readonly previous?: PlantContext['previous']
  readonly truncated?: boolean
  readonly mounts?: Partial<ContainerMounts>
}

function request(world: World): PlanRequest {
  const facts = { ...FACTS, ...world.facts }
  const volumes = [
    {
      mount: '/data',
      tree: tree(directory('/data'), ...(world.volume ?? [])),
      truncated: world.truncated ?? false
    }
  ]
  const control: ControlKnowledge = {
    readySeconds: 1,
    secondReadySeconds: 1,
    ignoresStopSignal: false,
    writtenPaths: world.written ?? [],
    addedPaths: world.written ?? [],
    volumes,
    seededPaths: world.seeded ?? [],
    stableFiles: [],
    stableCacheFiles: [],
    locks: new Map(),
    sentinels: tree(file('/data/sentinel', 's')),
    notes: []
  }
  const imports: PythonImports = world.imports ?? { kind: 'known', bytecode: [] }
  return {
    faults: catalogue.filter(({ id }) => world.faults?.includes(id) ?? true),
    pairs: [],
    rules: [],
    candidates: candidates(facts, { cachePaths: world.cachePaths ?? [], dataPaths: world.dataPaths ?? [] }),
    bootModes: world.bootModes ?? 'auto',
    control,
    layer: { tree: tree(directory('/root'), directory('/home/app'), ...(world.layer ?? [])), truncated: [] },
    mounts: { tmpfs: [], readOnlyRoot: false, ...world.mounts },
    context: {
      facts,
      volumes,
      imports,
      rehearsed: world.rehearsed ?? { concurrent: true, stranger: true },
      previous: world.previous ?? { reason: 'no previous-image is given' },
      locks: control.locks,
      addedPaths: control.addedPaths,
      isJob: world.isJob ?? false,
      canary: 'canary',
      seed: 'seed'
    },
    pace: PACE
  }
}

/** In the order of their names: that of the plan has its own tests. */
const ids = (world: World): string[] =>
  plan(request(world))
    .scenarios.map(({ id }) => id)
    .sort()
const reason = (world: World, fault: string, path: string): string | undefined =>
  plan(request(world)).omissions.find((omission) => omission.fault === fault && omission.path === path)
    ?.reason

describe('which paths become targets', () => {
  test('a declared cache path is planned although the control did not use it', () => {
    expect(ids({ cachePaths: ['/root/.cache'], faults: ['dangling-symlink'] })).toEqual([
      'dangling-symlink@/root/.cache/restart'
    ])
  })

  test('a detected cache path that the control did not use is left out with the reason', () => {
    const world = { faults: ['dangling-symlink'] }
    expect(ids(world)).toEqual([])
    expect(reason(world, 'dangling-symlink', '/data/hf')).toBe('start-up did not use /data/hf (from HF_HOME)')
    expect(reason(world, 'dangling-symlink', '/home/app/.cache')).toContain('HOME/.cache')
  })

  test('a detected cache path that the control wrote to is planned', () => {
    const world = {
      written: ['/data/hf/model'],
      volume: [directory('/data/hf')],
      faults: ['dangling-symlink']
    }
    expect(ids(world)).toEqual(['dangling-symlink@/data/hf/recreate'])
  })

  test('a mount point is expanded into what the control wrote in it', () => {
    const world = {
      cachePaths: ['/data'],
      volume: [
        directory('/data/models'),
        file('/data/models/a', 'a'),
        directory('/data/lost+found'),
        file('/data/sentinel', 's')
      ],
      written: ['/data/models', '/data/models/a'],
      faults: ['dangling-symlink', 'read-only']
    }
    expect(ids(world)).toEqual(['dangling-symlink@/data/models/recreate', 'read-only@/data/recreate'])
  })

  test('a mount point full of files is looked at once, not once for each', () => {
    const files = Array.from({ length: 50_000 }, (_, at) => file(`/data/${at}`, ''))
    const whole = target({ path: '/data', volume: '/data', tree: tree(directory('/data'), ...files) })
    const writtenPaths = files.map(({ path }) => path)
    const control = {
      volumes: [],
      writtenPaths,
      addedPaths: writtenPaths,
      seededPaths: [],
      sentinels: new Map()
    }
    const start = performance.now()
    expect(expand(whole, control)).toHaveLength(50_000)
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  test('a mount point that the control wrote nothing in is explained', () => {
    expect(reason({ cachePaths: ['/data'], faults: ['symlink-loop'] }, 'symlink-loop', '/data')).toContain(
      'mount point'
    )
  })

  test('a cache path in a mount point of data stays a cache', () => {
    const world = {
      cachePaths: ['/data/cache'],
      dataPaths: ['/data'],
      volume: [directory('/data/cache'), directory('/data/uploads')],
      written: ['/data/cache', '/data/uploads'],
      faults: ['dangling-symlink']
    }
    const roles = plan(request(world)).scenarios.map(({ target: { path, role } }) => `${path}: ${role}`)
    expect(roles.sort()).toEqual(['/data/cache: cache', '/data/uploads: data'])
  })

  test('a cache path that contains a data path has the role data', () => {
    const [first] = plan(
      request({
        cachePaths: ['/data/a'],
        dataPaths: ['/data/a/b'],
        volume: [directory('/data/a'), directory('/data/a/b')],
        faults: ['file-for-directory']
      })
    ).scenarios.filter(({ target }) => target.path === '/data/a')
    expect(first).toMatchObject({ expectation: 'recover-or-refuse', target: { role: 'data' } })
  })
})

describe('what of a state is learned, and so damaged', () => {
  const damaged = (world: World): Record<string, readonly string[]> =>
    Object.fromEntries(
      plan(request({ faults: ['truncated'], ...world })).scenarios.map(({ id, plant }) => [
        id,
        plant.entries.map(({ path }) => path)
      ])
    )
  const written = ['/data/cache', '/data/cache/index', '/data/cache/hf/model', '/data/config']
  const volume = [
    directory('/data/cache'),
    file('/data/cache/hf/model', 'model'),
    file('/data/cache/index', 'index'),
    file('/data/cache/from-the-image', 'not written by start-up'),
    file('/data/config', 'config'),
    file('/data/sentinel', 'sentinel')
  ]

  test('what start-up wrote, and not what the image brings', () => {
    expect(damaged({ cachePaths: ['/data/cache'], volume, written })).toEqual({
      'truncated@/data/cache/recreate': ['/data/cache/hf/model', '/data/cache/index']
    })
  })

  test('each file at the innermost path that is a target, a whole volume without its sentinels', () => {
    const world = { dataPaths: ['/data'], cachePaths: ['/data/cache', '/data/cache/hf'], volume }
    expect(damaged({ ...world, written: [...written, '/data/sentinel'] })).toEqual({
      'truncated@/data/recreate': ['/data/config'],
      'truncated@/data/cache/recreate': ['/data/cache/index'],
      'truncated@/data/cache/hf/recreate': ['/data/cache/hf/model']
    })
  })

  test('a file in the container’s own layer, by restarting it', () => {
    const layer = [directory('/root/.cache'), file('/root/.cache/a', 'aa')]
    const world = { cachePaths: ['/root/.cache'], layer, written: ['/root/.cache/a'] }
    expect(damaged(world)).toEqual({ 'truncated@/root/.cache/restart': ['/root/.cache/a'] })
  })

  test('not what has a second name', () => {
    const link: TreeEntry = {
      ...file('/data/cache/name', ''),
      type: 'hardlink',
      linkTarget: '/data/cache/index'
    }
    expect(
      damaged({ cachePaths: ['/data/cache'], volume: [...volume, link], written: [...written, link.path] })
    ).toEqual({ 'truncated@/data/cache/recreate': ['/data/cache/hf/model'] })
  })
})

describe('boot modes', () => {
  const cachePaths = ['/root/.cache', '/data/cache']
  const volume = [directory('/data/cache')]
  test.each<[BootMode[] | 'auto', string[]]>([
    ['auto', ['symlink-loop@/root/.cache/restart', 'symlink-loop@/data/cache/recreate']],
    [['restart'], ['symlink-loop@/root/.cache/restart', 'symlink-loop@/data/cache/restart']],
    [['recreate'], ['symlink-loop@/data/cache/recreate']],
    [['concurrent'], ['symlink-loop@/data/cache/concurrent']],
    [
      ['recreate', 'restart'],
      [
        'symlink-loop@/root/.cache/restart',
        'symlink-loop@/data/cache/recreate',
        'symlink-loop@/data/cache/restart'
      ]
    ]
  ])('%j', (bootModes, expected) => {
    expect(ids({ bootModes, cachePaths, volume, faults: ['symlink-loop'] })).toEqual([...expected].sort())
  })

  test('a fault that no asked mode can meet is explained', () => {
    const world: World = { bootModes: ['recreate'], cachePaths: ['/root/.cache'], faults: ['symlink-loop'] }
    expect(reason(world, 'symlink-loop', '/root/.cache')).toBe(
      'boot-modes: recreate has no mode in which a boot meets this fault in the container’s own layer'
    )
  })

  test('killed is tested by both', () => {
    expect(ids({ faults: ['killed'] })).toEqual(['killed@container/recreate', 'killed@container/restart'])
  })
})

describe('why a fault does not apply', () => {
  const link: TreeEntry = { ...file('/root/.cache', ''), type: 'symlink', linkTarget: '/data' }
  test.each<[string, string, World, RegExp]>([
    ['foreign-owner', '/data/cache', { facts: { ignoresModeBits: true } }, /root process/],
    ['foreign-owner', '/root/.cache', { cachePaths: ['/root/.cache'], layer: [link] }, /is a link/],
    [
      'file-for-directory',
      '/data/cache',
      { volume: [file('/data/cache', 'x')] },
      /regular file in healthy state/
    ],
    ['read-only', '/data/cache', { volume: [file('/data/cache', 'x')] }, /mounts at a directory/],
    ['read-only', '/data/cache', { truncated: true }, /not all that is at \/data\/cache can be copied/],
    ['killed', 'container', { isJob: true }, /when it has ended/],
    ['symlink-to-volume', '/data/cache', {}, /no volume that does not itself hold/],
    [
      'symlink-to-volume',
      '/root/.cache',
      { cachePaths: ['/root/.cache'] },
      /uid 1000 may not write to the volume \/data/
    ],
    ['directory-for-symlink', '/data/cache', {}, /leaves no link/],
    [
      'dangling-symlink',
      '/opt/x/cache',
      { cachePaths: ['/opt/x/cache'] },
      /directory of \/opt\/x\/cache is not in the image/
    ],
    [
      'missing-directory',
      '/root/.cache',
      { cachePaths: ['/root/.cache'], layer: [directory('/root/.cache')] },
      /from the image/
    ],
    [
      'missing-directory',
      '/data/up',
      { dataPaths: ['/data/up'], volume: [directory('/data/up')] },
      /cannot be brought back/
    ],
    ['truncated', '/data/cache', {}, /^start-up wrote no file at \/data\/cache$/],
    ['stale-bytecode', '/data', { cachePaths: [] }, /Python in this image never reads bytecode from \/data/],
    ['stale-bytecode', '/data', { cachePaths: [], facts: { python: undefined } }, /no Python/],
    [
      'stale-bytecode',
      '/data',
      { cachePaths: [], imports: { kind: 'unknown', reason: 'ignores PYTHONVERBOSE' } },
      /ignores PYTHONVERBOSE/
    ],
    ['orphan-bytecode', '/data', { cachePaths: [] }, /module search path/],
    [
      'dangling-symlink',
      '/root/.cache',
      { cachePaths: ['/root/.cache'], mounts: { readOnlyRoot: true } },
      /in the root file system, which is read-only/
    ],
    ...['file-for-directory', 'read-only'].map((fault): [string, string, World, RegExp] => [
      fault,
      '/data/cache',
      { mounts: { tmpfs: ['/data/cache'] } },
      /\/data\/cache is a tmpfs, which is empty whenever a container starts/
    ]),
    ...['file-for-directory', 'missing-directory'].map((fault): [string, string, World, RegExp] => [
      fault,
      '/data/cache',
      { mounts: { tmpfs: ['/data/cache/tmp'] } },
      /\/data\/cache leads to the mount point \/data\/cache\/tmp/
    ]),
    [
      'symlink-loop',
      '/home/app/.cache',
      { cachePaths: ['/home/app/.cache'], facts: { volumes: ['/home/app/.cache/models'] } },
      /leads to the mount point \/home\/app\/.cache\/models/
    ]
  ])('%s at %s', (fault, path, world, words) => {
    const full = { cachePaths: ['/data/cache'], volume: [directory('/data/cache')], ...world }
    expect(reason(full, fault, path)).toMatch(words)
  })

  test('what is mounted elsewhere keeps nothing from being planned', () => {
    const world = {
      cachePaths: ['/data/cache'],
      volume: [directory('/data/cache')],
      mounts: { tmpfs: ['/data/cache-of-another', '/tmp'], readOnlyRoot: true },
      faults: ['file-for-directory', 'read-only']
    }
    expect(ids(world)).toEqual(['file-for-directory@/data/cache/recreate', 'read-only@/data/cache/recreate'])
  })
})

describe('bytecode', () => {
  const app = module('app', '/app/app.py', '/data/pycache/app/app.cpython-311.pyc')
  const json = module('json', '/usr/lib/python3.11/json.py', '/usr/lib/python3.11/__pycache__/json.pyc')
  const table = module('table', '/usr/lib/python3/dist-packages/table.py', '/nowhere/table.pyc')
  const known = (...bytecode: ModuleBytecode[]): PythonImports => ({
    kind: 'known',
    bytecode
  })

  test('is planted where the interpreter looks for it, with the directories that lead there', () => {
    const [stale] = plan(request({ imports: known(app), faults: ['stale-bytecode'] })).scenarios
    expect(stale?.id).toBe('stale-bytecode@/data/recreate')
    expect(stale?.plant.entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'directory /data/pycache',
      'directory /data/pycache/app',
      'file /data/pycache/app/app.cpython-311.pyc'
    ])
    expect(stale?.plant.entries.every(({ uid }) => uid === 1000)).toBe(true)
  })

  test('a cut body keeps its header', () => {
    const [cut] = plan(request({ imports: known(app), faults: ['truncated-bytecode'] })).scenarios
    const content = cut?.plant.entries.at(-1)?.content
    expect(content?.subarray(0, 16)).toEqual(app.timestamp.subarray(0, 16))
    expect(content?.length).toBe(16 + (app.timestamp.length - 16) / 2)
  })

  test.each([
    ['an installed package that is searched for later', ['/data/plugins/table.pyc'], [table]],
    ['nothing that is searched for earlier', [], [app]],
    ['nothing of the standard library, of which no release leaves any there', [], [json]]
  ])('a legacy .pyc shadows %s', (_, expected, bytecode) => {
    const sysPath = ['/app', '/data/plugins', '/usr/lib/python3.11', '/usr/lib/python3/dist-packages']
    const { scenarios, omissions } = plan(
      request({
        facts: { python: { ...PYTHON, sysPath } },
        imports: known(...bytecode),
        faults: ['stale-bytecode-legacy'],
        volume: [directory('/data/plugins')]
      })
    )
    expect(scenarios.flatMap(({ plant }) => plant.entries.map(({ path }) => path))).toEqual(expected)
    expect(omissions).toHaveLength(expected.length === 0 ? 1 : 0)
  })

  test('a cache path that holds all of the bytecode stands for its volume', () => {
    const volume = [directory('/data/pycache')]
    expect(
      ids({ cachePaths: ['/data/pycache'], volume, imports: known(app), faults: ['stale-bytecode'] })
    ).toEqual(['stale-bytecode@/data/pycache/recreate'])
  })
})

describe('what a scenario file asks for', () => {
  const volume = [directory('/data/index'), file('/data/index/a.json', '{}'), directory('/data/cache')]
  const written = ['/data/index', '/data/index/a.json']
  const asked = (
    pairs: readonly (Omit<Pair, 'fault' | 'terms'> & Partial<Pair>)[],
    fault: string,
    about: Partial<PlanRequest> = {}
  ): Plan => {
    const base = request({ volume, written, cachePaths: ['/data/cache'], faults: ['dangling-symlink'] })
    const found = catalogue.filter(({ id }) => id === fault)
    const paths = pairs.map(({ path }) => path)
    return plan({
      ...base,
      candidates: candidates(
        { ...FACTS, cacheEnv: [] },
        { cachePaths: ['/data/cache'], dataPaths: [] },
        { paths, mounts: ['/data'] }
      ),
      pairs: pairs.flatMap((pair) => found.map((one) => ({ terms: {}, ...pair, fault: one }))),
      ...about
    })
  }
  const idsOf = ({ scenarios }: Plan): string[] => scenarios.map(({ id }) => id).sort()

  test('is planned at that path alone, and as data where it is on a volume and under no cache path', () => {
    const planned = asked([{ path: '/data/index', modes: undefined }], 'file-for-directory')
    expect(idsOf(planned)).toEqual([
      'dangling-symlink@/data/cache/recreate',
      'file-for-directory@/data/index/recreate'
    ])
    expect(planned.scenarios.find(({ fault }) => fault === 'file-for-directory')).toMatchObject({
      expectation: 'recover-or-refuse',
      target: { role: 'data', source: 'scenario file' }
    })
  })

  test('takes the modes that it names, narrowed by boot-modes', () => {
    const both: BootMode[] = ['recreate', 'restart']
    const pairs = [{ path: '/data/index', modes: both }]
    expect(idsOf(asked(pairs, 'symlink-loop', { faults: [] }))).toEqual([
      'symlink-loop@/data/index/recreate',
      'symlink-loop@/data/index/restart'
    ])
    expect(idsOf(asked(pairs, 'symlink-loop', { faults: [], bootModes: ['restart'] }))).toEqual([
      'symlink-loop@/data/index/restart'
    ])
    const part = asked([{ path: '/data/index', modes: ['recreate', 'concurrent'] }], 'symlink-loop', {
      faults: []
    })
    expect(idsOf(part)).toEqual(['symlink-loop@/data/index/recreate'])
    expect(part.omissions).toMatchObject([
      { path: '/data/index', reason: expect.stringMatching(/modes: concurrent .* has no mode/) as unknown }
    ])
    const none = asked(pairs, 'symlink-loop', { faults: [], bootModes: ['concurrent'] })
    expect(none.omissions).toMatchObject([
      {
        fault: 'symlink-loop',
        path: '/data/index',
        reason: expect.stringContaining('has no mode in which a boot meets this fault') as unknown
      }
    ])
  })

  test('holds on its own terms where it is planned, also below a mount point, and nowhere else', () => {
    const terms = { knownToFail: 'see #1', timeoutMs: 9_000 }
    const planned = asked([{ path: '/data', modes: undefined, terms }], 'dangling-symlink')
    expect(planned.scenarios.find(({ id }) => id === 'dangling-symlink@/data/index/recreate')).toMatchObject(
      terms
    )
    const other = planned.scenarios.find(({ id }) => id === 'dangling-symlink@/data/cache/recreate')
    expect(other).toBeDefined()
    expect(other).not.toHaveProperty('knownToFail')
    expect(other).not.toHaveProperty('timeoutMs')
  })

  test('twice for one scenario holds on the terms of both, and a rule overrules them', () => {
    const path = '/data/cache'
    const pairs = [
      { path, modes: undefined, terms: { knownToFail: 'see #1', timeoutMs: 9_000 } },
      { path, modes: undefined, terms: { timeoutMs: 8_000 } }
    ]
    expect(asked(pairs, 'dangling-symlink').scenarios).toMatchObject([
      { knownToFail: 'see #1', timeoutMs: 8_000 }
    ])
    const rules = [{ match: '*', knownToFail: 'see #2' }]
    expect(asked(pairs, 'dangling-symlink', { rules }).scenarios).toMatchObject([
      { knownToFail: 'see #2', timeoutMs: 8_000 }
    ])
  })

  test('that a fault cannot be is explained', () => {
    const planned = asked([{ path: '/data/gone/x', modes: undefined }], 'symlink-loop', { faults: [] })
    expect(planned.omissions).toMatchObject([{ fault: 'symlink-loop', path: '/data/gone/x' }])
  })

  test('is one scenario with what the inputs ask for, not two', () => {
    expect(idsOf(asked([{ path: '/data/cache', modes: undefined }], 'dangling-symlink'))).toEqual([
      'dangling-symlink@/data/cache/recreate'
    ])
  })

  test('may be to leave one out: the reason is among the omissions, and a rule for nothing is told', () => {
    const rules = [
      { match: 'dangling-symlink@*', leaveOut: 'never a link here' },
      { match: 'danglin-symlink@*', leaveOut: 'mistyped' }
    ]
    const planned = asked([], 'killed', { rules })
    expect(idsOf(planned)).toEqual([])
    expect(planned.omissions).toContainEqual({
      fault: 'dangling-symlink',
      path: '/data/cache',
      reason: 'the scenario file leaves out the mode recreate: never a link here'
    })
    expect(planned.notes).toEqual([
      'The rule for danglin-symlink@* in the scenario file matches no scenario of this plan.'
    ])
  })
})

describe('properties', () => {
  const paths = fc.uniqueArray(
    fc.constantFrom('/data/a', '/data/b', '/root/.cache', '/data', '/opt/gone/x', '/home/app/.cache')
  )
  const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
    fc.shuffledSubarray([...items], { minLength: items.length })
  const modes = fc.uniqueArray(fc.constantFrom<BootMode>('recreate', 'restart', 'concurrent', 'upgrade'), {
    minLength: 1
  })
  const app = module('app', '/app/app.py', '/data/a/app/app.cpython-311.pyc')
  const worlds: fc.Arbitrary<World> = fc.record({
    cachePaths: paths,
    dataPaths: paths,
    written: fc.uniqueArray(fc.constantFrom('/data/a', '/data/b/x', '/root/.cache', '/data/hf')),
    volume: fc.constantFrom([], [directory('/data/a')], [directory('/data/a'), file('/data/b', 'b')]),
    truncated: fc.boolean(),
    imports: fc.constantFrom<PythonImports>(
      { kind: 'known', bytecode: [] },
      { kind: 'known', bytecode: [app] }
    ),
    bootModes: fc.oneof(fc.constant('auto' as const), modes)
  })
  const pairs: fc.Arbitrary<Pair[]> = fc.array(
    fc.record({
      fault: fc.constantFrom(...catalogue),
      path: fc.constantFrom('/data/a', '/data/a/x', '/data', '/root/.cache', '/opt/gone/x'),
      modes: fc.option(modes, { nil: undefined }),
      terms: fc.constant({})
    })
  )

  /** Whether the plan has the fault at a path, or at what lies below it: what start-up wrote in a mount point. */
  const tells = ({ scenarios, omissions }: Plan, fault: string, path?: string): boolean =>
    [...scenarios.map((one) => ({ fault: one.fault, path: one.target.path })), ...omissions].some(
      (one) => one.fault === fault && (path === undefined || isWithin(one.path, path))
    )

  test('every fault is planned or explained: at every candidate, or once where it looks for its place itself', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const asked = request(world)
        const planned = plan(asked)
        const paths = asked.candidates.map(({ path }) => path)
        const told = catalogue.flatMap(({ id, aim }) =>
          ['path', 'mount', 'state'].includes(aim)
            ? paths.map((path) => [id, path, tells(planned, id, path)])
            : [[id, 'anywhere', tells(planned, id)]]
        )
        expect(told.filter(([, , isTold]) => isTold !== true)).toEqual([])
      })
    )
  })

  test('every pair of a scenario file is planned or explained, whatever else is asked for', () => {
    fc.assert(
      fc.property(worlds, pairs, (world, asked) => {
        const { cachePaths = [], dataPaths = [] } = world
        const named = { paths: asked.map(({ path }) => path), mounts: ['/data'] }
        const planned = plan({
          ...request({ ...world, faults: [] }),
          candidates: candidates(FACTS, { cachePaths, dataPaths }, named),
          pairs: asked
        })
        for (const { fault, path } of asked)
          expect([fault.id, path, tells(planned, fault.id, path)]).toContain(true)
      })
    )
  })

  test('ids are unique, and the same world gives the same plan', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const all = ids(world)
        expect(new Set(all).size).toBe(all.length)
        expect(ids(world)).toEqual(all)
      })
    )
  })

  test('neither ids nor their order depend on the order of what was asked for', () => {
    const reordered = worlds.chain((world) =>
      fc.tuple(
        fc.constant(world),
        shuffled(catalogue.map(({ id }) => id)),
        shuffled(request(world).candidates.map(({ path }) => path))
      )
    )
    fc.assert(
      fc.property(reordered, ([world, faults, paths]) => {
        const asked = request(world)
        const planned = ({ scenarios }: Plan): string[] => scenarios.map(({ id }) => id)
        const other = plan({
          ...asked,
          faults: faults.flatMap((id) => asked.faults.filter((fault) => fault.id === id)),
          candidates: paths.flatMap((path) => asked.candidates.filter((candidate) => candidate.path === path))
        })
        expect(planned(other)).toEqual(planned(plan(asked)))
      })
    )
  })

  test('shards partition the scenarios', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 9 }), (names, total) => {
        for (const id of names) {
          const homes = Array.from({ length: total }, (_, at) => at + 1).filter((index) =>
            inShard({ id }, { index, total })
          )
          expect(homes).toHaveLength(1)
        }
      })
    )
  })
})
