import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import {
  createServer,
  request as ask,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse
} from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pick, type Random, randomFrom } from './random.js'

/** What may go wrong with one request, between the client and the daemon. */
export type EngineFault =
  /** The daemon gets it later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The daemon never gets it; the client is told that the daemon failed. */
  | { readonly kind: 'refuse' }
  /** The daemon does it; the client is told that the daemon failed. */
  | { readonly kind: 'deny' }
  /** The daemon never gets it, and the connection is closed. */
  | { readonly kind: 'hang-up' }
  /** The daemon does it, and the connection is closed before its answer. */
  | { readonly kind: 'lose-answer' }
  /** The answer arrives up to this many bytes of its body, then the connection is closed. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** As before, but the answer ends as if it were complete. */
  | { readonly kind: 'shorten'; readonly bytes: number }
  /** The answer is cut once this time has passed: what a stream meets. */
  | { readonly kind: 'cut-later'; readonly ms: number }

/** A request, as a fault is chosen for it. */
export interface AskedOf {
  readonly method: string
  /** With its version and query. */
  readonly path: string
}

/** Chooses what goes wrong with a request; undefined lets it pass. */
export type FaultPlan = (asked: AskedOf) => EngineFault | undefined

export interface Injection extends AskedOf {
  readonly fault: EngineFault
}

/** What is met where the engine was. */
export const UNPLUGGED = ['closed at once', 'no such file'] as const
export type Unplugged = (typeof UNPLUGGED)[number]

/** A socket that behaves as the engine's, except where a plan wants it otherwise. */
export interface FaultProxy {
  /** For DOCKER_HOST. */
  readonly address: string
  /** Everything that was made to go wrong, in order. */
  readonly injected: readonly Injection[]
  /** From now on this goes wrong; undefined lets everything pass. */
  readonly arm: (plan: FaultPlan | undefined) => void
  /**
   * Closes every connection, and until it is plugged in again there is no new one: each is closed at once, or, without the
   * socket's file, there is nothing to connect to.
   */
  readonly unplug: (way: Unplugged) => Promise<void>
  readonly plug: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The engine's own socket, unless DOCKER_HOST names another one. */
export function engineSocket(environment: NodeJS.ProcessEnv = process.env): string {
  const { DOCKER_HOST } = environment
  return DOCKER_HOST?.startsWith('unix://') === true
    ? DOCKER_HOST.slice('unix://'.length)
    : '/var/run/docker.sock'
}

/** Puts a proxy in front of an engine's socket, on a socket of its own in the directory for temporary files. */
export async function startFaultProxy(upstream = engineSocket()): Promise<FaultProxy> {
  const path = join(tmpdir(), `fault-proxy-${randomUUID().slice(0, 8)}.sock`)
  const away = `${path}.away`
  const injected: Injection[] = []
  const sockets = new Set<Socket>()
  let plan: FaultPlan | undefined
  let plugged = true

  const faultFor = (request: IncomingMessage): EngineFault | undefined => {
    const asked = { method: request.method ?? '', path: request.url ?? '' }
    const fault = plan?.(asked)
    if (fault !== undefined) injected.push({ ...asked, fault })
    return fault
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    void forward({ upstream, request, response, fault: faultFor(request) })
  }
  const server = createServer(handle)
  // An upload is asked for by the daemon, not by the proxy.
  server.on('checkContinue', handle)
  server.on('upgrade', (request, socket, head) => {
    tunnel(upstream, request, socket, head, faultFor(request))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    if (!plugged) socket.destroy()
  })
  server.requestTimeout = 0
  // As the daemon, which waits for ever: a client on a busy machine does not notice in time that an idle connection was closed.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const drop = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    address: `unix://${path}`,
    injected,
    arm: (next) => {
      plan = next
    },
    unplug: async (way) => {
      plugged = false
      if (way === 'no such file') await rename(path, away)
      drop()
    },
    plug: async () => {
      plugged = true
      if (existsSync(away)) await rename(away, path)
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      drop()
      await closed
      for (const file of [path, away]) await rm(file, { force: true })
    }
  }
}

interface Forwarding {
  readonly upstream: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly fault: EngineFault | undefined
}

async function forward({ upstream, request, response, fault }: Forwarding): Promise<void> {
  if (fault?.kind === 'hang-up') {
    request.socket.destroy()
    return
  }
  if (fault?.kind === 'refuse') {
    refuse(response)
    return
  }
  if (fault?.kind === 'delay') await delay(fault.ms)
  // A client that has left meanwhile would not end a stream any more.
  if (response.closed) return
  const call = ask({
    socketPath: upstream,
    method: request.method,
    path: request.url,
    // One connection a request, so that none outlives its client. The daemon is not told: it would close one with its answer,
    // and whoever is still to say that the request has ended meets EPIPE, and loses the answer.
    headers: { ...request.headers, connection: 'keep-alive' },
    agent: false
  })
  // Whoever leaves takes the other along: the daemon ends a build or a follower whose client is gone.
  response.on('close', () => call.destroy())
  call.on('error', () => request.socket.destroy())
  call.on('response', (answer) => {
    answer.on('error', () => request.socket.destroy())
    passOn(answer, response, request, fault)
  })
  send(request, response, call)
}

function send(request: IncomingMessage, response: ServerResponse, call: ClientRequest): void {
  if (request.headers.expect === undefined) {
    relay(request, call)
    return
  }
  call.on('continue', () => {
    response.writeContinue()
    relay(request, call)
  })
  call.flushHeaders()
}

