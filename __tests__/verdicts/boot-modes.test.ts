import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, omissions, scenarioOf } from '../action/fixture-images.js'
import { execute, leftBehindBy, verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

const CACHE = ['--cache-paths', '/data/cache'] as const

interface Case {
  readonly behaviour: string
  readonly image: string
  readonly faults: string
  readonly expected: Readonly<Record<string, string>>
  readonly detail: RegExp
}

describe('several containers at once on one volume', () => {
  const START = 'concurrent-start@/data/cache/concurrent'
  const SHARD = 'repair-race-damaged@/data/cache/concurrent'
  const cases: readonly Case[] = [
    {
      behaviour: 'each build the cache, and die where another was faster',
      image: 'races-to-build',
      faults: 'concurrent-start',
      expected: { [START]: 'failed: replica' },
      detail: /^2 of 3 replicas failed: crashed, exited 1/
    },
    {
      behaviour: 'each build the cache, and take what is there',
      image: 'heals',
      faults: 'concurrent-start',
      expected: { [START]: 'recovered' },
      detail: /a directory again/
    },
    {
      behaviour: 'throw the whole cache away for one damaged file',
      image: 'wipes-whole-cache',
      faults: 'repair-race-damaged',
      expected: { [SHARD]: 'failed: data-lost' },
      detail: /^\/data\/cache\/shard-2 was healthy, and is gone after the repair of another file$/
    },
    {
      behaviour: 'replace the damaged file, and leave the others alone',
      image: 'replaces-damaged-shard',
      faults: 'repair-race-damaged',
      expected: { [SHARD]: 'recovered' },
      detail: /is gone or was written anew/
    },
    {
      behaviour: 'meet a file for the directory: one repairs, and the others wait for its lock',
      image: 'one-repairs-others-wait',
      faults: 'repair-race',
      expected: { 'repair-race@/data/cache/concurrent': 'recovered' },
      detail: /a directory again/
    },
    {
      behaviour:
        'meet a file for the directory: one repairs, with what lies beside it, and the others wait for its lock',
      image: 'one-empties-others-wait',
      faults: 'repair-race',
      expected: { 'repair-race@/data/cache/concurrent': 'failed: data-lost' },
      detail: /^\/data\/cache-crash-test-sentinel\.bin \(planted as user data\) is gone$/
    },
    {
      behaviour: 'meet a file for the directory: one repairs, the others die of its lock',
      image: 'one-repairs-others-die',
      faults: 'repair-race',
      expected: { 'repair-race@/data/cache/concurrent': 'failed: replica' },
      detail: /^2 of 3 replicas failed/
    }
  ]
  test.concurrent.each(cases)('$behaviour ($image)', async ({ image, faults, expected, detail }) => {
    const run = await images.crashTest(image, [...CACHE, '--faults', faults])
    expect(verdicts(run.report)).toEqual(expected)
    expect(scenarioOf(run, faults).detail).toMatch(detail)
    expect(await leftBehindBy(run)).toEqual([])
  })

  test.concurrent('are not tried where the image does not stand them on healthy state', async () => {
    const args = [...CACHE, '--faults', 'concurrency', '--faults', 'missing-directory']
    const run = await images.crashTest('needs-volume-alone', args)
    expect(verdicts(run.report)).toEqual({ 'missing-directory@/data/cache/recreate': 'recovered' })
    expect(omissions(run)['concurrent-start@/data/cache']).toMatch(
      /^3 containers of this image cannot share one healthy volume, before anything is broken: 2 of them failed, the first one exited 1/
    )
    expect(run.exitCode).toBe(0)
  })
})

describe('a disk that is full, and then has space again', () => {
  const FULL = 'disk-full@/data/cache/recreate'
  const INODES = 'inodes-exhausted@/data/cache/recreate'

  test.concurrent.each([
    [
      'dies where it cannot write',
      'dies-after-ready',
      { [FULL]: 'failed: crashed', [INODES]: 'failed: crashed' },
      /^exited 1 after/
    ],
    [
      'goes on, and dies later of what it left on the full disk',
      'leaves-an-empty-file',
      { [FULL]: 'failed: second-boot', [INODES]: 'tolerated' },
      /^with space again, the boot on what the full disk left failed: crashed, exited 1/
    ],
    [
      'goes on without a cache',
      'falls-back',
      { [FULL]: 'tolerated', [INODES]: 'tolerated' },
      /^start-up works without space at \/data\/cache, and on what that left when it is there again$/
    ],
    [
      'does not stand a file system of its own there, full or not',
      'renames-into-cache',
      { [FULL]: 'inconclusive', [INODES]: 'inconclusive' },
      /^it fails as well with the same file system at \/data\/cache when there is room on it: it exited 1/
    ]
  ] as const)('%s (%s)', async (_, image, expected, detail) => {
    const run = await images.crashTest(image, [...CACHE, '--faults', 'resource'])
    expect(verdicts(run.report)).toEqual(expected)
    expect(scenarioOf(run, 'disk-full').detail).toMatch(detail)
    expect(await leftBehindBy(run)).toEqual([])
  })
})

describe('a user whom the image does not know', () => {
  const HOMELESS = 'homeless@container/recreate'
  test.concurrent.each([
    ['needs a home', 'needs-home', 'failed: crashed', /^exited 1/],
    ['works without one', 'works-without-home', 'recovered', /^starts as uid 4242 without a home$/]
  ] as const)('%s (%s)', async (_, image, verdict, detail) => {
    const run = await images.crashTest(image, ['--faults', 'homeless'])
    expect(verdicts(run.report)).toEqual({ [HOMELESS]: verdict })
    expect(scenarioOf(run, HOMELESS).detail).toMatch(detail)
  })

  test.concurrent.each([
    ['as root', 'heals', /^the image runs as root/],
    [
      'only as its own user, with whatever home',
      'owns-its-directory',
      /^the image does not run as a user it does not know \(uid 4242, group 0\), even with volumes and a home of its own: it exited 1/
    ]
  ] as const)('is not held against an image that runs %s (%s)', async (_, image, reason) => {
    const run = await images.crashTest(image, ['--faults', 'homeless'])
    expect(verdicts(run.report)).toEqual({})
    expect(omissions(run)['homeless@container']).toMatch(reason)
  })
})

describe('an upgrade from what the previous image left', () => {
  const ID = 'previous-release@/data/upgrade'
  const upgrade = async (image: string, previous: string) =>
    await images.crashTest(image, [
      ...['--previous-image', await images.tag(previous)],
      ...['--faults', 'previous-release', '--cache-paths', '/data/pycache']
    ])

  test.concurrent.each([
    [
      'runs the old bytecode',
      'release-2',
      'release-1',
      'failed: stale-code',
      /^\/data\/pycache\/app\/greeting\.cpython-311\.pyc, which the previous release left, ran instead of \/app\/greeting\.py$/
    ],
    ['purges it first', 'release-2-purges', 'release-1', 'recovered', /runs its own code$/],
    [
      'compiles its own in a first process',
      'release-2-compiles-first',
      'release-1',
      'recovered',
      /runs its own code$/
    ],
    [
      'switches the link to its release',
      'release-2-switches-release',
      'release-1-links-source',
      'recovered',
      /runs its own code$/
    ],
    ['does not know the old settings', 'release-2-other-schema', 'release-1', 'failed: crashed', /^exited 1/],
    [
      'brings the old settings to its own schema',
      'release-2-migrates',
      'release-1',
      'recovered',
      /runs its own code$/
    ],
    [
      'has nothing to come from, since the previous image does not start',
      'release-2',
      'control-crashes',
      'inconclusive',
      /^the previous image cache-crash-test-fixture-\d+:control-crashes\S* does not start: it exited 1/
    ]
  ] as const)('%s (%s on %s)', async (_, image, previous, verdict, detail) => {
    const run = await upgrade(image, previous)
    expect(verdicts(run.report)).toEqual({ [ID]: verdict })
    expect(scenarioOf(run, ID).detail).toMatch(detail)
    expect(await leftBehindBy(run)).toEqual([])
    const { exitCode } = await execute('docker', ['image', 'inspect', await images.tag(previous)])
    expect(exitCode).toBe(0)
  })

  test.concurrent.each([
    ['release-2-code-on-volume', 'release-1-leaves-source', '/data/code/greeting.py'],
    ['release-2-own-code-first', 'release-1-leaves-source', undefined],
    ['release-2-code-on-volume', 'release-1-shares-source', '/data/code/greeting.py'],
    ['release-2-code-on-volume', 'release-1-links-source', '/data/code/greeting.py'],
    ['release-2-own-code-first', 'release-1-links-source', undefined],
    ['release-2-code-on-volume', 'release-1-leaves-bytecode', '/data/code/greeting.pyc'],
    ['release-2-own-code-first', 'release-1-leaves-bytecode', undefined]
  ] as const)(
    'may find code of the previous release before its own (%s on %s)',
    async (image, previous, file) => {
      const args = ['--previous-image', await images.tag(previous), '--faults', 'previous-release']
      const run = await images.crashTest(image, args)
      expect(verdicts(run.report)).toEqual({ [ID]: file === undefined ? 'recovered' : 'failed: stale-code' })
      expect(scenarioOf(run, ID).detail).toMatch(
        file === undefined
          ? /runs its own code$/
          : `${file}, which the previous release left, ran instead of /app/greeting.py`
      )
    }
  )

  test.concurrent.each([
    ['release-2-refreshes-code', 'recovered', /runs its own code$/],
    ['release-2-replaces-shipped-code', 'recovered', /runs its own code$/],
    [
      'release-2-replaces-too-late',
      'failed: stale-code',
      /^\/data\/code\/greeting\.py, which the previous release left, ran/
    ],
    // What is there may as well be a file that start-up makes for itself.
    ['release-2-keeps-old-code', 'inconclusive', /^it could not be found out whose code start-up runs$/]
  ] as const)('of code that start-up puts on the volume itself (%s)', async (image, verdict, detail) => {
    const previous = await images.tag('release-1-leaves-source')
    const args = ['--previous-image', previous, '--faults', 'previous-release']
    const run = await images.crashTest(image, args)
    expect(verdicts(run.report)).toEqual({ [ID]: verdict })
    expect(scenarioOf(run, ID).detail).toMatch(detail)
  })

  test.concurrent('is none from the image to itself', async () => {
    const run = await upgrade('release-2', 'release-2')
    expect(omissions(run)[`previous-release@/data`]).toMatch(/is the image under test itself$/)
  })
})

describe('state that the volumes hold before the first boot', () => {
  const SEED = [
    '--seed-state',
    '/data=__tests__/fixtures/seed-state',
    ...CACHE,
    '--faults',
    'truncated'
  ] as const
  test.concurrent.each([
    ['recreate', 'reads-state', 'failed: crashed'],
    ['recreate', 'reads-state-or-goes-on', 'tolerated'],
    ['restart', 'reads-state', 'failed: crashed'],
    ['restart', 'reads-state-or-goes-on', 'tolerated']
  ] as const)(
    'is what faults damage, although start-up writes nothing: %s, %s',
    async (mode, image, verdict) => {
      const run = await images.crashTest(image, [...SEED, '--boot-modes', mode])
      expect(verdicts(run.report)).toEqual({ [`truncated@/data/cache/${mode}`]: verdict })
    }
  )
})
