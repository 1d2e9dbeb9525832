import { describe, expect, test } from '@jest/globals'
import { judge, type Standards } from '../../../src/judge/judge.js'
import {
  boot,
  CRASH,
  directory,
  file,
  log,
  observation,
  scenario,
  SENTINEL,
  STANDARDS,
  target,
  TIMEOUT,
  tree,
  UPLOAD
} from './cases.js'
import type {
  BootObservation,
  FailureReason,
  Observation,
  Scenario,
  TreeEntry,
  Verdict
} from '../../../src/model.js'

const DATA_TARGET = target({
  path: '/data/settings.json',
  role: 'data',
  entry: file('/data/settings.json', '{}')
})
const DATA_FAULT: Partial<Scenario> = {
  target: DATA_TARGET,
  expectation: 'recover-or-refuse',
  plant: {
    entries: [file('/data/settings.json', '{"theme": "da')],
    summary: 'cut in half',
    damaged: [{ path: '/data/settings.json', surviving: Buffer.from('{"theme": "da') }]
  }
}
const DATA_STANDARDS: Standards = {
  ...STANDARDS,
  control: { ...STANDARDS.control, stableFiles: [UPLOAD.path, '/data/settings.json'] }
}
const HALF = file('/data/settings.json', '{"theme": "da')

function verdictOf(over: Partial<Observation>, on: Partial<Scenario> = {}): Verdict {
  return judge(scenario(on), observation(over), DATA_STANDARDS)
}

function short(verdict: Verdict): string {
  return verdict.kind === 'failed' ? `failed: ${verdict.reason}` : verdict.kind
}

