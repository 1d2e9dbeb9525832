import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { ContainerEvent, Engine } from '../../src/engine/engine.js'
import { Bench, docker } from './engine-fixture.js'

let engine: Engine
let bench: Bench
let helper: Engine

beforeAll(async () => {
  helper = await connect(process.env)
})

// A new one for each test, so that each opens a stream of its own.
beforeEach(async () => {
  engine = await connect(process.env)
  bench = new Bench(helper)
})

afterEach(async () => {
  engine.close()
  await bench.clear()
})

afterAll(() => {
  helper.close()
})

/** Collects a container's events; `until` settles with the first of an action. */
async function listen(
  id: string
): Promise<{ seen: string[]; until: (action: string) => Promise<ContainerEvent>; stop: () => void }> {
  const seen: string[] = []
  const events: ContainerEvent[] = []
  const waiting: { action: string; resolve: (event: ContainerEvent) => void }[] = []
  const stop = await engine.onContainerEvent(id, (event) => {
    seen.push(event.action)
    events.push(event)
    for (const wait of waiting) if (wait.action === event.action) wait.resolve(event)
  })
  const until = (action: string): Promise<ContainerEvent> =>
    new Promise((resolve) => {
      const past = events.find((event) => event.action === action)
      if (past !== undefined) resolve(past)
      else waiting.push({ action, resolve })
    })
  return { seen, until, stop }
}

describe('events of a container', () => {
  test('come in their order, the exit code with the death', async () => {
    const id = await bench.script('exit 9')
    const { seen, until } = await listen(id)
    await engine.startContainer(id)
    expect(await until('die')).toEqual({ container: id, action: 'die', exitCode: 9 })
    expect(seen).toEqual(['start', 'die'])
  })

  test('none of a start right after subscribing is missed, over many fresh streams', async () => {
    for (let round = 0; round < 10; round++) {
      const fresh = await connect(process.env)
      const id = await bench.script('true')
      const actions: string[] = []
      const died = new Promise<void>((resolve, reject) => {
        const listener = ({ action }: ContainerEvent): void => {
          actions.push(action)
          if (action === 'die') resolve()
        }
        fresh
          .onContainerEvent(id, listener)
          .then(() => fresh.startContainer(id))
          .catch(reject)
      })
      await died
      expect(actions).toEqual(['start', 'die'])
      fresh.close()
    }
  })

  test('events before the subscription are not repeated', async () => {
    const id = await bench.script('sleep 60')
    await engine.startContainer(id)
    await engine.killContainer(id)
    const { seen, until } = await listen(id)
    await engine.startContainer(id)
    await until('start')
    expect(seen).toEqual(['start'])
  })

  test('health and memory are told', async () => {
    const id = await bench.container(
      [
        ...['python3', '-c'],
        'import os, time\nwhile not os.path.exists("/fill"): time.sleep(0.1)\nx = bytearray(200_000_000)'
      ],
      {
        Healthcheck: { Test: ['CMD', 'true'], Interval: 500_000_000 },
        HostConfig: { Memory: 32_000_000, MemorySwap: 32_000_000 }
      }
    )
    const { seen, until } = await listen(id)
    await engine.startContainer(id)
    await until('health_status: healthy')
    await engine.exec(id, ['touch', '/fill'], 60_000)
    expect(await until('die')).toMatchObject({ exitCode: 137 })
    expect(seen.filter((action) => action.startsWith('exec_'))).toEqual([])
    expect(seen).toContain('oom')
  })

  test('of other containers are not heard, nor after the subscription has ended', async () => {
    const [mine, other] = await Promise.all([bench.script('true'), bench.script('true')])
    const first = await listen(mine)
    const second = await listen(other)
    await engine.startContainer(other)
    await second.until('die')
    expect(first.seen).toEqual([])
    second.stop()
    await engine.startContainer(mine)
    await first.until('die')
    await engine.removeContainer(other)
    expect(second.seen).toEqual(['start', 'die'])
  })

  test('a hundred listeners share one stream', async () => {
    const id = await bench.script('true')
    const listeners = await Promise.all(Array.from({ length: 100 }, () => listen(id)))
    await engine.startContainer(id)
    await Promise.all(listeners.map(({ until }) => until('die')))
    // Each open stream would be a connection of the daemon's socket.
    expect(docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0')
  })
})
