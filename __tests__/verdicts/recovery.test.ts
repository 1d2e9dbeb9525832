import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, omissions, scenarioOf } from '../action/fixture-images.js'
import { leftBehindBy, verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

const CACHE = ['--cache-paths', '/data/cache'] as const
const FILE = [...CACHE, '--faults', 'file-for-directory'] as const
const FILE_ID = 'file-for-directory@/data/cache/recreate'
const ASK_FOR_WORK = `node -e 'fetch(process.env.BASE_URL + "/work").then(async (answer) => {
  console.log(answer.status, await answer.text())
  process.exitCode = answer.ok ? 0 : 1
})'`

/** Damage to the one file of a cache that nobody reads: it is there, and that is enough. */
const UNREAD = Object.fromEntries(
  ['truncated', 'zero-length', 'zeroed', 'bit-flip', 'temporary-left', 'future-mtime'].map((fault) => [
    `${fault}@/data/cache/recreate`,
    'tolerated'
  ])
)

/** A cache that is built by whoever comes first, and done without where there is no space. */
const UNHURRIED = {
  'disk-full@/data/cache/recreate': 'tolerated',
  'concurrent-start@/data/cache/concurrent': 'recovered'
}

describe('every fault of the default set, and of an image that', () => {
  test.concurrent.each([
    [
      'repairs its cache',
      'heals',
      {
        'dangling-symlink@/data/cache/recreate': 'recovered',
        'file-for-directory@/data/cache/recreate': 'recovered',
        'symlink-loop@/data/cache/recreate': 'recovered',
        'missing-directory@/data/cache/recreate': 'recovered',
        'read-only@/data/cache/recreate': 'tolerated',
        'killed@container/restart': 'recovered',
        'killed@container/recreate': 'recovered',
        ...UNREAD,
        ...UNHURRIED
      }
    ],
    [
      'works without a cache, and leaves the damage',
      'falls-back',
      {
        'dangling-symlink@/data/cache/recreate': 'tolerated',
        'file-for-directory@/data/cache/recreate': 'tolerated',
        'symlink-loop@/data/cache/recreate': 'tolerated',
        'missing-directory@/data/cache/recreate': 'recovered',
        'read-only@/data/cache/recreate': 'tolerated',
        'killed@container/restart': 'recovered',
        'killed@container/recreate': 'recovered',
        ...UNREAD,
        ...UNHURRIED
      }
    ],
    [
      'repairs its cache, on a base without a shell',
      'no-shell',
      {
        'dangling-symlink@/data/cache/recreate': 'recovered',
        'file-for-directory@/data/cache/recreate': 'recovered',
        'symlink-loop@/data/cache/recreate': 'recovered',
        'missing-directory@/data/cache/recreate': 'recovered',
        'read-only@/data/cache/recreate': 'tolerated',
        'killed@container/restart': 'recovered',
        'killed@container/recreate': 'recovered',
        ...UNREAD,
        ...UNHURRIED
      }
    ]
  ])('%s: nothing fails', async (_, image, expected) => {
    const run = await images.crashTest(image, CACHE)
    expect(verdicts(run.report)).toEqual(expected)
    expect(run.report.verdict).toBe('passed')
    expect(run.exitCode).toBe(0)
    expect(await leftBehindBy(run)).toEqual([])
  })
})

describe('each reason to fail, and the same test passed by an image that lacks it', () => {
  interface Case {
    readonly behaviour: string
    readonly image: string
    readonly args?: readonly string[]
    readonly verdict: string
    readonly detail: RegExp
    readonly id?: string
  }
  const REPLICAS = ['--boot-modes', 'concurrent'] as const
  const CASES: readonly Case[] = [
    {
      behaviour: 'dies of the file',
      image: 'logs-ready-line',
      args: ['--ready', 'log:/worker ready/'],
      verdict: 'failed: crashed',
      detail: /^exited 1 after .* before it was ready$/
    },
    {
      behaviour: 'gives up and exits 0, as if it had been asked to',
      image: 'exits-zero',
      verdict: 'failed: crashed',
      detail: /^exited 0 after .* before it was ready$/
    },
    {
      behaviour: 'is up and answers nonsense',
      image: 'wrong-answer',
      args: ['--smoke-test', ASK_FOR_WORK],
      verdict: 'failed: wrong-answer',
      detail: /^the smoke test exited 1: 500 no model$/
    },
    {
      behaviour: 'is up and answers right',
      image: 'heals',
      args: ['--smoke-test', ASK_FOR_WORK],
      verdict: 'recovered',
      detail: /a directory again/
    },
    {
      behaviour: 'dies after it was ready',
      image: 'dies-after-ready',
      args: ['--stable-for', '3s'],
      verdict: 'failed: unstable',
      detail: /^was ready, then exited 1$/
    },
    {
      behaviour: 'recovers and prints what is forbidden',
      image: 'noisy-recovery',
      args: ['--forbid-logs', 'Traceback'],
      verdict: 'failed: forbidden-log',
      detail: /Traceback \(most recent call last\)/
    },
    {
      behaviour: 'recovers and prints a traceback that nobody forbade',
      image: 'noisy-recovery',
      verdict: 'recovered',
      detail: /a directory again/
    },
    {
      behaviour: 'recovers once, and not twice',
      image: 'second-boot',
      verdict: 'failed: second-boot',
      detail: /^the boot after the recovery failed: crashed, exited 1/
    },
    {
      behaviour: 'recovers once, and nobody asks for twice',
      image: 'second-boot',
      args: ['--second-boot', 'false'],
      verdict: 'recovered',
      detail: /a directory again/
    },
    {
      behaviour: 'repairs in one replica while the others die',
      image: 'one-repairs-others-die',
      args: REPLICAS,
      id: 'file-for-directory@/data/cache/concurrent',
      verdict: 'failed: replica',
      detail: /^2 of 3 replicas failed: crashed, exited 1/
    },
    {
      behaviour: 'repairs, when it is alone',
      image: 'one-repairs-others-die',
      verdict: 'recovered',
      detail: /a directory again/
    },
    {
      behaviour: 'lets every replica work around it',
      image: 'falls-back',
      args: REPLICAS,
      id: 'file-for-directory@/data/cache/concurrent',
      verdict: 'tolerated',
      detail: /still in place/
    },
    {
      behaviour: 'kills every replica, which is a crash and no quarrel',
      image: 'logs-ready-line',
      args: [...REPLICAS, '--ready', 'log:/worker ready/'],
      id: 'file-for-directory@/data/cache/concurrent',
      verdict: 'failed: crashed',
      detail: /^exited 1/
    }
  ]

  test.concurrent.each(CASES)(
    '$image, a regular file at its cache: $behaviour ($verdict)',
    async ({ image, args = [], id = FILE_ID, verdict, detail }) => {
      const run = await images.crashTest(image, [...FILE, ...args])
      expect(verdicts(run.report)).toEqual({ [id]: verdict })
      expect(scenarioOf(run, id).detail).toMatch(detail)
      expect(run.exitCode).toBe(verdict.startsWith('failed') ? 1 : 0)
    }
  )
})

describe('a link to another volume, which is no damage', () => {
  const args = [...CACHE, '--volumes', '/data', '--volumes', '/models', '--faults', 'symlink-to-volume']
  const id = 'symlink-to-volume@/data/cache/recreate'

  test.concurrent('is to be left alone: replacing it is a failure', async () => {
    const run = await images.crashTest('replaces-any-link', args)
    expect(verdicts(run.report)).toEqual({ [id]: 'failed: wrong-answer' })
    expect(scenarioOf(run, id).detail).toBe(
      'start-up should have left /data/cache alone, and it is now a directory'
    )
  })

  test.concurrent('is left alone by an image that looks where it leads', async () => {
    const run = await images.crashTest('heals', args)
    expect(verdicts(run.report)).toEqual({ [id]: 'recovered' })
  })
})

describe('a fault that nothing shows start-up to have met', () => {
  test.concurrent.each([
    ['warns', [], 'inconclusive', 0],
    ['fails with strict', ['--strict'], 'failed', 1]
  ] as const)('is inconclusive, which %s', async (_, args, verdict, exitCode) => {
    const run = await images.crashTest('never-touches-cache', [...FILE, ...args])
    expect(verdicts(run.report)).toEqual({ [FILE_ID]: 'inconclusive' })
    expect(scenarioOf(run, FILE_ID).detail).toBe('start-up never touched /data/cache')
    expect(run.report.verdict).toBe(verdict)
    expect(run.exitCode).toBe(exitCode)
  })
})

describe('how containers are run', () => {
  test.concurrent(
    'a job is ready when it exits as it should, and has crashed when it exits otherwise',
    async () => {
      const run = await images.crashTest('exit-job', [...CACHE, '--ready', 'exit:0'])
      expect(verdicts(run.report)).toEqual({
        'dangling-symlink@/data/cache/recreate': 'failed: crashed',
        'file-for-directory@/data/cache/recreate': 'failed: crashed',
        'symlink-loop@/data/cache/recreate': 'failed: crashed',
        'missing-directory@/data/cache/recreate': 'recovered',
        'read-only@/data/cache/recreate': 'tolerated',
        'disk-full@/data/cache/recreate': 'failed: crashed',
        'concurrent-start@/data/cache/concurrent': 'recovered',
        ...UNREAD
      })
      expect(omissions(run)).toMatchObject({
        'killed@container': 'a container that is ready when it has ended cannot be killed while healthy'
      })
    }
  )

  test.concurrent('faults reach the volume of a container whose root file system is read-only', async () => {
    const faults = ['--faults', 'shape', '--faults', 'access', '--faults', '!slow-chown']
    const run = await images.crashTest('heals', [...CACHE, ...faults, '--options', '--read-only'])
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual({
      'dangling-symlink@/data/cache/recreate': 'recovered',
      'file-for-directory@/data/cache/recreate': 'recovered',
      'symlink-loop@/data/cache/recreate': 'recovered',
      'missing-directory@/data/cache/recreate': 'recovered',
      'nested-link@/data/cache/recreate': 'tolerated',
      'directory-for-file@/data/cache/recreate': 'tolerated',
      'fifo-for-file@/data/cache/recreate': 'tolerated',
      'read-only@/data/cache/recreate': 'tolerated'
    })
  })
})

// Last and not concurrent: jest starts these when nothing else of this file is running.
describe('what depends on time', () => {
  test('a boot that never ends fails only after it was tried again alone, with twice the time', async () => {
    const run = await images.crashTest('hangs-on-file', [...FILE, '--startup-timeout', '5s'])
    expect(verdicts(run.report)).toEqual({ [FILE_ID]: 'failed: timed-out' })
    expect(scenarioOf(run, FILE_ID).detail).toMatch(/^not ready after 1\d\.\d s: http:\/\/:8000\//)
    expect(run.exitCode).toBe(1)
  })

  test('a container that ignores its stop signal is killed at once in trials', async () => {
    const faults = ['--faults', 'file-for-directory', '--faults', 'killed']
    const { report } = await images.crashTest('ignores-sigterm', [...CACHE, ...faults])
    expect(report.control).toMatchObject({ result: 'passed', ignoresStopSignal: true })
    expect(verdicts(report)).toEqual({
      [FILE_ID]: 'recovered',
      'killed@container/restart': 'recovered',
      'killed@container/recreate': 'recovered'
    })
    // Docker's grace period is 10 s: one that was waited out would be longer, however fast the machine.
    const stops = report.scenarios.map(({ phases }) => phases.filter(({ name }) => name === 'stop'))
    for (const phases of stops) expect(phases).not.toEqual([])
    for (const { startMs, endMs } of stops.flat()) expect(endMs - startMs).toBeLessThan(10_000)
  })
})

test.concurrent.each([
  ['fragile', 'failed: crashed'],
  ['hardened', 'recovered']
])('a directory, a link and a lock that are not as the %s image left them', async (variant, verdict) => {
  const run = await images.crashTest('takes-its-layout-for-granted', [
    ...['--cache-paths', '/data/cache', '--cache-paths', '/root/.cache'],
    ...['--command', `python3 start.py ${variant}`],
    ...['--faults', 'missing-directory', '--faults', 'directory-for-symlink', '--faults', 'killed']
  ])
  expect(verdicts(run.report)).toMatchObject({
    'missing-directory@/data/cache/recreate': verdict,
    'directory-for-symlink@/root/.cache/restart': verdict,
    'killed@container/recreate': verdict,
    'killed@container/restart': verdict
  })
})
