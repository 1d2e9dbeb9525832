import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, omissions, scenarioOf, type ReportedRun } from '../action/fixture-images.js'
import { leftBehindBy, verdicts } from '../action/runner.js'

const images = new FixtureImages()
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'verdicts-learned-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

const CACHE = ['--cache-paths', '/data/cache'] as const
/** With this seed a shard is missing, and not the index. */
const SEED = ['--seed', 'a'] as const
const ASK_FOR_WORK = `node -e 'fetch(process.env.BASE_URL + "/work").then(async (answer) => {
  console.log(answer.status, await answer.text())
  process.exitCode = answer.ok ? 0 : 1
})'`

function on(path: string, verdicts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(verdicts).map(([fault, verdict]) => [`${fault}@${path}/recreate`, verdict])
  )
}

function findings({ report }: ReportedRun): Record<string, string | undefined> {
  return Object.fromEntries(report.scenarios.map(({ fault, reduction }) => [fault, reduction?.finding]))
}

describe('damage to an index and its six shards', () => {
  const args = [...CACHE, ...SEED, '--faults', 'F0']

  test.concurrent('an image that trusts them dies, and the one file is named that is enough', async () => {
    const run = await images.crashTest('trusts-its-files', args)
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual(
      on('/data/cache', {
        truncated: 'failed: crashed',
        'zero-length': 'failed: crashed',
        zeroed: 'failed: crashed',
        'bit-flip': 'failed: crashed',
        missing: 'failed: crashed',
        'temporary-left': 'failed: crashed',
        'future-mtime': 'tolerated',
        'state-foreign-owner': 'failed: crashed'
      })
    )
    const index = 'start-up dies if /data/cache/index.json'
    expect(findings(run)).toEqual({
      truncated: `${index} is cut in half`,
      'zero-length': `${index} is emptied`,
      zeroed: `${index} is filled with NUL bytes`,
      'bit-flip': `${index} is changed by a few flipped bits`,
      missing: 'start-up dies if /data/cache/shard-2.bin is missing',
      'temporary-left': `${index}.tmp is left behind by an interrupted write`,
      'future-mtime': undefined,
      'state-foreign-owner': `${index} is owned by another user, mode 0600`
    })
    const truncated = scenarioOf(run, 'truncated')
    expect(truncated.planted).toBe('7 files at /data/cache cut in half')
    expect(truncated.detail).toMatch(
      /^start-up dies if \/data\/cache\/index\.json is cut in half: exited 1 after/
    )
    // Of seven files the first three, then the first of them.
    expect(truncated.reduction).toMatchObject({ outcome: 'smallest', count: 1, trials: 2 })
    expect(truncated.reduction?.seconds).toBeGreaterThan(0)
    expect(scenarioOf(run, 'missing').reduction).toMatchObject({ trials: 0, seconds: 0 })
    expect(run.output).toContain('Narrowed down to 1 file in 2 further trials')
    expect(await leftBehindBy(run)).toEqual([])
  })

  test.concurrent('an image that compares digests builds them again', async () => {
    const run = await images.crashTest('doubts-its-files', args)
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual(
      on('/data/cache', {
        truncated: 'recovered',
        'zero-length': 'recovered',
        zeroed: 'recovered',
        'bit-flip': 'recovered',
        missing: 'recovered',
        'temporary-left': 'tolerated',
        'future-mtime': 'tolerated',
        'state-foreign-owner': 'recovered'
      })
    )
    expect(Object.values(findings(run)).every((finding) => finding === undefined)).toBe(true)
  })

  test.concurrent('the seed alone says which file is missing', async () => {
    const missing = async (seed: string): Promise<string> => {
      const faults = ['--faults', 'missing', '--seed', seed]
      return scenarioOf(await images.crashTest('trusts-its-files', [...CACHE, ...faults]), 'missing').planted
    }
    expect(await missing('a')).toBe('/data/cache/shard-2.bin missing')
    expect(await missing('b')).toBe('/data/cache/shard-5.bin missing')
  })
})

describe('no further trials are spent', () => {
  const truncated = [...CACHE, '--faults', 'truncated'] as const

  test.concurrent('with fail-fast, which ends with the first failure', async () => {
    const run = await images.crashTest('trusts-its-files', [...truncated, '--fail-fast'])
    expect(run.exitCode).toBe(1)
    expect(scenarioOf(run, 'truncated')).toMatchObject({ verdict: 'failed', reduction: null })
  })

  test.concurrent('on a failure that is expected', async () => {
    const known = ['--expect-failures', 'truncated@/data/cache/recreate']
    const run = await images.crashTest('trusts-its-files', [...truncated, ...known])
    expect(run.exitCode).toBe(0)
    expect(scenarioOf(run, 'truncated')).toMatchObject({ verdict: 'failed', reduction: null })
  })
})

