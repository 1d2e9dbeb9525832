import { afterEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { type Connection, openConnection } from '../../../src/engine/connection.js'
import { chooseApiVersion, connectTo } from '../../../src/engine/docker.js'
import { endpointAt } from '../../../src/engine/endpoint.js'
import { body, Exchange } from '../../../src/engine/exchange.js'
import { type FakeDaemon, fakeDaemon, json, rawDaemon, VERSION } from './fake-daemon.js'

let daemon: FakeDaemon | undefined
let connection: Connection | undefined

afterEach(async () => {
  connection?.close()
  await daemon?.stop()
  connection = undefined
  daemon = undefined
})

async function exchangeWith(answer: RequestListener): Promise<Exchange> {
  daemon = await fakeDaemon(answer)
  connection = openConnection(daemon.endpoint, process.env)
  return new Exchange(connection, '1.41')
}

const ask = { operation: 'do it', method: 'GET', path: '/x', deadlineMs: 300 } as const
const upload = (pieces: readonly Buffer[]) => ({
  operation: 'upload',
  method: 'PUT' as const,
  path: '/x',
  archive: (async function* () {
    for (const piece of pieces) yield await Promise.resolve(piece)
  })()
})

describe('an answer that does not come', () => {
  test.each<[string, RequestListener]>([
    ['at all', () => undefined],
    ['to its end', (_, response) => response.writeHead(200, { 'Content-Length': '100' }).write('{')],
    ['to the end of a refusal', (_, response) => response.writeHead(500).write('{')]
  ])('%s, is given up in time', async (_title, answer) => {
    const exchange = await exchangeWith(answer)
    await expect(exchange.json(ask, z.unknown())).rejects.toMatchObject({
      name: 'EngineError',
      operation: 'do it',
      status: undefined,
      daemonMessage: 'Docker did not answer within 0.3 s'
    })
  })

  test('to an upload that nobody reads, is given up in time', async () => {
    const exchange = await exchangeWith((_, response) => {
      response.writeContinue()
    })
    const asked = { ...upload([Buffer.alloc(50_000_000)]), deadlineMs: 300 }
    await expect(exchange.ask(asked)).rejects.toThrow(/did not answer within/)
  })

  test('has no deadline where it streams', async () => {
    const exchange = await exchangeWith((_, response) => {
      response.write('first')
      setTimeout(() => response.end('last'), 700)
    })
    const chunks: string[] = []
    for await (const chunk of body(await exchange.open({ ...ask, stream: true })))
      chunks.push(chunk.toString())
    expect(chunks).toEqual(['first', 'last'])
  })
})

describe('a connection that breaks', () => {
  test.each<[string, RequestListener, RegExp]>([
    ['before the answer', (request) => request.socket.destroy(), /socket hang up/],
    [
      'in the middle of the answer',
      (request, response) => {
        response.writeHead(200, { 'Content-Length': '100' }).write('{', () => request.socket.destroy())
      },
      /aborted/
    ]
  ])('%s is an engine error with its cause', async (_title, answer, words) => {
    const exchange = await exchangeWith(answer)
    const failure = await exchange.json(ask, z.unknown()).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'EngineError',
      status: undefined,
      daemonMessage: expect.stringMatching(words) as unknown
    })
    expect(failure).toHaveProperty('cause')
  })

  test.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a header without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(400_000)}`]
  ])('%s instead of HTTP is an engine error', async (_title, bytes) => {
    daemon = await rawDaemon((socket) => socket.write(bytes))
    connection = openConnection(daemon.endpoint, process.env)
    await expect(new Exchange(connection, undefined).ask(ask)).rejects.toMatchObject({ name: 'EngineError' })
  })

  test('by a signal ends the request', async () => {
    const exchange = await exchangeWith(() => undefined)
    await expect(
      exchange.ask({ ...ask, deadlineMs: 60_000, signal: AbortSignal.timeout(50) })
    ).rejects.toThrow(/aborted/)
    await expect(exchange.ask({ ...ask, signal: AbortSignal.abort() })).rejects.toThrow(/aborted/)
  })
})

describe('closing', () => {
  test('fails what is under way, refuses what comes later, and leaves no connection', async () => {
    const exchange = await exchangeWith((request, response) => {
      if (request.url?.endsWith('/idle') === true) json(response, {})
      else if (request.url?.endsWith('/stream') === true) response.write('first')
    })
    await exchange.ask({ ...ask, path: '/idle' })
    const waiting = exchange.ask({ ...ask, deadlineMs: 60_000 }).catch((error: unknown) => error)
    const streaming = await exchange.open({ ...ask, path: '/stream', stream: true })
    const read = (async () => {
      for await (const chunk of body(streaming)) if (chunk.length > 0) connection?.close()
    })()
    await expect(read).rejects.toThrow(/the connection to Docker is closed/)
    expect(await waiting).toMatchObject({
      name: 'EngineError',
      daemonMessage: 'the connection to Docker is closed'
    })
    await expect(exchange.ask(ask)).rejects.toMatchObject({
      daemonMessage: 'the connection to Docker is closed'
    })
    while ((await daemon?.connections()) !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

describe('refusals', () => {
  test.each([
    ['the daemon’s words', JSON.stringify({ message: 'No such thing: x' }), 'No such thing: x'],
    ['words that are no JSON', 'Bad Gateway\n', 'Bad Gateway'],
    ['JSON of another form', '{"error":1}', '{"error":1}'],
    ['no words', '', 'refused without a message']
  ])('carry %s and the status', async (_title, text, words) => {
    const exchange = await exchangeWith((_, response) => response.writeHead(418).end(text))
    await expect(exchange.ask(ask)).rejects.toMatchObject({ status: 418, daemonMessage: words })
  })

  test('are cut', async () => {
    const exchange = await exchangeWith((_, response) => {
      json(response, { message: 'x'.repeat(100_000) }, 500)
    })
    const failure = await exchange.ask(ask).catch((error: unknown) => error)
    expect(String(failure).length).toBeLessThan(3000)
  })

  test('of an upload are heard although the archive is not read, and the connection is freed', async () => {
    const exchange = await exchangeWith((_, response) => {
      json(response, { message: 'No such container' }, 404)
    })
    let packed = false
    const archive = (async function* () {
      packed = true
      yield await Promise.resolve(Buffer.alloc(1))
    })()
    await expect(exchange.ask({ ...upload([]), archive })).rejects.toMatchObject({ status: 404 })
    expect(packed).toBe(false)
    while ((await daemon?.connections()) !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

describe('answers', () => {
  test.each([
    ['that are no JSON', '<html>', /not JSON/],
    ['of another form', '{"Id":7}', /unexpected form[\s\S]*Id/]
  ])('%s are an error', async (_title, text, words) => {
    const exchange = await exchangeWith((_, response) => response.end(text))
    await expect(exchange.must(ask, z.object({ Id: z.string() }))).rejects.toThrow(words)
  })

  test('without an end are given up', async () => {
    const exchange = await exchangeWith((_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(1_000_000, ' ')));
        response.once('drain', more)
      }
      more()
    })
    await expect(exchange.json({ ...ask, deadlineMs: 60_000 }, z.unknown())).rejects.toThrow(/too large/)
  })
})

describe('uploads', () => {
  test('arrive whole, whatever the sizes of their pieces', async () => {
    let received = 0
    const exchange = await exchangeWith((request, response) => {
      response.writeContinue()
      request.on('data', (chunk: Buffer) => (received += chunk.length))
      request.on('end', () => {
        json(response, {})
      })
    })
    await exchange.ask(upload([Buffer.alloc(1), Buffer.alloc(5_000_000), Buffer.alloc(3)]))
    expect(received).toBe(5_000_004)
  })

  test('whose answer comes before their end hear it, however late this process is to end them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'engine-test-'))
    const path = join(directory, 'daemon.sock')
    // In a thread of its own: it has to answer and close the connection while this one is not running.
    const server = new Worker(
      `const { createServer } = require('node:http')
       const server = createServer()
       server.on('checkContinue', (request, response) => {
         response.writeContinue()
         request.once('data', () => response.writeHead(500, { Connection: 'close' }).end('{"message":"full"}'))
       })
       server.listen(${JSON.stringify(path)}, () => require('node:worker_threads').parentPort.postMessage('listening'))`,
      { eval: true }
    )
    await once(server, 'message')
    connection = openConnection(endpointAt(`unix://${path}`), process.env)
    const archive = (async function* () {
      yield await Promise.resolve(Buffer.alloc(100_000))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    })()
    try {
      const asked = new Exchange(connection, '1.41').ask({ ...upload([]), archive })
      await expect(asked).rejects.toMatchObject({ status: 500, daemonMessage: 'full' })
    } finally {
      await server.terminate()
      await rm(directory, { recursive: true })
    }
  })

  test('whose packing fails say why', async () => {
    const exchange = await exchangeWith((_, response) => {
      response.writeContinue()
    })
    const archive = (async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.alloc(1))
      throw new RangeError('cannot be packed')
    })()
    await expect(exchange.ask({ ...upload([]), archive })).rejects.toMatchObject({
      daemonMessage: 'cannot be packed'
    })
  })
})

