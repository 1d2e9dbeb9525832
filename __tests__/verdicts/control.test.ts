import { afterAll, describe, expect, test } from '@jest/globals'
import type { Report } from '../../src/report/schema.js'
import { FixtureImages, omissions } from '../action/fixture-images.js'
import { leftBehindBy, verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

const CACHE = ['--cache-paths', '/data/cache'] as const
const FILE = [...CACHE, '--faults', 'file-for-directory'] as const

type FailedControl = Extract<Report['control'], { result: 'failed' }>

function failedControl(report: Report): FailedControl {
  if (report.control.result !== 'failed') throw new Error('the control did not fail')
  return report.control
}

describe('a control that fails', () => {
  interface Case {
    readonly behaviour: string
    readonly image: string
    readonly args?: readonly string[]
    readonly stage: FailedControl['stage']
    readonly blame: FailedControl['blame']
    readonly message: RegExp
    readonly log?: string
  }
  const CASES: readonly Case[] = [
    {
      behaviour: 'exits on clean state',
      image: 'control-crashes',
      stage: 'first-boot',
      blame: 'image',
      message: /^The image does not start on clean state: it exited 1 after .* before it was ready/,
      log: 'no licence found'
    },
    {
      behaviour: 'never answers',
      image: 'control-never-ready',
      args: ['--startup-timeout', '3s'],
      stage: 'first-boot',
      blame: 'probe',
      message: /^The container is running, but it was not ready after \d+ s: tcp:\/\/:8000 .* set ready/,
      log: 'warming up'
    },
    {
      behaviour: 'is asked at a port that it does not listen on',
      image: 'heals',
      args: ['--startup-timeout', '3s', '--ready', 'tcp://:9999'],
      stage: 'first-boot',
      blame: 'probe',
      message: /^The container is running, but it was not ready after \d+ s: tcp:\/\/:9999/,
      log: 'listening'
    },
    {
      behaviour: 'fails its smoke test on clean state',
      image: 'heals',
      args: ['--smoke-test', 'echo nothing is here; exit 22'],
      stage: 'first-boot',
      blame: 'check',
      message: /^The image was ready on clean state, but the smoke test exited 22: nothing is here/,
      log: 'listening'
    },
    {
      behaviour: 'starts once, and not twice',
      image: 'control-not-twice',
      stage: 'second-boot',
      blame: 'image',
      message:
        /^The image starts once but not twice: with no fault planted, its second boot \(a new container on the volumes that the first boot left\) exited 1 before it was ready\.$/,
      log: "FileExistsError: [Errno 17] File exists: '/app' -> '/data/current'"
    },
    {
      behaviour: 'empties its volume at every start',
      image: 'empties-volume-at-every-start',
      stage: 'data',
      blame: 'image',
      message:
        /^Start-up removed or changed \/data\/cache-crash-test-sentinel\.bin, a file that it did not make/
    }
  ]

  test.concurrent.each(CASES)(
    '$image, which $behaviour: no scenario is run, and the message says why',
    async ({ image, args = [], stage, blame, message, log }) => {
      const run = await images.crashTest(image, [...CACHE, ...args])
      const control = failedControl(run.report)
      expect(control).toMatchObject({ stage, blame })
      expect(control.message).toMatch(message)
      expect([...control.log.head, ...control.log.tail].join('\n')).toContain(log ?? '')
      expect(run.stdout).toContain(log ?? '')
      expect(run.report).toMatchObject({ verdict: 'failed', total: 0, scenarios: [] })
      expect(run.exitCode).toBe(1)
      expect(await leftBehindBy(run)).toEqual([])
    }
  )

  test.concurrent(
    'a volume that may be emptied is no data: declared as a cache path, the same image is tested',
    async () => {
      const run = await images.crashTest('empties-volume-at-every-start', [
        ...['--cache-paths', '/data', '--faults', 'file-for-directory']
      ])
      // The volume itself cannot be replaced; what the control wrote in it can.
      expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/recreate': 'recovered' })
      expect(run.exitCode).toBe(0)
    }
  )
})

describe('what the control finds out', () => {
  test.concurrent(
    'an image that does not stand a foreign file is tested without sentinels, and the report says so',
    async () => {
      const run = await images.crashTest('refuses-sentinel', FILE)
      const note = /does not start with a foreign file on its volumes, so no sentinels are planted/
      expect(run.exitCode).toBe(0)
      expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/recreate': 'recovered' })
      expect(run.report.notes).toEqual([expect.stringMatching(note)])
    }
  )
})

describe('why a fault is left out', () => {
  test.concurrent('root ignores who owns a path', async () => {
    const run = await images.crashTest('heals', [...CACHE, '--faults', 'foreign-owner'])
    expect(verdicts(run.report)).toEqual({})
    expect(omissions(run)).toMatchObject({
      'foreign-owner@/data/cache': 'mode bits do not bind a root process (uid 0 with CAP_DAC_OVERRIDE)'
    })
    // Nothing was tested, so nothing was shown.
    expect(run.report.verdict).toBe('inconclusive')
    expect(run.exitCode).toBe(0)
  })

  test.concurrent('root without its capabilities does not', async () => {
    const run = await images.crashTest('falls-back', [
      ...[...CACHE, '--faults', 'foreign-owner', '--options', '--cap-drop ALL']
    ])
    expect(verdicts(run.report)).toEqual({ 'foreign-owner@/data/cache/recreate': 'tolerated' })
  })

  test.concurrent(
    'a detected path that start-up does not use, and every fault that has nothing to act on',
    async () => {
      const run = await images.crashTest('heals', [...CACHE, '--faults', 'shape'])
      const unused = 'start-up did not use /root/.cache (from HOME/.cache)'
      expect(omissions(run)).toEqual({
        'symlink-to-volume@/data/cache': 'there is no volume that does not itself hold the path',
        'directory-for-symlink@/data/cache': 'healthy start-up leaves no link at /data/cache',
        'directory-for-file@/data': 'looked for files; the control left none at /data',
        'fifo-for-file@/data': 'looked for files; the control left none at /data',
        'directory-for-file@/root/.cache': unused,
        'fifo-for-file@/root/.cache': unused,
        'nested-link@/root/.cache': unused,
        'dangling-symlink@/root/.cache': unused,
        'file-for-directory@/root/.cache': unused,
        'symlink-loop@/root/.cache': unused,
        'symlink-to-volume@/root/.cache': unused,
        'directory-for-symlink@/root/.cache': unused,
        'missing-directory@/root/.cache': unused
      })
    }
  )

  test.concurrent.each([
    [
      'a tmpfs hides what was planted',
      ['--cache-paths', '/data/cache', '--options', '--tmpfs /data/cache'],
      'file-for-directory@/data/cache',
      '/data/cache is a tmpfs, which is empty whenever a container starts'
    ],
    [
      'the engine keeps a path that holds a mount point',
      ['--cache-paths', '/data/cache', '--volumes', '/data', '--volumes', '/data/cache/models'],
      'file-for-directory@/data/cache',
      '/data/cache leads to the mount point /data/cache/models, which keeps it in place'
    ],
    [
      'nothing becomes corrupt in a read-only layer',
      ['--cache-paths', '/var/cache/app', '--options', '--read-only'],
      'file-for-directory@/var/cache/app',
      '/var/cache/app is in the root file system, which is read-only'
    ]
  ])('%s', async (_, args, pair, reason) => {
    const run = await images.crashTest('heals', [...args, '--faults', 'file-for-directory'])
    expect(verdicts(run.report)).toEqual({})
    expect(omissions(run)).toMatchObject({ [pair]: reason })
  })
})

test('a volume with names that are not UTF-8 is not copied, and trials on what the image brings go on', async () => {
  const { report, ...run } = await images.crashTest('names-in-other-bytes', [
    ...CACHE,
    ...['--faults', 'file-for-directory', '--faults', 'truncated', '--faults', 'read-only']
  ])
  expect(report.notes).toContainEqual(
    expect.stringMatching(/^\/data holds .*, or a name that is not UTF-8: trials start on volumes with what/)
  )
  expect(verdicts(report)).toEqual({ 'file-for-directory@/data/cache/recreate': 'recovered' })
  expect(omissions({ ...run, report })).toMatchObject({
    'truncated@/data/cache': 'not all that is on the volumes can be copied into a trial',
    'read-only@/data/cache': 'not all that is at /data/cache can be copied to a read-only volume'
  })
})
