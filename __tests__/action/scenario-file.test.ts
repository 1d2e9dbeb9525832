import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { planFileSchema } from '../../src/plan/plan-file.js'
import { FixtureImages, omissions, scenarioOf } from './fixture-images.js'
import { runAction, runCli, verdicts } from './runner.js'

const images = new FixtureImages()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scenario-file-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

async function written(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

const OWN = `version: 1
faults:
  lock-for-cache:
    title: A lock file stands where the cache belongs
    plant:
      - { type: file, path: ., content: "1\\n", mode: "0600" }
    remedy: Unlink what is no directory.
`
const READY = ['--ready', 'log:/worker ready/']
const CACHE = ['--cache-paths', '/data/cache']
const ID = 'lock-for-cache@/data/cache/recreate'

describe('a fault of the repository', () => {
  test.concurrent(
    'fails an image that dies of it, and says what to do in the words of the file',
    async () => {
      const file = await written('own.yml', OWN)
      const args = [...CACHE, ...READY, '--scenario-file', file, '--faults', 'own']
      const run = await images.crashTest('logs-ready-line', args)
      expect(verdicts(run.report)).toEqual({ [ID]: 'failed: crashed' })
      expect(scenarioOf(run, ID)).toMatchObject({
        title: 'A lock file stands where the cache belongs',
        planted: 'a regular file of 2 bytes at /data/cache (mode 0600)',
        remedy: 'Unlink what is no directory.'
      })
      expect(scenarioOf(run, ID).reproduce).toContain(`--scenario-file ${file}`)
      expect(run.exitCode).toBe(1)
    }
  )

  test.concurrent('passes one that repairs it', async () => {
    const file = await written('own-hardened.yml', OWN)
    const run = await images.crashTest('heals', [...CACHE, '--scenario-file', file, '--faults', 'own'])
    expect(verdicts(run.report)).toEqual({ [ID]: 'recovered' })
    expect(run.exitCode).toBe(0)
  })

  test.concurrent(
    'is left out, known to fail and expected otherwise by rules, and a scenario has its path',
    async () => {
      const file = await written(
        'rules.yml',
        `${OWN}scenarios:
  - { fault: missing-directory, path: /data/cache, modes: [recreate], expect: recover }
rules:
  - { match: "lock-for-cache@*", known-to-fail: "see issue 7" }
  - { match: "killed@*/restart", leave-out: "tested elsewhere" }
`
      )
      const args = [...CACHE, ...READY, '--scenario-file', file, '--faults', 'own', '--faults', 'killed']
      const run = await images.crashTest('logs-ready-line', [...args, '--faults', 'missing-directory'])
      expect(verdicts(run.report)).toEqual({
        [ID]: 'failed: crashed',
        'missing-directory@/data/cache/recreate': 'recovered',
        'killed@container/recreate': 'recovered'
      })
      expect(scenarioOf(run, ID)).toMatchObject({ expectedToFail: true, knownToFail: 'see issue 7' })
      expect(omissions(run)['killed@container']).toBe(
        'the scenario file leaves out the mode restart: tested elsewhere'
      )
      expect(run.exitCode).toBe(0)
    }
  )

  test.concurrent('that is wrong is refused with line and column, before anything is built', async () => {
    const file = await written('wrong.yml', OWN.replace('mode: "0600"', 'mode: 600'))
    const { exitCode, output } = await runCli(['--image', 'no-such-image', '--scenario-file', file])
    expect(output).toContain(
      `${file}:6:54: faults.lock-for-cache.plant[0].mode: "600" is not right; accepted: permission bits`
    )
    expect(exitCode).toBe(2)
  })
})

test('a plan runs nothing; its shards together run exactly what it has, each its part and in its order', async () => {
  const image = await images.tag('logs-ready-line')
  const reportDir = join(directory, 'plan')
  const inputs = {
    image,
    'cache-paths': '/data/cache',
    ready: 'log:/worker ready/',
    'stable-for': '500ms',
    faults: 'file-for-directory\nmissing-directory\nkilled'
  }
  const planned = await runAction({ ...inputs, mode: 'plan', shards: '2', 'report-dir': reportDir })
  expect(planned.exitCode).toBe(0)
  expect(planned.outputs.get('matrix')).toBe('{"shard":["1/2","2/2"]}')
  expect(planned.summary).toContain('## Plan: 4 scenarios')
  expect(planned.outputs.has('verdict')).toBe(false)
  const file = planned.outputs.get('plan-file') ?? ''
  const plan = planFileSchema.parse(JSON.parse(await readFile(file, 'utf8')))

  const foreign = {
    ...plan,
    scenarios: [...plan.scenarios, { ...plan.scenarios[0], id: 'read-only@/gone/recreate', shard: 2 }]
  }
  const second = await written('foreign.json', JSON.stringify(foreign))
  const shards = await Promise.all([
    runAction({ ...inputs, shard: '1/2', 'plan-file': file }),
    runAction({ ...inputs, shard: '2/2', 'plan-file': second })
  ])
  const ran = shards.map(({ report }) => report?.scenarios.map(({ id }) => id))
  expect(ran).toEqual(
    [1, 2].map((index) => plan.scenarios.filter(({ shard }) => shard === index).map(({ id }) => id))
  )
  expect(ran.flat()).toHaveLength(4)
  expect(shards[1].report?.skipped).toMatchObject([
    {
      id: 'read-only@/gone/recreate',
      reason: 'the plan has it, and this job cannot plan it: its own control and inputs give no such scenario'
    }
  ])
})