/**
 * As `pipe`, but what has come in together leaves together: the daemon may answer a last piece, and close the connection, before
 * the end that followed it. Not by `cork`, of which Node.js 20 loses pieces where the end comes before `uncork`.
 */
function relay(request: IncomingMessage, call: ClientRequest): void {
  let pieces: Buffer[] = []
  const taken = (): Buffer => {
    const all = Buffer.concat(pieces)
    pieces = []
    return all
  }
  const forward = (): void => {
    if (pieces.length === 0 || call.write(taken())) return
    request.pause()
    call.once('drain', () => request.resume())
  }
  request.on('data', (piece: Buffer) => {
    if (pieces.push(piece) === 1) setImmediate(forward)
  })
  request.on('end', () => call.end(taken()))
}

function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  request: IncomingMessage,
  fault: EngineFault | undefined
): void {
  if (fault?.kind === 'lose-answer' || fault?.kind === 'deny') {
    // Only when the daemon has done it all.
    answer.resume().on('end', () => {
      if (fault.kind === 'deny') refuse(response)
      else request.socket.destroy()
    })
    return
  }
  // An upload that was refused unseen: the client's rest would be taken for its next request.
  if (request.headers.expect !== undefined && !request.readableEnded)
    response.setHeader('Connection', 'close')
  // Framing is the proxy's own.
  const framing = [
    'transfer-encoding',
    'connection',
    ...(fault?.kind === 'shorten' ? ['content-length'] : [])
  ]
  const headers = Object.entries(answer.headers).filter(([name]) => !framing.includes(name))
  response.writeHead(answer.statusCode ?? 500, Object.fromEntries(headers))
  response.flushHeaders()
  if (fault?.kind === 'cut-later') setTimeout(() => request.socket.destroy(), fault.ms).unref()
  if (fault?.kind !== 'cut' && fault?.kind !== 'shorten') {
    answer.pipe(response)
    return
  }
  let left = fault.bytes
  answer.on('data', (chunk: Buffer) => {
    if (left < 0) return
    response.write(chunk.subarray(0, left))
    left -= chunk.length
    if (left < 0) end()
  })
  const end = (): void => {
    left = -1
    if (fault.kind === 'shorten') response.end()
    // What was written must leave before the connection does.
    else {
      response.write('', () => {
        request.socket.destroySoon()
      })
    }
    answer.destroy()
  }
  answer.on('end', () => {
    // A body that is no longer than that is not changed.
    if (left >= 0) response.end()
  })
}

function refuse(response: ServerResponse): void {
  response.writeHead(500, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ message: INJECTED }))
}

/** The daemon's words in every refusal that it did not make. */
export const INJECTED = 'injected by the fault proxy'

/** What the CLI speaks with the builder: a connection that stops being HTTP. */
function tunnel(
  upstream: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  fault: EngineFault | undefined
): void {
  if (fault !== undefined && fault.kind !== 'delay') {
    socket.destroy()
    return
  }
  const daemon = connect(upstream, () => {
    const lines = [`${request.method ?? ''} ${request.url ?? ''} HTTP/1.1`]
    for (let at = 0; at < request.rawHeaders.length; at += 2)
      lines.push(`${request.rawHeaders[at] ?? ''}: ${request.rawHeaders[at + 1] ?? ''}`)
    daemon.write(`${lines.join('\r\n')}\r\n\r\n`)
    daemon.write(head)
    daemon.pipe(socket)
    socket.pipe(daemon)
  })
  daemon.on('error', () => socket.destroy())
  socket.on('error', () => daemon.destroy())
  socket.on('close', () => daemon.destroy())
}

/** Answers that go on for as long as something runs. */
const STREAM = /\/events\?|[?&]follow=1|\/exec\/[^/]+\/start$/

const KINDS = ['delay', 'refuse', 'deny', 'hang-up', 'lose-answer', 'cut', 'shorten'] as const

/**
 * Lets a part of the requests go wrong, each in a way of its own.
 * @param rate from 0 to 1: the part of them
 * @param longestDelayMs of the requests that are delayed
 */
export function randomFaults(seed: string, rate: number, longestDelayMs = 1_000): FaultPlan {
  const random = randomFrom(seed)
  return ({ path }) => {
    if (random() >= rate) return undefined
    if (STREAM.test(path) && random() < 0.7) return { kind: 'cut-later', ms: random() * 1_000 }
    return faultOf(pick(random, KINDS), random, longestDelayMs)
  }
}

/** Only late, and streams that break, which a client has to bear without a word: what a slow or a busy engine does. */
export function randomDelays(seed: string, rate: number, longestDelayMs = 1_000): FaultPlan {
  const random = randomFrom(seed)
  return ({ path }) => {
    if (random() >= rate) return undefined
    if (path.includes('/events?')) return { kind: 'cut-later', ms: random() * 3_000 }
    return { kind: 'delay', ms: random() * longestDelayMs }
  }
}

function faultOf(kind: (typeof KINDS)[number], random: Random, longestDelayMs: number): EngineFault {
  switch (kind) {
    case 'delay':
      return { kind, ms: random() * longestDelayMs }
    case 'cut':
    case 'shorten':
      // Near the beginning, where the most is lost, or somewhere in a larger body.
      return { kind, bytes: Math.floor(random() ** 3 * 4096) }
    case 'refuse':
    case 'deny':
    case 'hang-up':
    case 'lose-answer':
      return { kind }
  }
}