describe('the API version', () => {
  test.each([
    ['1.41', undefined, '1.41'],
    ['1.43', '1.24', '1.43'],
    ['1.47', '1.24', '1.47'],
    ['1.52', '1.44', '1.47'],
    ['1.100', '1.60', '1.60'],
    ['2.0', '2.0', '2.0']
  ])('is, for a daemon of %s that still speaks %s, %s', (ApiVersion, MinAPIVersion, chosen) => {
    expect(chooseApiVersion({ ApiVersion, MinAPIVersion })).toBe(chosen)
  })

  test('that is too old is said to be', async () => {
    daemon = await rawDaemon((socket) => {
      const text = JSON.stringify({ ...VERSION, ApiVersion: '1.40' })
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    })
    await expect(connectTo(daemon.endpoint, process.env)).rejects.toThrow(
      /^connect: the daemon speaks API 1\.40; 1\.41 \(Docker 20\.10\) or newer is needed$/
    )
    while ((await daemon.connections()) !== 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test('does not matter where the daemon runs Windows containers: one sentence says what to do', async () => {
    daemon = await rawDaemon((socket) => {
      const text = JSON.stringify({ ...VERSION, Os: 'windows' })
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    })
    await expect(connectTo(daemon.endpoint, process.env)).rejects.toThrow(
      /^connect: Docker at \S+ runs windows containers, and this action tests Linux containers only: switch Docker Desktop to Linux containers, or use a Linux runner/
    )
  })

  test('does not make Podman a Docker: one sentence says what to do', async () => {
    daemon = await rawDaemon((socket) => {
      const podman = {
        ...VERSION,
        Version: '4.3.1',
        Components: [{ Name: 'Podman Engine' }, { Name: 'Conmon' }]
      }
      const text = JSON.stringify(podman)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    })
    await expect(connectTo(daemon.endpoint, process.env)).rejects.toThrow(
      /^connect: Podman 4\.3\.1 answers at \S+, and this action needs Docker: .* Set DOCKER_HOST to a Docker daemon$/
    )
  })

  test.each([
    ['cgroupfs', true],
    ['systemd', true],
    ['none', false]
  ])('does not tell whether limits bind: control groups by %s do: %s', async (driver, binds) => {
    daemon = await fakeDaemon((_, response) => {
      json(response, { NCPU: 3, CgroupDriver: driver })
    })
    const engine = await connectTo(daemon.endpoint, process.env)
    expect(await engine.info()).toMatchObject({ enforcesLimits: binds })
    engine.close()
  })

  test('is in the path of every request', async () => {
    const paths: (string | undefined)[] = []
    daemon = await fakeDaemon((request, response) => {
      paths.push(request.url)
      json(response, { CgroupDriver: 'systemd' })
    })
    const engine = await connectTo(daemon.endpoint, process.env)
    expect(await engine.info()).toMatchObject({ version: '99.0', enforcesLimits: true })
    expect(paths).toEqual(['/v1.45/info'])
    engine.close()
  })
})
