import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSocketServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Endpoint, endpointAt } from '../../../src/engine/endpoint.js'

/** Something that listens on a unix socket in place of a daemon. */
export interface FakeDaemon {
  readonly endpoint: Endpoint
  /** Connections that are open. */
  connections(): Promise<number>
  stop(): Promise<void>
}

export const VERSION = {
  Version: '99.0',
  ApiVersion: '1.45',
  MinAPIVersion: '1.24',
  Os: 'linux',
  Arch: 'amd64'
}

/** A daemon that answers HTTP; the version is answered already. */
export async function fakeDaemon(answer: RequestListener): Promise<FakeDaemon> {
  const server = createServer((request, response) => {
    if (request.url === '/version') json(response, VERSION)
    else answer(request, response)
  })
  // Else it would ask for the body of every upload by itself.
  server.on('checkContinue', answer)
  return listen(server)
}

/** A daemon that answers whatever it likes. */
export function rawDaemon(onConnection: (socket: Socket) => void): Promise<FakeDaemon> {
  const server = createSocketServer((socket) => {
    // Unread, a socket would never notice its end.
    socket.resume()
    onConnection(socket)
  })
  return listen(server)
}

async function listen(server: Server): Promise<FakeDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'engine-test-'))
  const path = join(directory, 'daemon.sock')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    endpoint: endpointAt(`unix://${path}`),
    connections: () => Promise.resolve(sockets.size),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await rm(directory, { recursive: true })
    }
  }
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

/** The path that was asked for, without version and query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*$/s, '')
}
