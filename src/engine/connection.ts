import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Endpoint } from './endpoint.js'
import { EngineError } from './errors.js'
import { StdioSocket } from './stdio-socket.js'

/** One request to the Engine API. */
export interface EngineRequest {
  /** What is asked, in words, for errors. */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Path with its query, without the version. */
  readonly path: string
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as a tar archive, once the daemon has said that it wants it. */
  readonly archive?: AsyncIterable<Buffer>
  /** How long the whole exchange may take; with `stream`, until the response headers are there. */
  readonly deadlineMs?: number
  /** The answer's body has no deadline: it lasts as long as its reader wants. */
  readonly stream?: true
  readonly signal?: AbortSignal
}

/** HTTP over the way to one daemon. */
export interface Connection {
  /** @returns the response whatever its status; throws EngineError when there is none in time */
  send(request: EngineRequest): Promise<IncomingMessage>
  /** Ends every connection; requests under way and later ones fail. */
  close(): void
}

/** Enough for every call that only looks something up or changes one thing. */
export const DEADLINE_MS = 60_000

/** Opens connections by running a command; its standard streams are the connection. */
class CommandAgent extends Agent {
  readonly #environment: NodeJS.ProcessEnv

  constructor(environment: NodeJS.ProcessEnv) {
    // A command takes about 100 ms to connect; a few idle ones are worth their memory.
    super({ keepAlive: true, maxFreeSockets: 4 })
    this.#environment = environment
  }

  override createConnection(): Duplex {
    return new StdioSocket('docker', ['system', 'dial-stdio'], this.#environment)
  }
}

/** Prepares a way to the daemon; nothing is opened before the first request. */
export function openConnection(endpoint: Endpoint, environment: NodeJS.ProcessEnv): Connection {
  const agent = endpoint.via.kind === 'unix' ? new Agent({ keepAlive: true }) : new CommandAgent(environment)
  const socketPath = endpoint.via.kind === 'unix' ? { socketPath: endpoint.via.path } : {}
  const underWay = new Set<ClientRequest>()
  let closed = false
  return {
    send: (asked) => {
      if (closed) throw new EngineError(asked.operation, undefined, 'the connection to Docker is closed')
      return new Promise((resolve, reject) => {
        const call = request({
          agent,
          ...socketPath,
          method: asked.method,
          path: asked.path,
          headers: headers(asked)
        })
        underWay.add(call)
        call.on('close', () => underWay.delete(call))
        exchange(call, asked, resolve, reject)
      })
    },
    close: () => {
      closed = true
      for (const call of underWay) call.destroy(new Error('the connection to Docker was closed'))
      agent.destroy()
    }
  }
}

function headers(asked: EngineRequest): OutgoingHttpHeaders {
  const host = { Host: 'docker' }
  if (asked.json !== undefined) {
    const length = Buffer.byteLength(JSON.stringify(asked.json))
    return { ...host, 'Content-Type': 'application/json', 'Content-Length': length }
  }
  // Without Expect, a daemon that refuses closes the connection under the upload and its answer is lost.
  if (asked.archive !== undefined)
    return { ...host, 'Content-Type': 'application/x-tar', Expect: '100-continue' }
  return asked.method === 'GET' || asked.method === 'HEAD' ? host : { ...host, 'Content-Length': 0 }
}

function exchange(
  call: ClientRequest,
  asked: EngineRequest,
  resolve: (response: IncomingMessage) => void,
  reject: (error: EngineError) => void
): void {
  const deadlineMs = asked.deadlineMs ?? DEADLINE_MS
  let wanted = asked.archive === undefined
  const timer = setTimeout(() => {
    call.destroy(new Error(`Docker did not answer within ${deadlineMs / 1000} s`))
  }, deadlineMs)
  const abort = (): void => {
    call.destroy(new Error('aborted'))
  }
  asked.signal?.addEventListener('abort', abort, { once: true })
  call.on('close', () => {
    clearTimeout(timer)
    asked.signal?.removeEventListener('abort', abort)
  })
  call.on('error', (error) => {
    reject(transportError(asked.operation, error))
  })
  call.on('continue', () => {
    wanted = true
  })
  call.on('response', (response) => {
    if (asked.stream === true) clearTimeout(timer)
    // Once there is a response, node reports every end of the request to its reader as a bare "aborted".
    response.on('error', () => undefined)
    // An upload that the daemon refused unseen would keep its connection for ever.
    if (!wanted) response.on('close', () => call.destroy())
    resolve(response)
  })
  if (asked.signal?.aborted === true) abort()
  sendBody(call, asked)
}

function sendBody(call: ClientRequest, asked: EngineRequest): void {
  const { archive } = asked
  if (archive === undefined) {
    call.end(asked.json === undefined ? undefined : JSON.stringify(asked.json))
    return
  }
  call.on('continue', () => {
    // An error of the pipeline destroys the request, whose 'error' rejects.
    pipeline(archive, call).catch(() => undefined)
  })
  call.flushHeaders()
}

/** An error of the transport, with the daemon's silence as its status. */
export function transportError(operation: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const words = error instanceof Error ? error.message : String(error)
  return new EngineError(operation, undefined, words === '' ? 'the connection failed' : words, {
    cause: error
  })
}
