import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newBystander, type Bystander } from './bystander.js'
import { disruptAt, disruptionPoints, undisturbed, type Undisturbed } from './disrupt.js'
import { newOwnDaemon, type OwnDaemon } from './own-daemon.js'
import { WAYS } from './ways.js'
import { containersOf, until } from '../action/docker.js'
import { BASES, startAction } from '../action/runner.js'

// The long form is script/soak-disrupt.
let bystander: Bystander
let right: Undisturbed
beforeAll(async () => {
  bystander = await newBystander()
  right = await undisturbed()
})
afterAll(async () => {
  await bystander.remove()
})

describe.each(['unplug', 'full-runner'] as const)('%s: no wrong verdict, and nothing is left', (name) => {
  test.concurrent.each(disruptionPoints(`short form of ${name}`, 2))(
    '$kind in $stage, back after $backAfterMs ms, and $cleaner',
    async (point) => {
      const before = await bystander.state()
      const disruption = await WAYS[name].open(`short form ${point.stage}`)
      try {
        expect(await disruptAt(point, disruption, right)).toMatchObject({ wrong: [], after: [] })
      } finally {
        await disruption.close?.()
      }
      expect(await bystander.state()).toEqual(before)
    }
  )
})

// Only root can run one.
const whereRoot = process.getuid?.() === 0 ? describe : describe.skip

whereRoot('a daemon that ends under a container', () => {
  let daemon: OwnDaemon
  beforeAll(async () => {
    daemon = await newOwnDaemon()
    await daemon.start()
    await daemon.load(BASES['python3.11'])
  })
  afterAll(async () => {
    await daemon.remove()
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'on %s, and is started again, is not taken for a failure of the image',
    async (signal) => {
      const running = await startAction(
        {
          image: BASES['python3.11'],
          command: `python3 -u -c "print('up'); __import__('time').sleep(600)"`,
          ready: 'log:/^never$/',
          faults: 'default'
        },
        { env: { DOCKER_HOST: daemon.address } }
      )
      await running.says('Control: booting')
      await until(async () => (await containersOf(running.pid, daemon.address)).length > 0)
      await daemon.restart(signal)
      const run = await running.finished
      expect(run).toMatchObject({ exitCode: 1, report: undefined })
      expect(run.outputs.get('verdict')).toBeUndefined()
      expect(run.output).toMatch(/^::error::boot on clean state: /m)
    }
  )
})

whereRoot('an engine whose disk fills up under a container', () => {
  let daemon: OwnDaemon
  beforeAll(async () => {
    daemon = await WAYS['full-engine'].daemon()
  })
  afterAll(async () => {
    await daemon.remove()
  })

  /** Needs room to repair its cache, a while after it was started. */
  const START = [
    'import os, time',
    'broken = os.path.isfile("/data/cache")',
    'if broken: print("repairing"); time.sleep(4); os.unlink("/data/cache")',
    'os.makedirs("/data/cache", exist_ok=True)',
    'if broken: open("/data/cache/new", "wb").write(bytes(1 << 20))',
    'print("up")',
    'time.sleep(600)'
  ].join('\\n')

  test.each([
    [
      'for good',
      { verdict: 'inconclusive', detail: expect.stringMatching(/no room on the engine|no space left/) }
    ],
    ['until the container has ended', { verdict: 'recovered' }]
  ])('%s: the image is not blamed', async (howLong, scenario) => {
    const { begin, end } = await WAYS['full-engine'].open('', daemon)
    const running = await startAction(
      {
        image: BASES['python3.11'],
        command: `python3 -u -c 'exec("${START.replaceAll('"', '\\"')}")'`,
        ready: 'log:/^up$/',
        'cache-paths': '/data/cache',
        volumes: '/data',
        faults: 'file-for-directory',
        'stable-for': '0s',
        'second-boot': 'false',
        options: '--stop-timeout 0'
      },
      { env: { DOCKER_HOST: daemon.address } }
    )
    await running.says('Plan: 1 scenario')
    await until(async () => (await containersOf(running.pid, daemon.address)).length > 0)
    await begin()
    if (howLong !== 'for good') {
      await until(async () => (await containersOf(running.pid, daemon.address)).length === 0)
      await end()
    }
    const run = await running.finished
    await end()
    expect(run.report?.scenarios).toEqual([expect.objectContaining(scenario)])
  })
})
