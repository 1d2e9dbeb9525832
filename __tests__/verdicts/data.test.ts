import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, scenarioOf } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

describe('repair of the cache, and what lies beside it on the volume', () => {
  const args = [
    '--cache-paths',
    '/data/cache',
    '--faults',
    'file-for-directory',
    '--faults',
    'missing-directory'
  ]

  test.concurrent('repair by emptying the volume loses data, though the container is ready', async () => {
    const run = await images.crashTest('heals-by-rm-rf', args)
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual({
      'file-for-directory@/data/cache/recreate': 'failed: data-lost',
      'missing-directory@/data/cache/recreate': 'recovered'
    })
    const scenario = scenarioOf(run, 'file-for-directory')
    expect(scenario.boots.map(({ outcome }) => outcome)).toEqual(['ready'])
    // The settings that the image itself made in the control, and the sentinel.
    expect(scenario.detail).toMatch(/^\/data\/settings\.json was overwritten \(.*\), and 1 more$/)
    expect(scenario.remedy).toMatch(/^Move damaged data aside, or refuse to start/)
  })

  test.concurrent('repair of the cache alone loses none', async () => {
    const run = await images.crashTest('heals', args)
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual({
      'file-for-directory@/data/cache/recreate': 'recovered',
      'missing-directory@/data/cache/recreate': 'recovered'
    })
  })
})

describe('damage to a data file', () => {
  const damage = (path: string): string[] => [
    ...['--data-paths', path],
    ...['--faults', 'truncated', '--faults', 'foreign-owner', '--faults', 'dangling-symlink']
  ]
  const scenarios = (
    path: string,
    verdict: Record<'truncated' | 'foreign-owner' | 'dangling-symlink', string>
  ) =>
    Object.fromEntries(
      Object.entries(verdict).map(([fault, expected]) => [`${fault}@${path}/recreate`, expected])
    )

  test.concurrent(
    'replacing it by defaults loses what could still be read, where there was something',
    async () => {
      const run = await images.crashTest('overwrites-damaged-data', damage('/data/settings.json'))
      expect(run.exitCode).toBe(1)
      expect(verdicts(run.report)).toEqual(
        scenarios('/data/settings.json', {
          truncated: 'failed: data-lost',
          'foreign-owner': 'failed: data-lost',
          'dangling-symlink': 'recovered'
        })
      )
      expect(scenarioOf(run, 'truncated').detail).toBe(
        'start-up loses data if /data/settings.json is cut in half: /data/settings.json was damaged, and the 32 bytes that could still be read are gone'
      )
      expect(scenarioOf(run, 'foreign-owner').detail).toBe(
        '/data/settings.json was damaged, and the 64 bytes that could still be read are gone'
      )
    }
  )

  test.concurrent('moving it aside loses nothing', async () => {
    const run = await images.crashTest('moves-damaged-aside', damage('/data/settings.json'))
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual(
      scenarios('/data/settings.json', {
        truncated: 'recovered',
        'foreign-owner': 'recovered',
        'dangling-symlink': 'recovered'
      })
    )
  })

  test.concurrent('refusing to start on it is no failure', async () => {
    const run = await images.crashTest('refuses-damaged-data', damage('/data/settings.json'))
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual(
      scenarios('/data/settings.json', {
        truncated: 'refused',
        'foreign-owner': 'refused',
        'dangling-symlink': 'refused'
      })
    )
    for (const { detail } of run.report.scenarios) {
      expect(detail).toBe('start-up refused to run on damaged data, and the data is intact')
    }
  })

  test.concurrent('the same exit is a crash where the path is a cache', async () => {
    const run = await images.crashTest('refuses-damaged-data', [
      ...['--cache-paths', '/data/settings.json', '--faults', 'truncated']
    ])
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual({ 'truncated@/data/settings.json/recreate': 'failed: crashed' })
  })

  test.concurrent('making the intact file beside it anew loses that one', async () => {
    const run = await images.crashTest('overwrites-intact-neighbour', damage('/data/cert.pem'))
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual(
      scenarios('/data/cert.pem', {
        truncated: 'failed: data-lost',
        'foreign-owner': 'failed: data-lost',
        // Nothing of the certificate was left to lose: here it is the key alone.
        'dangling-symlink': 'failed: data-lost'
      })
    )
    expect(scenarioOf(run, 'dangling-symlink').detail).toMatch(/^\/data\/key\.pem was overwritten \([^)]*\)$/)
    expect(scenarioOf(run, 'truncated').detail).toMatch(
      /: \/data\/key\.pem was overwritten \(.*\), and 1 more$/
    )
  })

  test.concurrent('making only the damaged one anew, and keeping it, loses nothing', async () => {
    const run = await images.crashTest('replaces-only-the-damaged', damage('/data/cert.pem'))
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual(
      scenarios('/data/cert.pem', {
        truncated: 'recovered',
        'foreign-owner': 'recovered',
        'dangling-symlink': 'recovered'
      })
    )
  })
})
