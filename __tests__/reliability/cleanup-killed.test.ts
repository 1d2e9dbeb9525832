import { readdir } from 'node:fs/promises'
import { afterAll, describe, expect, test } from '@jest/globals'
import { containersOf, until } from '../action/docker.js'
import { FixtureImages } from '../action/fixture-images.js'
import { newJob, type Job } from '../action/job.js'
import { BASES, leftBehindBy, runAction, startAction, verdicts } from '../action/runner.js'
import { isBuilding, StagedRuns } from '../action/stages.js'

const runs = new StagedRuns()
const images = new FixtureImages()
const jobs: Job[] = []

afterAll(async () => {
  await runs.remove()
  await images.remove()
  for (const job of jobs) await job.remove()
})

async function aJob(): Promise<Job> {
  const job = await newJob()
  jobs.push(job)
  return job
}

const STAGES = ['build', 'control', 'trials'] as const

describe.each(STAGES)('a run that is killed in the stage: %s', (stage) => {
  test('is cleaned up by the post step of its job', async () => {
    const job = await aJob()
    const running = await runs.start(stage, job.env)
    running.kill('SIGKILL')
    const killed = await running.finished
    expect(killed.signal).toBe('SIGKILL')

    const post = await runAction({}, { entry: 'post/index.js', env: job.env })
    expect(post).toMatchObject({ exitCode: 0, stderr: '' })
    expect(post.output).not.toMatch(/warning|error/)
    expect(await leftBehindBy(killed)).toEqual([])
    expect(await isBuilding(killed.pid)).toBe(false)
  })

  test('is cleaned up by a later run of another job, which sees that its process is gone', async () => {
    const running = await runs.start(stage, (await aJob()).env)
    running.kill('SIGKILL')
    const killed = await running.finished

    const later = await runAction({ image: 'registry.invalid/none' }, { env: (await aJob()).env })
    expect(later.exitCode).toBe(1)
    expect(await leftBehindBy(killed)).toEqual([])
    expect(await isBuilding(killed.pid)).toBe(false)
  })
})

test('a run whose output nobody reads any more fails, and cleans up by itself', async () => {
  const running = await startAction(
    {
      context: 'examples/gpu-worker',
      file: 'examples/gpu-worker/hardened/Dockerfile',
      'build-args': `BASE_IMAGE=${BASES['python3.11']}`,
      'cache-paths': '/workspace/docstrange',
      faults: 'file-for-directory'
    },
    { env: (await aJob()).env }
  )
  await running.says('Control: booting')
  running.stopReading()
  const unheard = await running.finished
  expect(unheard).toMatchObject({ exitCode: 1, signal: null })
  expect(await leftBehindBy(unheard)).toEqual([])
})

describe('the post step', () => {
  test('says nothing and passes where there is nothing to do', async () => {
    const post = await runAction({}, { entry: 'post/index.js', env: (await aJob()).env })
    expect(post).toMatchObject({ exitCode: 0, output: '' })
  })

  test('warns, and does not fail the job, where there is no engine', async () => {
    const env = { ...(await aJob()).env, DOCKER_HOST: 'unix:///nonexistent.sock' }
    const post = await runAction({}, { entry: 'post/index.js', env })
    expect(post.exitCode).toBe(0)
    expect(post.output).toMatch(/^::warning::Could not look for left-overs: .*nonexistent\.sock/)
  })

  test('does not believe what a log may have saved as state', async () => {
    const other = await runs.start('control', (await aJob()).env)
    const containers = await containersOf(other.pid)
    const forged = {
      STATE_job: '',
      STATE_run: '',
      STATE_isPost: 'true',
      STATE_containers: containers.join(',')
    }
    await runAction({}, { entry: 'post/index.js', env: { ...(await aJob()).env, ...forged } })
    expect(await containersOf(other.pid)).toEqual(containers)
    other.kill('SIGINT')
    await other.finished
  })
})

test('of two runs on one engine, one is killed and cleaned up while the other passes', async () => {
  const [doomed, healthy] = [await aJob(), await aJob()]
  const first = await runs.start('trials', doomed.env)
  const containers = await containersOf(first.pid)

  const second = await startAction(
    {
      image: await images.tag('heals'),
      'cache-paths': '/data/cache',
      faults: 'shape',
      'stable-for': '1s'
    },
    { env: healthy.env }
  )
  await second.says('Control: booting')
  // Its sweep is over, and has left the other one alone.
  expect(await containersOf(first.pid)).toEqual(containers)
  await until(async () => (await containersOf(second.pid)).length > 0)
  first.kill('SIGKILL')
  await runAction({}, { entry: 'post/index.js', env: doomed.env })
  expect(await leftBehindBy(first)).toEqual([])

  const run = await second.finished
  expect(run.exitCode).toBe(0)
  const all = Object.values(verdicts(run.report))
  expect(all.length).toBeGreaterThan(2)
  expect(new Set(all)).toEqual(new Set(['recovered', 'tolerated']))
  expect(await leftBehindBy(run)).toEqual([])
  expect(await readdir(healthy.temporary)).toEqual([])
})