test('a failure that does not come again stays one, and the report says so', async () => {
  // The control asks three times; the fourth to ask is the trial.
  const count = join(directory, 'asked')
  const script = `echo >> ${count}; test "$(wc -l < ${count})" != 4`
  const args = [...CACHE, '--faults', 'truncated', '--second-boot', 'false', '--smoke-test', script]
  const run = await images.crashTest('doubts-its-files', args)
  expect(run.exitCode).toBe(1)
  const scenario = scenarioOf(run, 'truncated')
  expect(scenario).toMatchObject({ verdict: 'failed', reason: 'wrong-answer' })
  expect(scenario.reduction).toMatchObject({ outcome: 'unrepeated', count: 7, trials: 3 })
  expect(scenario.detail).toMatch(/; it did not fail again when the 7 files were tried once more, so it may/)
})

describe('a date in the future', () => {
  const args = [...CACHE, '--faults', 'I5', '--smoke-test', ASK_FOR_WORK] as const

  test.concurrent(
    'makes an image serve an old answer for ever that only has a limit to the age',
    async () => {
      const run = await images.crashTest('believes-future-dates', args)
      expect(verdicts(run.report)).toEqual(on('/data/cache', { 'future-mtime': 'failed: wrong-answer' }))
      expect(scenarioOf(run, 'future-mtime').detail).toMatch(
        /^the service answers wrongly if \/data\/cache\/address is dated two years ahead: .* 500 \w+ is gone$/
      )
    }
  )

  test.concurrent('is no age to an image that looks', async () => {
    const run = await images.crashTest('doubts-future-dates', args)
    expect(verdicts(run.report)).toEqual(on('/data/cache', { 'future-mtime': 'recovered' }))
  })
})

describe('damage to the settings of users', () => {
  const args = ['--data-paths', '/data/settings.json', '--faults', 'F0'] as const

  test.concurrent('replacing them by defaults loses what could still be read of them', async () => {
    const run = await images.crashTest('overwrites-damaged-data', args)
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual(
      on('/data/settings.json', {
        truncated: 'failed: data-lost',
        // Nothing of these is left to be lost.
        'zero-length': 'recovered',
        zeroed: 'recovered',
        'bit-flip': 'failed: data-lost',
        'temporary-left': 'tolerated',
        'future-mtime': 'tolerated'
      })
    )
    expect(scenarioOf(run, 'truncated').detail).toBe(
      'start-up loses data if /data/settings.json is cut in half: ' +
        '/data/settings.json was damaged, and the 32 bytes that could still be read are gone'
    )
    expect(omissions(run)).toEqual({
      'missing@/data/settings.json': 'user data that is gone cannot be brought back by start-up',
      'state-foreign-owner@/data/settings.json': 'of a single file, foreign-owner makes the same'
    })
  })

  test.concurrent.each([
    ['moving them aside', 'moves-damaged-aside', 'recovered'],
    ['refusing to start', 'refuses-damaged-data', 'refused']
  ])('%s loses nothing', async (_, image, verdict) => {
    const run = await images.crashTest(image, args)
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual(
      on('/data/settings.json', {
        truncated: verdict,
        'zero-length': verdict,
        zeroed: verdict,
        'bit-flip': verdict,
        'temporary-left': 'tolerated',
        'future-mtime': 'tolerated'
      })
    )
  })
})

describe('more on a volume than is read back', () => {
  test.concurrent.each([
    ['dies', [], 'failed: crashed'],
    ['repairs', ['--env', 'REPAIRS=1'], 'recovered']
  ] as const)(
    'no file there is damaged, which is said, and start-up %s where a file stands for the directory',
    async (_, env, verdict) => {
      const args = [...CACHE, ...env, '--faults', 'truncated', '--faults', 'file-for-directory']
      const run = await images.crashTest('leaves-a-huge-file', args)
      expect(verdicts(run.report)).toEqual(on('/data/cache', { 'file-for-directory': verdict }))
      expect(omissions(run)['truncated@/data/cache']).toBe(
        'not all that is on the volumes can be copied into a trial'
      )
      expect(run.report.notes).toContainEqual(
        expect.stringMatching(
          /^\/data holds more than 50000 entries or 256 MiB \(all volumes together: twice as much\), or a name that is not UTF-8: trials start on volumes with what the image brings/
        )
      )
    }
  )
})

// Not concurrent: jest starts it when nothing else of this file is running.
describe('what depends on time', () => {
  test('a lock that was left behind makes start-up wait for ever, and is found among four files', async () => {
    const args = [...CACHE, '--faults', 'temporary-left', '--startup-timeout', '5s']
    const run = await images.crashTest('waits-for-a-lock', args)
    expect(verdicts(run.report)).toEqual(on('/data/cache', { 'temporary-left': 'failed: timed-out' }))
    expect(scenarioOf(run, 'temporary-left').reduction).toMatchObject({
      finding: 'start-up hangs if /data/cache/model.lock is left behind by an interrupted write',
      outcome: 'smallest',
      trials: 4
    })
  })
})
