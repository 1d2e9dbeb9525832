import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Server } from 'node:net'
import { learnReadyChecks, type LearnRequest } from '../../../src/trial/observe.js'
import { CONTAINER, FakeEngine } from './fake-engine.js'
import { httpServer, listen, stop, tcpServer } from './servers.js'

const times = { settleMs: 100, greetingMs: 100, heldMs: 300, lateGreetingMs: 600, doubtMs: 1500 }

let engine: FakeEngine
let servers: Server[]

beforeEach(() => {
  engine = new FakeEngine()
  servers = []
})

afterEach(async () => {
  await Promise.all(servers.map(stop))
})

async function publish(...published: readonly [number, Server][]): Promise<void> {
  const ports = new Map<number, number>()
  for (const [port, server] of published) {
    servers.push(server)
    ports.set(port, await listen(server))
  }
  engine.state.publishedPorts = ports
}

async function learn(overrides: Partial<LearnRequest> = {}) {
  const request: LearnRequest = {
    containerId: CONTAINER,
    name: 'under-test',
    hasHealthcheck: false,
    ports: [...engine.state.publishedPorts.keys()],
    deadlineMs: 5000,
    stableForMs: 0,
    forbidLogs: [],
    canary: undefined,
    smokeTest: undefined,
    ...overrides
  }
  const { observation, checks } = await learnReadyChecks(
    engine,
    request,
    new AbortController().signal,
    {},
    times
  )
  return { outcome: observation.outcome, checks }
}

const silent = () => tcpServer((socket) => socket.resume())
const smtp = () => tcpServer((socket) => socket.end('220 ESMTP\r\n'))
/** Greets when it has looked up who is there, and takes whatever comes before for an error. */
const lateSmtp = () =>
  tcpServer((socket) => {
    socket.on('data', () => socket.end('554 error: command before greeting\r\n'))
    setTimeout(() => socket.write('220 ESMTP\r\n'), 200)
  })
/** postgres: takes what is no start-up packet for an attack. */
const hangsUpOnHttp = () => tcpServer((socket) => socket.on('data', () => socket.destroy()))
/** redis: answers in a language of its own. */
const otherLanguage = () =>
  tcpServer((socket) => socket.on('data', () => socket.end('-ERR unknown command\r\n')))
const closing = () => tcpServer((socket) => socket.destroy())

describe('what a port answers', () => {
  test.each<[string, () => Server, object]>([
    ['200', () => httpServer(200), { kind: 'http', status: 200 }],
    ['404, which is an answer too', () => httpServer(404), { kind: 'http', status: 404 }],
    ['a redirect', () => httpServer(302), { kind: 'http', status: 302 }],
    ['500, if it keeps to it', () => httpServer(500), { kind: 'http', status: 500 }],
    ['a greeting', smtp, { kind: 'greeting' }],
    ['a greeting that is late', lateSmtp, { kind: 'greeting' }],
    ['silence, if it keeps to it', silent, { kind: 'open' }],
    ['nothing to HTTP', hangsUpOnHttp, { kind: 'open' }],
    ['another language', otherLanguage, { kind: 'open' }]
  ])('is learned: %s', async (_, server, answer) => {
    await publish([8000, server()])
    const { outcome, checks } = await learn()
    expect(outcome.kind).toBe('ready')
    expect(checks).toEqual([{ kind: 'answers', port: 8000, answer }])
  })

  test('is what it says when it has warmed up', async () => {
    const born = performance.now()
    await publish([
      8000,
      httpServer((_request, response) => response.writeHead(performance.now() - born < 200 ? 503 : 200).end())
    ])
    expect((await learn()).checks).toEqual([
      { kind: 'answers', port: 8000, answer: { kind: 'http', status: 200 } }
    ])
  })

  test('is HTTP where the process listens before it can answer', async () => {
    await publish([8000, httpServer((_request, response) => void setTimeout(() => response.end(), 250))])
    expect((await learn()).checks).toEqual([
      { kind: 'answers', port: 8000, answer: { kind: 'http', status: 200 } }
    ])
  })
})

test('ports that never answer are left out', async () => {
  await publish([22, closing()], [25, smtp()], [8000, httpServer(200)])
  expect((await learn()).checks).toEqual([
    { kind: 'answers', port: 25, answer: { kind: 'greeting' } },
    { kind: 'answers', port: 8000, answer: { kind: 'http', status: 200 } }
  ])
})

test('a port in doubt beside one that is ready is only asked to be open', async () => {
  await publish([9000, silent()], [9001, httpServer(503)], [8000, httpServer(200)])
  expect((await learn()).checks).toEqual([
    { kind: 'answers', port: 9000, answer: { kind: 'open' } },
    { kind: 'answers', port: 9001, answer: { kind: 'open' } },
    { kind: 'answers', port: 8000, answer: { kind: 'http', status: 200 } }
  ])
})

test('a port that nobody serves teaches nothing, however slowly the proxy closes', async () => {
  await publish([8000, tcpServer((socket) => void setTimeout(() => socket.destroy(), 200))])
  const { outcome, checks } = await learn({ deadlineMs: 1500 })
  expect(outcome.kind).toBe('timed-out')
  expect(checks).toEqual([])
})

test('a container whose ports never answer times out, and teaches nothing', async () => {
  await publish([8000, closing()])
  const { outcome, checks } = await learn({ deadlineMs: 300 })
  expect(outcome).toMatchObject({
    kind: 'timed-out',
    waitingFor: ['tcp://:8000 answers: closed the connection without a word']
  })
  expect(checks).toEqual([])
})

test('a container that exits is judged at once, and teaches nothing', async () => {
  await publish([8000, closing()])
  engine.onStart = () =>
    void setTimeout(() => {
      engine.die(1)
    }, 50)
  const { outcome, checks } = await learn({ deadlineMs: 60_000 })
  expect(outcome).toMatchObject({ kind: 'exited', exitCode: 1 })
  expect(checks).toEqual([])
})

test('the health check of the image comes first', async () => {
  await publish([8000, httpServer(200)])
  engine.state.health = 'healthy'
  expect((await learn({ hasHealthcheck: true })).checks).toEqual([{ kind: 'healthcheck' }])
})

test('with neither, the container has to stay up', async () => {
  engine.onStart = () =>
    void setTimeout(() => {
      engine.die(0)
    }, 50)
  expect((await learn({ ports: [] })).outcome.kind).toBe('exited')
})
