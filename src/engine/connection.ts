import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Endpoint } from './endpoint.js'
import { EngineError } from './errors.js'
import { asError, transportError } from './failure.js'
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
  /** Sent as a tar archive, once the daemon has said that it wants it; each piece once it is known whether another one follows. */
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

const CLOSED = 'the connection to Docker is closed'

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

/** moby describes the path of an archive in a header: base64 of JSON of a link target of up to 4096 bytes. */
const HEADER_BYTES = 256 * 1024

/** Prepares a way to the daemon; nothing is opened before the first request. */
export function openConnection(endpoint: Endpoint, environment: NodeJS.ProcessEnv): Connection {
  const agent = endpoint.via.kind === 'unix' ? new Agent({ keepAlive: true }) : new CommandAgent(environment)
  const socketPath = endpoint.via.kind === 'unix' ? { socketPath: endpoint.via.path } : {}
  const underWay = new Set<RequestUnderWay>()
  let closed = false
  return {
    send: (asked) => {
      if (closed) return Promise.reject(new EngineError(asked.operation, undefined, CLOSED))
      const { method, path } = asked
      const call = request({
        agent,
        ...socketPath,
        method,
        path,
        headers: headers(asked),
        maxHeaderSize: HEADER_BYTES
      })
      const one = new RequestUnderWay(call, asked)
      underWay.add(one)
      call.on('close', () => underWay.delete(one))
      return one.response
    },
    close: () => {
      closed = true
      for (const one of underWay) one.end(new Error(CLOSED))
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

/** One request under way. */
class RequestUnderWay {
  /** Settles with the response's headers. */
  readonly response: Promise<IncomingMessage>
  readonly #call: ClientRequest
  #answer: IncomingMessage | undefined

  constructor(call: ClientRequest, asked: EngineRequest) {
    this.#call = call
    const deadlineMs = asked.deadlineMs ?? DEADLINE_MS
    const timer = setTimeout(() => {
      this.end(new Error(`Docker did not answer within ${deadlineMs / 1000} s`))
    }, deadlineMs)
    const abort = (): void => {
      this.end(new Error('aborted'))
    }
    call.on('close', () => {
      clearTimeout(timer)
      asked.signal?.removeEventListener('abort', abort)
    })
    this.response = new Promise((resolve, reject) => {
      call.on('error', (error) => {
        reject(transportError(asked.operation, error))
      })
      call.on('response', (answer) => {
        this.#answer = answer
        if (asked.stream === true) clearTimeout(timer)
        resolve(answer)
      })
    })
    asked.signal?.addEventListener('abort', abort, { once: true })
    this.#send(asked)
    if (asked.signal?.aborted === true) abort()
  }

  /** Ends the request; whoever reads its answer gets the error. */
  end(error: Error): void {
    // Destroying the request instead would tell the reader no more than "aborted".
    if (this.#answer === undefined) this.#call.destroy(error)
    else this.#answer.destroy(error)
  }

  #send({ archive, json }: EngineRequest): void {
    const call = this.#call
    if (archive === undefined) {
      call.end(json === undefined ? undefined : JSON.stringify(json))
      return
    }
    let wanted = false
    call.on('continue', () => {
      wanted = true
      void this.#upload(archive)
    })
    // An upload that was refused unseen would keep its connection for ever.
    call.on('response', (answer) => {
      answer.on('close', () => {
        if (!wanted) call.destroy()
      })
    })
    call.flushHeaders()
  }

  /**
   * `stream.pipeline` would abort the request without the error of the archive. The last piece is sent together with the end,
   * in one system call: a daemon answers as soon as it has read the end of a tar, or what it refuses, and closes the connection
   * with that (net/http of Go, after `Expect: 100-continue`). Who is still to say that the request has ended meets EPIPE, and the
   * answer is lost.
   */
  async #upload(archive: AsyncIterable<Buffer>): Promise<void> {
    const over = new AbortController()
    this.#call.once('close', () => {
      over.abort()
    })
    try {
      let last: Buffer | undefined
      for await (const piece of archive) {
        if (last !== undefined && !this.#call.write(last))
          await once(this.#call, 'drain', { signal: over.signal })
        last = piece
      }
      this.#call.end(last)
    } catch (error) {
      this.end(asError(error))
    }
  }
}
