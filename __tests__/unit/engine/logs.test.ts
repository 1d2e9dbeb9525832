import { afterEach, describe, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { connectTo } from '../../../src/engine/docker.js'
import type { Engine } from '../../../src/engine/engine.js'
import { type FakeDaemon, fakeDaemon, json, pathOf } from './fake-daemon.js'

let daemon: FakeDaemon | undefined
let engine: Engine | undefined

afterEach(async () => {
  engine?.close()
  await daemon?.stop()
})

/** A frame of standard output with one message of the second that its letter stands for. */
function message(letter: string): Buffer {
  const second = String(letter.charCodeAt(0) - 'a'.charCodeAt(0)).padStart(2, '0')
  const payload = Buffer.from(`2026-01-01T00:00:${second}.000000000Z ${letter}`)
  const header = Buffer.alloc(8)
  header[0] = 1
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

const messages = (letters: string): Buffer => Buffer.concat(letters.split('').map(message))

/**
 * A daemon with one container: `follows` are the streams that followers get, one after the other; between them the
 * container runs on, after the last it has stopped. `log` is what its log holds by then.
 */
async function logDaemon(follows: readonly string[], log: string): Promise<URLSearchParams[]> {
  const asked: URLSearchParams[] = []
  let followed = 0
  daemon = await fakeDaemon((request, response) => {
    if (!pathOf(request).endsWith('/logs')) {
      const running = followed < follows.length
      const state = { Running: running, Restarting: false, StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '' }
      json(response, { Config: { Tty: false }, State: state })
      return
    }
    const query = new URL(request.url ?? '', 'http://daemon').searchParams
    asked.push(query)
    answer(response, query)
  })
  const answer = (response: ServerResponse, query: URLSearchParams): void => {
    if (query.get('follow') === '1') response.end(messages(follows[followed++] ?? ''))
    else response.end(messages(query.has('tail') ? log.slice(-Number(query.get('tail'))) : log))
  }
  engine = await connectTo(daemon.endpoint, process.env)
  return asked
}

async function follow(): Promise<string> {
  const seen: string[] = []
  await engine?.followLogs('id', (chunk) => seen.push(chunk.toString()), new AbortController().signal)
  return seen.join('')
}

test.each([
  ['that a follower missed at the end', ['ab'], 'abcd', 'abcd'],
  ['that a follower never saw', [''], 'abc', 'abc'],
  ['of a container whose log ends while it runs', ['ab', 'abcd'], 'abcde', 'abcde'],
  ['of a log that was rotated away under its follower', ['ab'], 'de', 'abde']
])('the output %s is passed on once', async (_title, follows, log, whole) => {
  await logDaemon(follows, log)
  expect(await follow()).toBe(whole)
})

test('only the end of the log is read again', async () => {
  const asked = await logDaemon(['abc'], 'abcd')
  await follow()
  expect(asked.map((query) => [query.get('follow'), query.get('tail')])).toEqual([
    ['1', null],
    [null, '200']
  ])
})

test('a stream that breaks off is an engine error', async () => {
  daemon = await fakeDaemon((request, response) => {
    const state = { Running: true, Restarting: false, StartedAt: '', FinishedAt: '' }
    if (pathOf(request).endsWith('/logs')) response.write(messages('ab'), () => request.socket.destroy())
    else json(response, { Config: { Tty: false }, State: state })
  })
  engine = await connectTo(daemon.endpoint, process.env)
  await expect(follow()).rejects.toMatchObject({ name: 'EngineError', status: undefined })
})

describe('a container that is started again', () => {
  /** A daemon whose container ended in second 9, with what it says to whoever asks for the end of the log. */
  async function endedDaemon(end: (response: ServerResponse) => void): Promise<URLSearchParams[]> {
    const asked: URLSearchParams[] = []
    daemon = await fakeDaemon((request, response) => {
      const state = {
        Running: false,
        Restarting: false,
        StartedAt: '2026-01-01T00:00:00Z',
        FinishedAt: '2026-01-01T00:00:09Z'
      }
      const query = new URL(request.url ?? '', 'http://daemon').searchParams
      if (pathOf(request).endsWith('/start')) response.writeHead(204).end()
      else if (!pathOf(request).endsWith('/logs')) json(response, { Config: { Tty: false }, State: state })
      else if (query.has('tail')) end(response)
      else {
        asked.push(query)
        response.end(messages('a'))
      }
    })
    engine = await connectTo(daemon.endpoint, process.env)
    return asked
  }

  const second = (seconds: number): number => Date.parse('2026-01-01T00:00:00Z') / 1000 + seconds

  test.each([
    ['nothing, as if it were empty', '', `${second(9)}.000000000`],
    ['only the first lines', 'abc', `${second(9)}.000000000`],
    ['a last line that came after its end', 'abl', `${second(11)}.000000001`]
  ])('is followed from its end on, where the engine has %s', async (_, end, since) => {
    const asked = await endedDaemon((response) => response.end(messages(end)))
    await engine?.startContainer('id')
    await follow()
    expect(asked[0]?.get('since')).toBe(since)
  })

  test('is not started where the engine does not say what was there before', async () => {
    await endedDaemon((response) => response.writeHead(500).end('{"message":"no"}'))
    await expect(engine?.startContainer('id')).rejects.toMatchObject({ name: 'EngineError', status: 500 })
  })
})
