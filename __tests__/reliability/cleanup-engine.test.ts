import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newBystander } from './bystander.js'
import { docker, until } from '../action/docker.js'
import { newJob, type Job } from '../action/job.js'
import { BASES, leftBehindBy, runAction, type ActionRun } from '../action/runner.js'

/** On every image of this file, on its layers, and on whatever is made from them. */
const TOKEN = `cache-crash-test-of-this-file=${randomUUID()}`
const START = `import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if os.path.isfile("/data/cache") and "FRAGILE" not in os.environ:
    os.unlink("/data/cache")
os.makedirs("/data/cache", exist_ok=True)
print("ready", flush=True)
signal.pause()
`
const dockerfile = (last: string): string => `FROM ${BASES['python3.11']}
LABEL ${TOKEN}
COPY start.py /
VOLUME /data
VOLUME /of-no-name
${last}
`
const INPUTS = {
  ready: 'log:/ready/',
  // The other volume of the image gets no name in any container.
  volumes: '/data',
  'cache-paths': '/data/cache',
  faults: 'file-for-directory\nkilled',
  'stable-for': '200ms'
}

let context = ''
let job: Job
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'engine-'))
  job = await newJob()
  await writeFile(join(context, 'start.py'), START)
})
afterAll(async () => {
  await rm(context, { recursive: true })
  await job.remove()
  // What the legacy builder keeps of a build that failed.
  const layers = await docker('images', '--all', '--quiet', '--filter', `label=${TOKEN}`)
  if (layers.length > 0) await docker('rmi', ...new Set(layers))
})

async function runWith(last: string): Promise<ActionRun> {
  await writeFile(join(context, 'Dockerfile'), dockerfile(last))
  return await runAction({ ...INPUTS, context }, { env: job.env })
}

/** Volumes that no container uses and nobody has named. */
async function nameless(): Promise<string[]> {
  const volumes = await docker('volume', 'ls', '--quiet', '--filter', 'dangling=true')
  return volumes.filter((name) => /^[0-9a-f]{64}$/.test(name))
}

describe('nothing stays on the engine or on the disk', () => {
  test.each([
    ['a run that passes', 'CMD ["python3", "/start.py"]', { verdict: 'passed', failed: '0' }],
    ['a control that fails', 'CMD ["false"]', { verdict: 'failed', failed: '0' }],
    [
      'a scenario that fails',
      'CMD ["python3", "/start.py"]\nENV FRAGILE=1',
      { verdict: 'failed', failed: '1' }
    ],
    ['a build that fails', 'RUN echo no such package && exit 3', {}]
  ])('of %s', async (_, last, outputs) => {
    const before = new Set(await nameless())
    const run = await runWith(last)
    expect(Object.fromEntries(run.outputs)).toMatchObject(outputs)

    expect(await leftBehindBy(run)).toEqual([])
    expect(await docker('ps', '--all', '--quiet', '--filter', `label=${TOKEN}`)).toEqual([])
    // The steps that went well of a build that failed are the builder's own cache, as after any docker build.
    const images = await docker('images', '--all', '--quiet', '--filter', `label=${TOKEN}`)
    expect(run.report === undefined ? [] : images).toEqual([])
    expect(await readdir(job.temporary)).toEqual([])
    // Other users of the engine may make some, too; theirs go with their containers.
    await until(async () => (await nameless()).every((name) => before.has(name)))
  })
})

test('what belongs to others is left alone, also where it looks like ours', async () => {
  const bystander = await newBystander()
  try {
    const before = await bystander.state()
    const run = await runWith('CMD ["python3", "/start.py"]')
    expect(run.exitCode).toBe(0)
    await runAction({}, { entry: 'post/index.js', env: job.env })
    expect(await bystander.state()).toEqual(before)
  } finally {
    await bystander.remove()
  }
})
