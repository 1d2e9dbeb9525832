import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import type { ReadyCheck } from '../../src/trial/probes/probe.js'
import { Boots, only, pythonServer, SERVING } from './observe-fixture.js'

let engine: Engine
let boots: Boots

beforeAll(async () => {
  engine = await connect(process.env)
  boots = new Boots(engine)
})

afterEach(() => boots.clear())

afterAll(() => {
  engine.close()
})

const forever = 'import time; time.sleep(600)'
/** Listens, and leaves every connection to the kernel. */
const hung =
  'import socket, time; s = socket.create_server(("", 8000)); print("hung", flush=True); time.sleep(600)'
const smtp = `
import socketserver
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b'220 mail ESMTP\\r\\n')
socketserver.ThreadingTCPServer(('', 8000), Handler).serve_forever()
`

const http: ReadyCheck = { kind: 'http', port: 8000, path: '/health' }
const tcp: ReadyCheck = { kind: 'tcp', port: 8000 }
const log: ReadyCheck = { kind: 'log', pattern: `^${SERVING}$`, flags: '' }
const exec: ReadyCheck = { kind: 'exec', command: ['test', '-e', '/tmp/up'] }
const answers = (answer: Extract<ReadyCheck, { kind: 'answers' }>['answer']): ReadyCheck => ({
  kind: 'answers',
  port: 8000,
  answer
})

describe('each probe passes on a service that is up', () => {
  test.each<[string, ReadyCheck, string]>([
    ['http', http, pythonServer()],
    ['http, slow to start', http, pythonServer('200', 'time.sleep(1)')],
    ['http, slow to warm up', http, pythonServer('200 if time.time() > up else 503', 'up = time.time() + 1')],
    ['tcp', tcp, pythonServer()],
    ['tcp, where the server greets', tcp, smtp],
    ['log', log, pythonServer()],
    ['exec', exec, `open('/tmp/up', 'w'); ${forever}`],
    ['exit', { kind: 'exit', code: 0 }, 'print("migrated")'],
    ['exit with another code', { kind: 'exit', code: 7 }, 'import sys; sys.exit(7)'],
    ['stays-up', { kind: 'stays-up', seconds: 1 }, forever],
    ['the same status', answers({ kind: 'http', status: 404 }), pythonServer('404')],
    ['a greeting', answers({ kind: 'greeting' }), smtp],
    ['an open port', answers({ kind: 'open' }), hung]
  ])('%s', async (_, check, program) => {
    expect((await boots.boot(await boots.python(program), only(check))).outcome.kind).toBe('ready')
  })
})

describe('each probe does not pass on one that is not', () => {
  test.each<[string, ReadyCheck, string, string | RegExp]>([
    ['http: nobody listens', http, forever, /hang up|ECONNRESET/],
    ['http: 500', http, pythonServer('500'), 'answered 500'],
    ['http: another language', http, smtp, 'answered, but not in HTTP'],
    ['tcp: nobody listens', tcp, forever, 'closed the connection without a word'],
    [
      'log',
      log,
      'import time; print("serving soon", flush=True); time.sleep(600)',
      'no line of the log matched'
    ],
    ['exec', exec, forever, 'exited with 1'],
    [
      'exec: no such command',
      { kind: 'exec', command: ['/nope'] },
      forever,
      /no such file|exited with 12[67]/
    ],
    ['exit', { kind: 'exit', code: 0 }, forever, 'still running'],
    ['healthcheck: there is none', { kind: 'healthcheck' }, forever, 'the container has no health check'],
    ['another status', answers({ kind: 'http', status: 404 }), pythonServer('200'), 'answered 200'],
    ['no greeting', answers({ kind: 'greeting' }), forever, 'closed the connection without a word'],
    [
      'an open port: nobody listens',
      answers({ kind: 'open' }),
      forever,
      'closed the connection without a word'
    ],
    ['http: not published', { kind: 'http', port: 9999, path: '/' }, forever, 'port 9999 is not published']
  ])('%s', async (_, check, program, said) => {
    // Python may need its time until it answers anything.
    const deadlineMs = program === forever ? 1500 : 15_000
    const { outcome } = await boots.boot(await boots.python(program), only(check, deadlineMs))
    expect(outcome).toMatchObject({
      kind: 'timed-out',
      waitingFor: [expect.stringMatching(said instanceof RegExp ? said : new RegExp(said))]
    })
  })

  test('http: a server that hangs', async () => {
    expect((await boots.boot(await boots.python(hung), only(http, 1500))).outcome.kind).toBe('timed-out')
  })
})

describe('healthcheck', () => {
  const healthcheck = { Interval: 300_000_000, Timeout: 5_000_000_000, Retries: 1 }

  test('passes by event, although it was unhealthy first', async () => {
    const id = await boots.python(`import time; time.sleep(1.5); open('/tmp/up', 'w'); time.sleep(600)`, {
      Healthcheck: { Test: ['CMD', 'test', '-e', '/tmp/up'], ...healthcheck }
    })
    expect((await boots.boot(id, only({ kind: 'healthcheck' }))).outcome.kind).toBe('ready')
  })

  test('does not pass while it fails', async () => {
    const id = await boots.python(forever, { Healthcheck: { Test: ['CMD', 'false'], ...healthcheck } })
    expect((await boots.boot(id, only({ kind: 'healthcheck' }, 10_000))).outcome).toMatchObject({
      kind: 'timed-out',
      waitingFor: ['health check is healthy: unhealthy']
    })
  })
})

/** One that nobody else is given soon: the kernel goes on from it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return address.port
}

test('the network of the host needs no published port', async () => {
  const port = await freePort()
  const id = await boots.create({
    Cmd: ['python3', '-m', 'http.server', '--bind', '127.0.0.1', String(port)],
    HostConfig: { NetworkMode: 'host', PortBindings: {} }
  })
  expect((await boots.boot(id, only({ kind: 'http', port, path: '/' }))).outcome.kind).toBe('ready')
})

describe('the control learns', () => {
  test.each<[string, string, object]>([
    ['the status of a web service', pythonServer('404', 'time.sleep(.5)'), { kind: 'http', status: 404 }],
    [
      'the status of a service that is listening before it can answer',
      `
import http.server, socket, time
listener = socket.create_server(('', 8000))
time.sleep(3)
server = http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler, bind_and_activate=False)
server.socket = listener
server.serve_forever()`,
      { kind: 'http', status: 200 }
    ],
    ['that a server greets', smtp, { kind: 'greeting' }]
  ])('%s', async (_, program, answer) => {
    const { observation, checks } = await boots.learn(await boots.python(program), [8000])
    expect(observation.outcome.kind).toBe('ready')
    expect(checks).toEqual([{ kind: 'answers', port: 8000, answer }])
  })

  test('to ask the health check, where there is one', async () => {
    const id = await boots.python(pythonServer(), {
      Healthcheck: { Test: ['CMD', 'true'], Interval: 300_000_000 }
    })
    expect((await boots.learn(id, [8000], true)).checks).toEqual([{ kind: 'healthcheck' }])
  })

  test('that it stays up, where there is nothing to ask', async () => {
    expect((await boots.learn(await boots.python(forever), [])).checks).toEqual([
      { kind: 'stays-up', seconds: 5 }
    ])
  })
})
