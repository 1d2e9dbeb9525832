import { afterEach, describe, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { connectTo } from '../../../src/engine/docker.js'
import type { ContainerEvent, Engine } from '../../../src/engine/engine.js'
import { type FakeDaemon, fakeDaemon, json, pathOf } from './fake-daemon.js'

let daemon: FakeDaemon | undefined
let engine: Engine | undefined

afterEach(async () => {
  engine?.close()
  await daemon?.stop()
  engine = undefined
  daemon = undefined
})

const line = (
  nanos: number,
  action: string,
  more: object = {},
  { Type, ID } = { Type: 'container', ID: 'id' }
): string =>
  `${JSON.stringify({ Type, Action: action, Actor: { ID, Attributes: more }, time: 0, timeNano: 'T' }).replace('"T"', `17953402640000${String(nanos).padStart(5, '0')}`)}\n`

/** A daemon whose event streams are written by hand; `streams` holds what each was asked for. */
async function eventDaemon(
  onStream: (response: ServerResponse, turn: number) => void
): Promise<URLSearchParams[]> {
  const streams: URLSearchParams[] = []
  daemon = await fakeDaemon((request, response) => {
    if (pathOf(request) === '/info') {
      json(response, { SystemTime: '2026-11-22T09:37:44.000000000Z', NCPU: 1 })
      return
    }
    streams.push(new URL(request.url ?? '', 'http://daemon').searchParams)
    response.flushHeaders()
    onStream(response, streams.length)
  })
  engine = await connectTo(daemon.endpoint, process.env)
  return streams
}

/** Collects actions until the given one. */
function actionsUntil(last: string): Promise<ContainerEvent[]> {
  return new Promise((resolve, reject) => {
    const seen: ContainerEvent[] = []
    engine
      ?.onContainerEvent('id', (event) => {
        seen.push(event)
        if (event.action === last) resolve(seen)
      })
      .catch(reject)
  })
}

const names = (events: readonly ContainerEvent[]): string[] => events.map(({ action }) => action)

describe('the stream of events', () => {
  test('is opened from the daemon’s own time, and only for containers and their volumes', async () => {
    const streams = await eventDaemon((response) => response.write(line(1, 'end')))
    await actionsUntil('end')
    expect(streams.map((asked) => Object.fromEntries(asked))).toEqual([
      { since: '1795340264.000000000', filters: '{"type":["container","volume"]}' }
    ])
  })

  test('is not opened from a time that the daemon had told somebody else before', async () => {
    const times = ['2026-11-22T09:37:40Z', '2026-11-22T09:37:44Z']
    const since: (string | null)[] = []
    daemon = await fakeDaemon((request, response) => {
      if (pathOf(request) === '/info') json(response, { SystemTime: times.shift(), NCPU: 1 })
      else {
        since.push(new URL(request.url ?? '', 'http://daemon').searchParams.get('since'))
        response.write(line(1, 'end'))
      }
    })
    engine = await connectTo(daemon.endpoint, process.env)
    await actionsUntil('end')
    expect(since).toEqual(['1795340264.000000000'])
  })

  test('tells a container that its volumes are mounted, and leaves other volumes out', async () => {
    await eventDaemon((response) => {
      response.write(line(1, 'create', {}, { Type: 'volume', ID: 'id' }))
      response.write(line(2, 'mount', { container: 'id' }, { Type: 'volume', ID: 'a-volume' }))
      response.write(line(3, 'mount', { container: 'other' }, { Type: 'volume', ID: 'a-volume' }))
      response.write(line(4, 'end'))
    })
    expect(names(await actionsUntil('end'))).toEqual(['mount', 'end'])
  })

  test('is opened once for listeners that come together', async () => {
    const streams = await eventDaemon((response) => response.write(line(1, 'end')))
    await Promise.all([actionsUntil('end'), engine?.onContainerEvent('other', () => undefined)])
    await engine?.onContainerEvent('third', () => undefined)
    expect(streams).toHaveLength(1)
  })

  test('is read whatever the chunks, and odd lines are passed over', async () => {
    const text = [
      'not json\n',
      '{"Action":7}\n',
      '\n',
      line(1, 'stärt'),
      line(2, 'exec_start: x'),
      line(3, 'end')
    ].join('')
    await eventDaemon((response) => {
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte))
    })
    expect(names(await actionsUntil('end'))).toEqual(['stärt', 'end'])
  })

  test('gives the exit code of a death only', async () => {
    await eventDaemon((response) => {
      response.write(line(1, 'start', { exitCode: '5' }))
      response.write(line(2, 'die', { exitCode: 'none' }))
      response.write(line(3, 'die', { exitCode: '137' }))
      response.write(line(4, 'end'))
    })
    expect((await actionsUntil('end')).map(({ exitCode }) => exitCode)).toEqual([
      undefined,
      undefined,
      137,
      undefined
    ])
  })

  test('events that overtake each other all arrive', async () => {
    await eventDaemon((response) =>
      response.write(line(9, 'late') + line(3, 'early') + line(3, 'twin') + line(10, 'end'))
    )
    expect(names(await actionsUntil('end'))).toEqual(['late', 'early', 'twin', 'end'])
  })

  test.each([
    ['breaks', (response: ServerResponse) => response.socket?.destroy()],
    ['ends', (response: ServerResponse) => response.end()]
  ])('that %s is opened again from where it was, without repeating', async (_title, drop) => {
    const streams = await eventDaemon((response, turn) => {
      if (turn === 1) response.write(line(1, 'start') + line(2, 'oom'), () => drop(response))
      else if (turn === 2) drop(response)
      else response.write(line(1, 'start') + line(2, 'oom') + line(3, 'die') + line(4, 'end'))
    })
    expect(names(await actionsUntil('end'))).toEqual(['start', 'oom', 'die', 'end'])
    expect(streams.map((asked) => asked.get('since'))).toEqual(Array(3).fill('1795340264.000000000'))
  })

  test('a line without an end does not grow for ever', async () => {
    await eventDaemon((response) => {
      response.write('x'.repeat(6_000_000))
      response.write(`\n${line(1, 'end')}`)
    })
    expect(names(await actionsUntil('end'))).toEqual(['end'])
  })

  test('that cannot be opened is an error, and is tried again by the next', async () => {
    let refuse = true
    daemon = await fakeDaemon((request, response) => {
      if (pathOf(request) === '/info' && !refuse) json(response, { SystemTime: '2026-11-22T09:37:44Z' })
      else if (refuse) json(response, { message: 'not now' }, 503)
      else response.write(line(1, 'end'))
    })
    engine = await connectTo(daemon.endpoint, process.env)
    await expect(engine.onContainerEvent('id', () => undefined)).rejects.toMatchObject({ status: 503 })
    refuse = false
    expect(names(await actionsUntil('end'))).toEqual(['end'])
  })

  test('nothing is heard after closing', async () => {
    let stream: ServerResponse | undefined
    await eventDaemon((response) => {
      stream = response
      response.write(line(1, 'end'))
    })
    const seen = await actionsUntil('end')
    engine?.close()
    stream?.write(line(2, 'late'))
    while ((await daemon?.connections()) !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(names(seen)).toEqual(['end'])
  })
})
