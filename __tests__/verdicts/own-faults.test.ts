import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, logLines, scenarioOf, type ReportedRun } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'own-faults-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

const STATE = '/data/state'

async function crashTest(name: string, scenarioFile: unknown, ...args: string[]): Promise<ReportedRun> {
  const file = join(directory, name)
  // YAML 1.2 takes JSON as it is.
  await writeFile(file, JSON.stringify(scenarioFile))
  const own = ['--scenario-file', file, '--faults', 'own', '--second-boot', 'false']
  return await images.crashTest('says-what-it-finds', [...own, ...args])
}

describe('what a scenario file plants is what start-up meets', () => {
  const HEALTHY = `${STATE}/documents.json file 0644 0:0 1600000000 b'[]\\n'`
  const WRITABLE = `${STATE} can be written`
  const KINDS = [
    {
      id: 'file-with-content',
      plant: [{ type: 'file', path: 'lock', content: 'pid 1\n', mode: '0600' }],
      found: [HEALTHY, `${STATE}/lock file 0600 0:0 1700000000 b'pid 1\\n'`, WRITABLE]
    },
    {
      id: 'file-in-base64',
      plant: [{ type: 'file', path: 'documents.json', base64: 'AP8=' }],
      found: [`${STATE}/documents.json file 0644 0:0 1600000000 b'\\x00\\xff'`, WRITABLE]
    },
    {
      id: 'file-of-zeros',
      plant: [{ type: 'file', path: 'documents.json', size: 3 }],
      found: [`${STATE}/documents.json file 0644 0:0 1600000000 b'\\x00\\x00\\x00'`, WRITABLE]
    },
    {
      id: 'mode-owner-and-time',
      plant: [
        {
          type: 'file',
          path: 'documents.json',
          mode: '0400',
          owner: '4242:4343',
          modified: '2024-01-31T12:00:00Z'
        }
      ],
      found: [`${STATE}/documents.json file 0400 4242:4343 1706702400 b'[]\\n'`, WRITABLE]
    },
    {
      id: 'kind-directory',
      plant: [{ type: 'directory', path: 'segments/old', mode: '0700', owner: 4242 }],
      found: [
        HEALTHY,
        `${STATE}/segments directory 0755 0:0`,
        `${STATE}/segments/old directory 0700 4242:4242`,
        WRITABLE
      ]
    },
    {
      id: 'kind-link',
      plant: [{ type: 'link', path: 'current', to: '/nonexistent/segment', owner: 4242 }],
      found: [HEALTHY, `${STATE}/current link 4242:4242 /nonexistent/segment`, WRITABLE]
    },
    {
      id: 'kind-fifo',
      plant: [{ type: 'fifo', path: 'queue', mode: '0620' }],
      found: [HEALTHY, `${STATE}/queue fifo 0620 0:0`, WRITABLE]
    },
    { id: 'kind-missing', plant: [{ type: 'missing', path: 'documents.json' }], found: [WRITABLE] },
    {
      id: 'read-only-mount',
      mount: 'read-only',
      plant: [{ type: 'file', path: 'lock', content: '' }],
      found: [HEALTHY, `${STATE}/lock file 0644 0:0 1700000000 b''`, `${STATE} cannot be written`]
    }
  ]

  test('each kind, with mode, owner, time and mount', async () => {
    const faults = KINDS.map(({ id, mount, plant }) => [id, { title: id, mount, plant }])
    const file = { version: 1, faults: Object.fromEntries(faults) as unknown }
    const run = await crashTest('kinds.yml', file, '--cache-paths', STATE)
    const found = KINDS.map(({ id }) => {
      const scenario = scenarioOf(run, id)
      const found = logLines(scenario).flatMap((line) => /^found (.*)/.exec(line)?.slice(1) ?? [])
      return { id, verdict: scenario.verdict, found }
    })
    expect(found).toEqual(
      KINDS.map(({ id, found: expected }) => ({ id, verdict: 'failed', found: [...expected].sort() }))
    )
  })
})

describe('what a scenario file expects decides', () => {
  const faults = {
    'left-lock': { title: 'A lock', paths: [STATE], plant: [{ type: 'file', path: 'lock', content: '1\n' }] }
  }
  const ID = `left-lock@${STATE}/recreate`

  test.concurrent.each([
    ['data', undefined, 'refused'],
    ['data', 'recover', 'failed: crashed'],
    ['cache', undefined, 'failed: crashed'],
    ['cache', 'recover-or-refuse', 'refused']
  ] as const)('a refusal of %s, where the rule says %s: %s', async (role, expectation, verdict) => {
    const rules = expectation === undefined ? undefined : [{ match: 'left-lock@*', expect: expectation }]
    const file = `${role}-${String(expectation)}.yml`
    const run = await crashTest(file, { version: 1, faults, rules }, `--${role}-paths`, STATE)
    expect(verdicts(run.report)).toEqual({ [ID]: verdict })
  })

  test.concurrent.each([
    ['within the general time it is too slow', undefined, 'failed: timed-out'],
    ['within a time of its own it is not', '60s', 'tolerated']
  ] as const)('%s', async (name, timeout, verdict) => {
    const rules = timeout === undefined ? undefined : [{ match: 'left-lock@*', timeout }]
    const run = await crashTest(
      `${name}.yml`,
      { version: 1, faults, rules },
      ...['--cache-paths', STATE, '--env', 'SLOW_ON_OTHER_STATE=20', '--startup-timeout', '6s']
    )
    expect(verdicts(run.report)).toEqual({ [ID]: verdict })
  })
})
