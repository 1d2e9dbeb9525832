import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BootOutcome } from '../../../src/model.js'
import { boot } from '../../../src/trial/observe.js'
import { describe as words, type ReadyCheck } from '../../../src/trial/probes/probe.js'
import { CONTAINER, FakeEngine } from './fake-engine.js'
import { httpServer, listen, stop, tcpServer } from './servers.js'

let engine: FakeEngine
let servers: Server[]

beforeEach(() => {
  engine = new FakeEngine()
  servers = []
})

// A server that still has a connection does not stop: each of these tests shows that the probe closes its own.
afterEach(async () => {
  await Promise.all(servers.map(stop))
})

async function publish(server: Server): Promise<void> {
  servers.push(server)
  engine.state.publishedPorts = new Map([[8000, await listen(server)]])
}

async function outcomeOf(check: ReadyCheck, deadlineMs = 300): Promise<BootOutcome> {
  const observed = await boot(
    engine,
    {
      containerId: CONTAINER,
      name: 'under-test',
      checks: [check],
      deadlineMs,
      stableForMs: 0,
      forbidLogs: [],
      canary: undefined,
      smokeTest: undefined
    },
    new AbortController().signal
  )
  return observed.outcome
}

const waitingFor = (said: string, check: ReadyCheck) => ({
  kind: 'timed-out',
  waitingFor: [`${words(check)}: ${said}`]
})

const http = { kind: 'http', port: 8000, path: '/health' } as const
const tcp = { kind: 'tcp', port: 8000 } as const
const greeting = { kind: 'answers', port: 8000, answer: { kind: 'greeting' } } as const
const healthcheck = { kind: 'healthcheck' } as const