describe('passing verdicts', () => {
  test.each<[string, Partial<Observation>, Partial<Scenario>, string]>([
    ['the path is what the control left again', {}, {}, 'recovered'],
    ['the fault is still in place and start-up reached it', { plantInPlace: true }, {}, 'tolerated'],
    [
      'the path is something else, and start-up works',
      { pathAfter: file('/data/cache', 'x') },
      {},
      'tolerated'
    ],
    ['the path is gone, and start-up works', { pathAfter: 'missing' }, {}, 'tolerated'],
    [
      'a cache file came back empty',
      { pathAfter: file('/data/cache', '') },
      { target: target({ entry: file('/data/cache', 'x') }) },
      'tolerated'
    ],
    [
      'a killed container came back',
      { pathAfter: undefined },
      { plant: { entries: [], kill: true, summary: '' } },
      'recovered'
    ],
    ['a valid link was left alone', { plantInPlace: true }, { expectation: 'leave-alone' }, 'recovered'],
    [
      'planted bytecode was purged',
      {},
      { plant: { entries: [file('/data/cache/m.pyc', 'x')], summary: '' } },
      'recovered'
    ],
    [
      'start-up exits 1 on damaged data',
      {
        boots: [boot({ outcome: CRASH, log: log('settings.json is damaged') })],
        secondBoot: undefined,
        dataAfter: { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
      },
      DATA_FAULT,
      'refused'
    ],
    [
      'start-up aborts itself on damaged data',
      {
        boots: [boot({ outcome: { ...CRASH, exitCode: 134 } })],
        secondBoot: undefined,
        dataAfter: { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
      },
      DATA_FAULT,
      'refused'
    ]
  ])('%s', (_, over, on, expected) => {
    expect(short(verdictOf(over, on))).toBe(expected)
  })

  test.each([
    ['a process that ran out of memory', { oomKilled: true }],
    ['a container that the engine could not start', { exitCode: 127, error: 'not a directory' }],
    ['a process that read beyond the end of a mapped file', { exitCode: 135 }],
    ['a process that crashed in native code', { exitCode: 139 }],
    ['an exit with 0', { exitCode: 0 }]
  ])('%s has refused nothing', (_, exit) => {
    const dataAfter = { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
    const boots = [boot({ outcome: { ...CRASH, ...exit } })]
    expect(short(verdictOf({ boots, secondBoot: undefined, dataAfter }, DATA_FAULT))).toBe('failed: crashed')
  })

  test.each<[string, Partial<Observation>, string]>([
    [
      'the end of its log is missing',
      { boots: [boot({ outcome: CRASH, log: { ...log('checking'), endMissing: true } })] },
      'the engine did not hand out the end of its log'
    ],
    [
      'the volumes were not read back',
      { boots: [boot({ outcome: CRASH })], dataAfter: undefined },
      'could not be read back'
    ]
  ])('a refusal is neither right nor wrong where %s', (_, over, words) => {
    const dataAfter = { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
    const seen = { secondBoot: undefined, dataAfter, ...over }
    expect(verdictOf(seen, DATA_FAULT)).toMatchObject({
      kind: 'inconclusive',
      detail: expect.stringContaining(words)
    })
    expect(short(verdictOf(seen, {}))).toBe('failed: crashed')
  })

  test.each<[string, Partial<Observation>]>([
    [
      'the engine broke off',
      {
        boots: [boot({ outcome: { kind: 'engine-error', message: 'it was restarted' } })],
        secondBoot: undefined
      }
    ],
    [
      'the second boot of which was broken off',
      { secondBoot: boot({ outcome: { kind: 'engine-error', message: 'x' } }) }
    ],
    [
      'was only slow once',
      {
        boots: [boot({ outcome: TIMEOUT, unconfirmed: { why: 'once', isOver: false } })],
        secondBoot: undefined
      }
    ]
  ])('what is missing after a boot that %s is not yet lost', (_, over) => {
    const dataAfter = { entries: tree(SENTINEL), truncated: false, cutRoots: [] }
    expect(verdictOf({ ...over, dataAfter }, {})).toMatchObject({ kind: 'inconclusive' })
    expect(short(verdictOf({ dataAfter }, {}))).toBe('failed: data-lost')
  })

  test('a refusal that does not name the path is told to', () => {
    const dataAfter = { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
    const mute = verdictOf(
      { boots: [boot({ outcome: CRASH })], secondBoot: undefined, dataAfter },
      DATA_FAULT
    )
    expect(mute).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('should name /data/settings.json')
    })
  })
})

describe('lost data', () => {
  test.each([
    ['the user’s own file, before the one that we planted', [], `${UPLOAD.path} is gone, and 1 more`],
    ['a planted file as such', [UPLOAD], `${SENTINEL.path} (planted as user data) is gone`]
  ])('names %s', (_, left, detail) => {
    const dataAfter = { entries: tree(...left), truncated: false, cutRoots: [] }
    expect(judge(scenario(), observation({ dataAfter }), STANDARDS)).toMatchObject({ detail })
  })
})

describe('failing verdicts', () => {
  const gone = { entries: tree(SENTINEL), truncated: false, cutRoots: [] }
  test.each<[FailureReason, string, Partial<Observation>, Partial<Scenario>]>([
    [
      'data-lost',
      'a sentinel is gone',
      { dataAfter: { entries: tree(UPLOAD), truncated: false, cutRoots: [] } },
      {}
    ],
    [
      'data-lost',
      'a stable file was overwritten',
      {
        dataAfter: { entries: tree(SENTINEL, file(UPLOAD.path, 'defaults')), truncated: false, cutRoots: [] }
      },
      {}
    ],
    [
      'data-lost',
      'a file is gone whose bytes another one has always had, too',
      {
        dataBefore: tree(SENTINEL, UPLOAD, { ...UPLOAD, path: '/data/copy.txt' }),
        dataAfter: {
          entries: tree(SENTINEL, { ...UPLOAD, path: '/data/copy.txt' }),
          truncated: false,
          cutRoots: []
        }
      },
      {}
    ],
    [
      'data-lost',
      'it refused, but lost a file beside the damaged one',
      {
        boots: [boot({ outcome: CRASH })],
        secondBoot: undefined,
        dataAfter: { entries: tree(SENTINEL, HALF), truncated: false, cutRoots: [] }
      },
      DATA_FAULT
    ],
    [
      'data-lost',
      'what survived of a damaged file was overwritten',
      {
        dataAfter: {
          entries: tree(SENTINEL, UPLOAD, file('/data/settings.json', '{}')),
          truncated: false,
          cutRoots: []
        }
      },
      DATA_FAULT
    ],
    ['stale-code', 'the canary spoke and everything else was fine', { boots: [boot({ canary: true })] }, {}],
    ['stale-code', 'the canary spoke in the second boot', { secondBoot: boot({ canary: true }) }, {}],
    [
      'wrong-answer',
      'the smoke test failed',
      { boots: [boot({ smokeTest: { exitCode: 1, timedOut: false, seconds: 1, output: 'HTTP 500' } })] },
      {}
    ],
    [
      'wrong-answer',
      'the smoke test hung',
      { boots: [boot({ smokeTest: { exitCode: null, timedOut: true, seconds: 30, output: '' } })] },
      {}
    ],
    ['wrong-answer', 'a valid link was replaced', { plantInPlace: false }, { expectation: 'leave-alone' }],
    ['crashed', 'it exited 1', { boots: [boot({ outcome: CRASH })], secondBoot: undefined }, {}],
    [
      'crashed',
      'it exited 0 before it was ready',
      { boots: [boot({ outcome: { ...CRASH, exitCode: 0 } })], secondBoot: undefined },
      {}
    ],
    [
      'crashed',
      'a data fault made it exit 0',
      {
        boots: [boot({ outcome: { ...CRASH, exitCode: 0 } })],
        secondBoot: undefined,
        dataAfter: { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
      },
      DATA_FAULT
    ],
    ['timed-out', 'it hung twice', { boots: [boot({ outcome: TIMEOUT })], secondBoot: undefined }, {}],
    [
      'unstable',
      'it exited after ready',
      {
        boots: [boot({ stability: { kind: 'exited', exitCode: 1, oomKilled: false } })],
        secondBoot: undefined
      },
      {}
    ],
    [
      'unstable',
      'its health check failed after ready',
      { boots: [boot({ stability: { kind: 'unhealthy' } })], secondBoot: undefined },
      {}
    ],
    [
      'unstable',
      'it was restarted',
      { boots: [boot({ stability: { kind: 'restarted', count: 2 } })], secondBoot: undefined },
      {}
    ],
    [
      'forbidden-log',
      'a forbidden line was logged',
      {
        boots: [boot({ forbiddenLog: { pattern: 'Traceback', line: 'Traceback (most recent call last):' } })]
      },
      {}
    ],
    ['second-boot', 'the boot after the recovery crashed', { secondBoot: boot({ outcome: CRASH }) }, {}],
    [
      'replica',
      'one of three workers died',
      { boots: [boot(), boot({ outcome: CRASH }), boot()], secondBoot: undefined },
      { mode: 'concurrent' }
    ],
    [
      'crashed',
      'all three workers died',
      {
        boots: [boot({ outcome: CRASH }), boot({ outcome: CRASH }), boot({ outcome: CRASH })],
        secondBoot: undefined
      },
      { mode: 'concurrent' }
    ],
    [
      'stale-code',
      'one of three workers ran old code',
      { boots: [boot(), boot({ canary: true }), boot()] },
      { mode: 'concurrent' }
    ],
    [
      'data-lost',
      'it crashed and lost data',
      { boots: [boot({ outcome: CRASH })], secondBoot: undefined, dataAfter: gone },
      {}
    ]
  ])('%s: %s', (reason, _, over, on) => {
    expect(short(verdictOf(over, on))).toBe(`failed: ${reason}`)
  })

  test('the gravest reason comes first and the others are told', () => {
    const verdict = verdictOf({
      boots: [boot({ canary: true, outcome: CRASH, forbiddenLog: { pattern: 'x', line: 'x' } })],
      secondBoot: undefined,
      dataAfter: gone
    })
    expect(verdict).toMatchObject({ reason: 'data-lost', also: ['stale-code', 'crashed', 'forbidden-log'] })
  })

  test('a crash for memory says so', () => {
    const oom: BootObservation = boot({
      outcome: { kind: 'exited', seconds: 1, exitCode: 137, oomKilled: true }
    })
    expect(verdictOf({ boots: [oom] })).toMatchObject({ detail: expect.stringContaining('OOM') })
  })
})

describe('what cannot be known is inconclusive', () => {
  test.each<[string, Partial<Observation>, Partial<Scenario>, string]>([
    [
      'the plant was not in place',
      { problem: 'the plant is not in place: /x is missing' },
      {},
      'not in place'
    ],
    [
      'the engine failed during the boot',
      {
        boots: [boot({ outcome: { kind: 'engine-error', message: 'connection reset' } })],
        secondBoot: undefined
      },
      {},
      'connection reset'
    ],
    [
      'a time-out was not confirmed',
      {
        boots: [boot({ outcome: TIMEOUT, unconfirmed: { why: 'not confirmed', isOver: false } })],
        secondBoot: undefined
      },
      {},
      'not confirmed'
    ],
    ['no boot was observed', { boots: [] }, {}, 'no boot'],
    ['the path could not be read back', { pathAfter: undefined }, {}, 'could not be read back'],
    ['the volumes could not be read back', { dataAfter: undefined }, {}, 'could not be read back'],
    [
      'a file is gone, and not all of the volume could be read',
      { dataAfter: { entries: tree(SENTINEL), truncated: true, cutRoots: [] } },
      {},
      'to see where it went'
    ],
    [
      'start-up never touched the path',
      { plantInPlace: true, pathTouched: false },
      { target: target({ used: false }) },
      'start-up never touched /data/cache'
    ]
  ])('%s', (_, over, on, words) => {
    expect(verdictOf(over, on)).toMatchObject({
      kind: 'inconclusive',
      detail: expect.stringContaining(words)
    })
  })

  test('a log that names the path is evidence that start-up reached it', () => {
    const unused = { target: target({ used: false }) }
    const verdictFor = (line: string): string =>
      verdictOf({ plantInPlace: true, pathTouched: false, boots: [boot({ log: log(line) })] }, unused).kind
    for (const line of ['ignoring /data/cache: not a directory', "open('/data/cache/a')", 'no /data/cache.'])
      expect([line, verdictFor(line)]).toEqual([line, 'tolerated'])
    for (const line of [
      'using /srv/data/cache',
      'using /data/cached',
      'using /data/cache.old, /data/cache-2'
    ])
      expect([line, verdictFor(line)]).toEqual([line, 'inconclusive'])
  })

  test('a failure that is known outweighs what is not', () => {
    expect(short(verdictOf({ boots: [boot({ canary: true })], dataAfter: undefined }))).toBe(
      'failed: stale-code'
    )
  })
})

const CRASHED_LATER = { kind: 'exited', exitCode: 1, oomKilled: false } as const

test('what a boot lost counts at once where it had come up before it failed beside others, and not where it was broken off', () => {
  const lost = { dataAfter: { entries: tree(UPLOAD), truncated: false, cutRoots: [] } }
  const once = (isOver: boolean): Partial<Observation> => ({
    ...lost,
    boots: [boot({ stability: CRASHED_LATER, unconfirmed: { why: 'seen once', isOver } })],
    secondBoot: undefined
  })
  expect(verdictOf(once(true), {})).toMatchObject({ kind: 'failed', reason: 'data-lost', also: [] })
  expect(verdictOf(once(false), {})).toEqual({ kind: 'inconclusive', detail: 'seen once' })
})

describe('user data', () => {
  test('a file that was moved over an older copy of itself is not lost', () => {
    const backup = { ...UPLOAD, path: `${UPLOAD.path}.bak`, mtime: 5 }
    const lost = (mtime: number): string =>
      short(
        verdictOf(
          {
            dataBefore: tree(SENTINEL, UPLOAD, backup),
            dataAfter: {
              entries: tree(SENTINEL, file(UPLOAD.path, 'defaults'), { ...backup, mtime }),
              truncated: false,
              cutRoots: []
            }
          },
          {}
        )
      )
    expect(lost(UPLOAD.mtime)).toBe('recovered')
    expect(lost(backup.mtime)).toBe('failed: data-lost')
  })

  test('a path in the container’s own layer that is too large to read whole keeps only what is lost there from being known', () => {
    const inLayer = file('/srv/models/a', 'a')
    const standards = {
      ...STANDARDS,
      control: { ...STANDARDS.control, stableFiles: [...STANDARDS.control.stableFiles, inLayer.path] }
    }
    const verdictAfter = (...files: TreeEntry[]): Verdict =>
      judge(
        scenario(),
        observation({
          dataBefore: tree(SENTINEL, UPLOAD, inLayer),
          dataAfter: { entries: tree(...files), truncated: false, cutRoots: ['/srv/models'] }
        }),
        standards
      )
    expect(short(verdictAfter(SENTINEL, UPLOAD, inLayer))).toBe('recovered')
    expect(short(verdictAfter(SENTINEL, inLayer))).toBe('failed: data-lost')
    expect(verdictAfter(SENTINEL, UPLOAD)).toMatchObject({
      kind: 'inconclusive',
      detail: expect.stringMatching(/^\/srv\/models\/a is not what it was/) as unknown
    })
  })

  test('a volume that is too large to read whole passes when every watched file is what it was', () => {
    expect(
      verdictOf({ dataAfter: { entries: tree(SENTINEL, UPLOAD), truncated: true, cutRoots: [] } }).kind
    ).toBe('recovered')
  })

  test.each<[string, Partial<Observation>]>([
    [
      'a file that was moved aside whole is not lost',
      {
        dataAfter: {
          entries: tree(SENTINEL, { ...UPLOAD, path: '/data/aside/upload.txt' }),
          truncated: false,
          cutRoots: []
        }
      }
    ],
    [
      'a file under a cache path may go',
      { dataBefore: tree(SENTINEL, UPLOAD, file('/data/cache/model', 'm')) }
    ],
    [
      'an empty file holds nothing that could be lost',
      {
        dataBefore: tree(SENTINEL, file(UPLOAD.path, '')),
        dataAfter: { entries: tree(SENTINEL), truncated: false, cutRoots: [] }
      }
    ]
  ])('%s', (_, over) => {
    expect(verdictOf(over).kind).toBe('recovered')
  })

  test('a damaged file that was moved aside keeps its surviving bytes', () => {
    const aside = { ...HALF, path: '/data/settings.json.damaged' }
    const entries = tree(SENTINEL, UPLOAD, aside, file('/data/settings.json', '{}'))
    const pathAfter = file('/data/settings.json', '{}')
    expect(
      verdictOf({ pathAfter, dataAfter: { entries, truncated: false, cutRoots: [] } }, DATA_FAULT).kind
    ).toBe('recovered')
  })

  test('of a damaged file that healthy start-up rewrites, too, nothing has to survive', () => {
    const entries = tree(SENTINEL, UPLOAD, file('/data/settings.json', '{}'))
    const rewritten = observation({
      pathAfter: file('/data/settings.json', '{}'),
      dataAfter: { entries, truncated: false, cutRoots: [] }
    })
    expect(judge(scenario(DATA_FAULT), rewritten, STANDARDS).kind).toBe('recovered')
    expect(judge(scenario(DATA_FAULT), rewritten, DATA_STANDARDS)).toMatchObject({ reason: 'data-lost' })
  })

  describe('a smoke test that fails', () => {
    const smokeTest = { exitCode: 1, timedOut: false, seconds: 1, output: 'unknown theme' }
    const dataAfter = { entries: tree(SENTINEL, UPLOAD, HALF), truncated: false, cutRoots: [] }
    const healthy = file('/data/settings.json', '{"theme": "dark"}')
    const on = (plant: Partial<Scenario['plant']>, over: Partial<Observation> = {}) =>
      verdictOf(
        { boots: [boot({ smokeTest })], secondBoot: undefined, plantInPlace: true, dataAfter, ...over },
        {
          ...DATA_FAULT,
          target: { ...DATA_TARGET, entry: healthy, tree: tree(healthy) },
          plant: { entries: [HALF], summary: '', ...plant }
        }
      )

    test('hides no file that is lost', () => {
      const without = { entries: tree(UPLOAD, HALF), truncated: false, cutRoots: [] }
      expect(short(on({}, { dataAfter: without }))).toBe('failed: data-lost')
    })

    test('may ask for the very data that was damaged', () => {
      expect(on({})).toEqual({
        kind: 'inconclusive',
        detail: 'it started on damaged data, which may be why the smoke test exited 1: unknown theme'
      })
    })

    test('asks in vain for data that is whole', () => {
      expect(short(on({ entries: [{ ...healthy, uid: 4242 }] }))).toBe('failed: wrong-answer')
    })
  })

  test('a cache path inside a data path is a cache', () => {
    const standards = { ...STANDARDS, cachePaths: ['/data/cache'], dataPaths: ['/data'] }
    const stale = { ...standards, control: { ...STANDARDS.control, stableFiles: ['/data/cache/model'] } }
    const dataBefore = tree(SENTINEL, file('/data/cache/model', 'm'))
    const dataAfter = { entries: tree(SENTINEL), truncated: false, cutRoots: [] }
    expect(judge(scenario(), observation({ dataBefore, dataAfter }), stale).kind).toBe('recovered')
  })

  test('a data path inside a cache path is data', () => {
    const standards = { ...STANDARDS, cachePaths: ['/data'], dataPaths: [UPLOAD.path] }
    const lost = observation({
      dataAfter: { entries: tree(directory('/data')), truncated: false, cutRoots: [] }
    })
    expect(judge(scenario(), lost, standards)).toMatchObject({
      reason: 'data-lost',
      detail: expect.stringContaining(UPLOAD.path)
    })
  })
})

describe('a disk that is full, and then has space again', () => {
  const fullMount = { path: '/data/cache', outOf: 'space', uid: 0, gid: 0, mode: 0o755 } as const
  const FULL: Partial<Scenario> = { plant: { entries: [], fullMount, summary: 'no space' } }
  const onFull = (over: Partial<Observation>, more: Partial<Scenario> = {}): Verdict =>
    verdictOf({ plantInPlace: true, ...over }, { ...FULL, ...more })

  test('is tolerated, also on what it left', () => {
    expect(onFull({})).toMatchObject({
      kind: 'tolerated',
      detail: 'start-up works without space at /data/cache, and on what that left when it is there again'
    })
    expect(onFull({ secondBoot: undefined })).toMatchObject({
      detail: 'start-up works without space at /data/cache'
    })
  })

  test('fails where the boot on what it left fails', () => {
    expect(onFull({ secondBoot: boot({ outcome: CRASH }) })).toMatchObject({
      kind: 'failed',
      reason: 'second-boot',
      detail: expect.stringMatching(/^with space again, the boot on what the full disk left failed: crashed/)
    })
  })

  test('may be refused by what holds users’ data, and by nothing else', () => {
    const crashed = { boots: [boot({ outcome: CRASH })], secondBoot: undefined }
    expect(onFull(crashed, { expectation: 'recover-or-refuse', target: DATA_TARGET })).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^start-up refused to run on a full disk, and the data is intact/)
    })
    expect(short(onFull(crashed))).toBe('failed: crashed')
  })
})

describe('an upgrade', () => {
  const UPGRADE: Partial<Scenario> = {
    mode: 'upgrade',
    plant: { entries: [], previousRelease: true, summary: 'what the previous release left' }
  }
  const old = { file: '/data/code/app.py', own: '/app/app.py' }

  test('recovers where the image runs its own code', () => {
    expect(verdictOf({}, UPGRADE)).toEqual({
      kind: 'recovered',
      detail: 'starts on what the previous release left, and runs its own code'
    })
  })

  test('does not say whose code it runs where nobody looked', () => {
    expect(verdictOf({ oldCode: undefined }, UPGRADE)).toEqual({
      kind: 'recovered',
      detail: 'starts on what the previous release left'
    })
  })

  test('is not known to be passed where it is not known whose code runs, and fails where start-up does', () => {
    const detail = 'it could not be found out whose code start-up runs'
    expect(verdictOf({ oldCode: 'unknown' }, UPGRADE)).toEqual({ kind: 'inconclusive', detail })
    const exited = { kind: 'exited', exitCode: 1, oomKilled: false, seconds: 1 } as const
    const crashed = { oldCode: 'unknown', boots: [boot({ outcome: exited, stability: undefined })] } as const
    expect(verdictOf(crashed, UPGRADE)).toMatchObject({ kind: 'failed', reason: 'crashed' })
  })

  test.each([
    [[old], '/data/code/app.py, which the previous release left, ran instead of /app/app.py'],
    [[old, old, old], 'ran instead of /app/app.py, and 2 more like it'],
    [[{ file: '/app/app.py', own: '/app/app.py' }], 'ran instead of the image’s own file of that name']
  ])('fails where code of the previous release runs: %j', (oldCode, detail) => {
    expect(verdictOf({ oldCode }, UPGRADE)).toMatchObject({
      kind: 'failed',
      reason: 'stale-code',
      detail: expect.stringContaining(detail)
    })
  })
})
