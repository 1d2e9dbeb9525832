import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

/** An image that dies of whatever is at its cache, and makes the cache when there is nothing. */
const IMAGE = 'logs-ready-line'
const ARGS = [
  '--cache-paths',
  '/data/cache',
  '--ready',
  'log:/worker ready/',
  '--second-boot',
  'false'
] as const
const DIES = 'file-for-directory@/data/cache/recreate'
const LIVES = 'missing-directory@/data/cache/recreate'
const TWO = ['--faults', 'file-for-directory', '--faults', 'missing-directory'] as const

describe('expect-failures', () => {
  test.concurrent('a failure that is expected does not fail the job', async () => {
    const run = await images.crashTest(IMAGE, [...ARGS, ...TWO, '--expect-failures', DIES])
    expect(verdicts(run.report)).toEqual({ [DIES]: 'failed: crashed', [LIVES]: 'recovered' })
    expect(run.report).toMatchObject({ verdict: 'passed', expectedFailures: 1 })
    expect(run.exitCode).toBe(0)
  })

  test.concurrent.each([
    ['is reported', [], 'passed', 0],
    ['fails with strict', ['--strict'], 'failed', 1]
  ] as const)('one that passes %s', async (_, strict, verdict, exitCode) => {
    const args = [...ARGS, ...TWO, '--expect-failures', DIES, '--expect-failures', LIVES, ...strict]
    const run = await images.crashTest(IMAGE, args)
    expect(run.report.verdict).toBe(verdict)
    expect(run.stdout).toContain(`! recovered, though expected to fail ${LIVES}`)
    expect(run.stdout).toContain('It passes now: take it out of expect-failures.')
    expect(run.exitCode).toBe(exitCode)
  })

  test.concurrent('a failure beside it still fails the job', async () => {
    const run = await images.crashTest(IMAGE, [...ARGS, ...TWO, '--expect-failures', LIVES])
    expect(run.exitCode).toBe(1)
  })
})

describe('which scenarios are run, and how', () => {
  const whole = {
    'dangling-symlink@/data/cache/recreate': 'failed: crashed',
    [DIES]: 'failed: crashed',
    'symlink-loop@/data/cache/recreate': 'failed: crashed',
    [LIVES]: 'recovered',
    'read-only@/data/cache/recreate': 'tolerated',
    'killed@container/restart': 'recovered',
    'killed@container/recreate': 'recovered',
    'disk-full@/data/cache/recreate': 'failed: crashed',
    'concurrent-start@/data/cache/concurrent': 'recovered',
    'truncated@/data/cache/recreate': 'tolerated',
    'zero-length@/data/cache/recreate': 'tolerated',
    'zeroed@/data/cache/recreate': 'tolerated',
    'bit-flip@/data/cache/recreate': 'tolerated',
    'temporary-left@/data/cache/recreate': 'tolerated',
    'future-mtime@/data/cache/recreate': 'tolerated'
  }

  test.concurrent('one at a time gives the same verdicts', async () => {
    const run = await images.crashTest(IMAGE, [...ARGS, '--max-parallel', '1'])
    expect(verdicts(run.report)).toEqual(whole)
    expect(run.exitCode).toBe(1)
  })

  test.concurrent('two shards run every scenario once', async () => {
    const shards = [
      await images.crashTest(IMAGE, [...ARGS, '--shard', '1/2']),
      await images.crashTest(IMAGE, [...ARGS, '--shard', '2/2'])
    ].map(({ report }) => verdicts(report))
    expect(shards.map((shard) => Object.keys(shard).length).reduce((a, b) => a + b)).toBe(
      Object.keys(whole).length
    )
    expect(Object.assign({}, ...shards)).toEqual(whole)
  })

  test.concurrent('fail-fast leaves out what comes after the first failure, and says so', async () => {
    const run = await images.crashTest(IMAGE, [...ARGS, '--max-parallel', '1', '--fail-fast'])
    const skipped = run.report.skipped
    expect(run.exitCode).toBe(1)
    expect(skipped.length).toBeGreaterThan(0)
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(
      new Set(['fail-fast: an earlier scenario failed'])
    )
    expect([...Object.keys(verdicts(run.report)), ...skipped.map(({ id }) => id)].sort()).toEqual(
      Object.keys(whole).sort()
    )
  })
})