describe('http', () => {
  test.each([200, 204, 299])('passes on %i', async (status) => {
    await publish(httpServer(status))
    expect((await outcomeOf(http, 5000)).kind).toBe('ready')
  })

  test.each([301, 302, 404, 500, 503])('does not pass on %i, and says so', async (status) => {
    await publish(httpServer(status))
    expect(await outcomeOf(http)).toMatchObject(waitingFor(`answered ${status}`, http))
  })

  test('asks for the path, query included, by GET, on a connection of its own', async () => {
    const asked: unknown[] = []
    await publish(
      httpServer((request, response) => {
        asked.push([request.method, request.url, request.headers.connection])
        response.end()
      })
    )
    await outcomeOf({ ...http, path: '/health?deep=1' }, 5000)
    expect(asked).toEqual([['GET', '/health?deep=1', 'close']])
  })

  test('passes once the service has warmed up', async () => {
    let asked = 0
    await publish(
      httpServer((_request, response) => {
        asked += 1
        response.writeHead(asked < 4 ? 503 : 200).end()
      })
    )
    expect((await outcomeOf(http, 5000)).kind).toBe('ready')
    expect(asked).toBe(4)
  })

  test('reads a normal body to its end, so that the service is not cut off', async () => {
    let finished = false
    await publish(
      httpServer((_request, response) => {
        response.on('finish', () => (finished = true))
        response.write('first half')
        setTimeout(() => response.end('second half'), 30)
      })
    )
    expect((await outcomeOf(http, 5000)).kind).toBe('ready')
    expect(finished).toBe(true)
  })

  test('does not read a huge body to its end', async () => {
    let sent = 0
    await publish(
      httpServer((_request, response) => {
        const chunk = Buffer.alloc(64 * 1024)
        const more = () => {
          sent += chunk.length
          if (!response.destroyed && sent < 1e9) response.write(chunk, more)
        }
        more()
      })
    )
    expect((await outcomeOf(http, 5000)).kind).toBe('ready')
    expect(sent).toBeLessThan(1e8)
  })

  test.each<[string, Server, string]>([
    ['a connection that is closed at once', tcpServer((socket) => socket.end()), 'socket hang up'],
    [
      'something that is not HTTP',
      tcpServer((socket) => socket.end('220 mail.example.org ESMTP\r\n')),
      'answered, but not in HTTP'
    ],
    ['half a status line', tcpServer((socket) => socket.end('HTTP/1.1 2')), 'socket hang up']
  ])('does not pass on %s', async (_, server, said) => {
    await publish(server)
    expect(await outcomeOf(http)).toMatchObject(waitingFor(said, http))
  })

  test('does not wait beyond the deadline for a server that never answers', async () => {
    await publish(tcpServer(() => undefined))
    const started = performance.now()
    expect(await outcomeOf(http, 200)).toMatchObject(waitingFor('no answer yet', http))
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  test('says when the port is not published', async () => {
    expect(await outcomeOf(http, 50)).toMatchObject(waitingFor('port 8000 is not published', http))
  })

  test('asks the very port where the container has the network of the host', async () => {
    const server = httpServer(200)
    servers.push(server)
    engine.state.networkMode = 'host'
    const port = await listen(server)
    expect((await outcomeOf({ ...http, port }, 5000)).kind).toBe('ready')
  })

  test('wants the very status that the control saw', async () => {
    const answers = { kind: 'answers', port: 8000, answer: { kind: 'http', status: 404 } } as const
    await publish(httpServer(404))
    expect((await outcomeOf(answers, 5000)).kind).toBe('ready')
    await publish(httpServer(200))
    expect(await outcomeOf(answers)).toMatchObject(waitingFor('answered 200', answers))
  })
})

describe('tcp', () => {
  test.each<[string, Server]>([
    ['that is silent', tcpServer((socket) => socket.resume())],
    ['that greets', tcpServer((socket) => socket.end('hello'))]
  ])('passes on a server %s', async (_, server) => {
    await publish(server)
    expect((await outcomeOf(tcp, 5000)).kind).toBe('ready')
  })

  test.each<[string, (server: Server) => Promise<void>, string | RegExp]>([
    ['a connection that is closed at once', publish, 'closed the connection without a word']
  ])('does not pass on %s', async (_, arrange, said) => {
    await arrange(tcpServer((socket) => setTimeout(() => socket.end(), 20)))
    expect(await outcomeOf(tcp)).toMatchObject(waitingFor(String(said), tcp))
  })

  test('does not pass on a busy machine, where the proxy of a port that nobody serves is slow to close', async () => {
    let accepted = 0
    await publish(tcpServer((socket) => setTimeout(() => socket.end(), (accepted += 1) === 1 ? 80 : 300)))
    expect(await outcomeOf(tcp, 3000)).toMatchObject(waitingFor('closed the connection without a word', tcp))
    expect(accepted).toBeGreaterThan(3)
  })

  test('does not pass on one connection that was not closed in time, as no other is', async () => {
    let accepted = 0
    await publish(tcpServer((socket) => setTimeout(() => socket.end(), (accepted += 1) === 1 ? 150 : 10)))
    expect(await outcomeOf(tcp, 1000)).toMatchObject(waitingFor('closed the connection without a word', tcp))
  })

  test('an end that is there before the time is over counts, however late this process reads it', async () => {
    const closing = new Worker(
      `const { createServer } = require('node:net')
      const server = createServer((socket) => void setTimeout(() => socket.end(), 50))
      server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))`,
      { eval: true }
    )
    const [port] = (await once(closing, 'message')) as [number]
    engine.state.publishedPorts = new Map([[8000, port]])
    // What is done here comes after what has been received, and before the timers that have run out meanwhile.
    let isBusy = true
    const work = () => {
      const until = performance.now() + 150
      while (performance.now() < until);
      if (isBusy) setTimeout(() => setImmediate(work), 5)
    }
    work()
    try {
      expect(await outcomeOf(tcp, 2000)).toMatchObject(
        waitingFor('closed the connection without a word', tcp)
      )
    } finally {
      isBusy = false
      await closing.terminate()
    }
  })

  test('does not pass where nobody listens', async () => {
    const server = tcpServer(() => undefined)
    const port = await listen(server)
    await stop(server)
    engine.state.publishedPorts = new Map([[8000, port]])
    expect(await outcomeOf(tcp)).toMatchObject(waitingFor(`connect ECONNREFUSED 127.0.0.1:${port}`, tcp))
  })
})

describe('a greeting', () => {
  test('passes when it comes, however late', async () => {
    await publish(tcpServer((socket) => setTimeout(() => socket.end('hello'), 200)))
    expect((await outcomeOf(greeting, 5000)).kind).toBe('ready')
  })

  test('does not pass on silence', async () => {
    await publish(tcpServer((socket) => socket.resume()))
    expect((await outcomeOf(greeting)).kind).toBe('timed-out')
  })
})

describe('healthcheck', () => {
  test('passes on the event', async () => {
    engine.state.health = 'starting'
    engine.onStart = () =>
      void setTimeout(() => {
        engine.emit('health_status: healthy')
      }, 20)
    expect((await outcomeOf(healthcheck, 5000)).kind).toBe('ready')
  })

  test('passes when the container was healthy before anyone could listen', async () => {
    engine.state.health = 'healthy'
    expect((await outcomeOf(healthcheck, 5000)).kind).toBe('ready')
  })

  test('lets an unhealthy container become healthy', async () => {
    engine.state.health = 'starting'
    engine.onStart = async () => {
      engine.emit('health_status: unhealthy')
      await delay(10)
      engine.emit('health_status: healthy')
    }
    expect((await outcomeOf(healthcheck, 5000)).kind).toBe('ready')
  })

  test.each([
    ['starting', 'starting'],
    ['unhealthy', 'unhealthy'],
    [undefined, 'the container has no health check']
  ])('does not pass on %p', async (health, said) => {
    engine.state.health = health
    expect(await outcomeOf(healthcheck, 50)).toMatchObject(waitingFor(said, healthcheck))
  })
})

describe('log', () => {
  const log = { kind: 'log', pattern: 'listening on \\d+', flags: 'i' } as const

  test.each([
    ['a line', ['Listening on 80\n']],
    ['a line in pieces', ['Liste', 'ning on 8', '0\n']],
    ['a line in colour', ['\x1b[32mListening\x1b[0m on 80\n']]
  ])('passes on %s', async (_, said) => {
    engine.onStart = () => {
      for (const piece of said) engine.say(piece)
    }
    expect((await outcomeOf(log, 5000)).kind).toBe('ready')
  })

  test('does not pass on two lines that only together match', async () => {
    engine.onStart = () => {
      engine.say('listening\non 80\n')
    }
    expect((await outcomeOf(log, 50)).kind).toBe('timed-out')
  })
})

describe('exec', () => {
  test('passes once the command exits with 0', async () => {
    let runs = 0
    engine.onExec = () => Promise.resolve({ exitCode: (runs += 1) < 3 ? 1 : 0, output: '' })
    expect((await outcomeOf({ kind: 'exec', command: ['check'] }, 5000)).kind).toBe('ready')
    expect(runs).toBe(3)
  })

  test('gives a command twice the time each time that it does not end', async () => {
    const given: number[] = []
    engine.onExec = (timeoutMs) => {
      given.push(timeoutMs)
      return Promise.resolve(given.length < 3 ? 'timed-out' : { exitCode: 0, output: '' })
    }
    expect((await outcomeOf({ kind: 'exec', command: ['check'] }, 5000)).kind).toBe('ready')
    expect(given).toEqual([10_000, 20_000, 40_000])
  })

  test('says that the command does not end', async () => {
    const check = { kind: 'exec', command: ['check'] } as const
    engine.onExec = (timeoutMs) =>
      timeoutMs > 10_000 ? new Promise(() => undefined) : Promise.resolve('timed-out')
    expect(await outcomeOf(check)).toMatchObject(waitingFor('did not end within 10 s', check))
  })
})

test('stays-up passes when the time is over, not before', async () => {
  const outcome = await outcomeOf({ kind: 'stays-up', seconds: 0.1 }, 5000)
  expect(outcome).toMatchObject({ kind: 'ready' })
  expect('seconds' in outcome && outcome.seconds).toBeGreaterThanOrEqual(0.09)
})
