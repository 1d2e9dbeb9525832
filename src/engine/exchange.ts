import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Connection, EngineRequest } from './connection.js'
import { transportError } from './failure.js'
import { EngineError } from './errors.js'

/** A JSON answer that is larger is refused: `changes` of a whole distribution stays far below. */
const JSON_BOUND = 64 * 1024 * 1024

/** Characters of the daemon's words that an error carries. */
const MESSAGE_BOUND = 2000

const Refusal = z.object({ message: z.string() })

/** A request whose answer is a status, and for some statuses a body. */
export interface Ask extends EngineRequest {
  /** Statuses beside 2xx that are no error. */
  readonly accept?: readonly number[]
}

/** An Engine API of one version, over one connection. */
export class Exchange {
  readonly #connection: Connection
  readonly #prefix: string

  /** @param apiVersion e.g. `1.41`; undefined asks without a version, as only `/version` and `/_ping` allow */
  constructor(connection: Connection, apiVersion: string | undefined) {
    this.#connection = connection
    this.#prefix = apiVersion === undefined ? '' : `/v${apiVersion}`
  }

  /**
   * Asks and gives the answer as it streams in. The caller reads the body or destroys the response.
   * @throws EngineError on any status that is neither 2xx nor accepted
   */
  async open(ask: Ask): Promise<IncomingMessage> {
    const response = await this.#connection.send({ ...ask, path: this.#prefix + ask.path })
    const status = response.statusCode ?? 0
    if ((status >= 200 && status < 300) || ask.accept?.includes(status) === true) return response
    const body = await collect(ask.operation, response, JSON_BOUND)
    throw new EngineError(ask.operation, status, refusal(body))
  }

  /** Asks, and waits for the end of an answer that says nothing more. @returns the status */
  async ask(ask: Ask): Promise<number> {
    const response = await this.open(ask)
    await collect(ask.operation, response, JSON_BOUND)
    return response.statusCode ?? 0
  }

  /**
   * Asks for JSON.
   * @returns undefined for a status that was accepted beside 2xx
   * @throws EngineError also when the answer does not have the expected form
   */
  async json<T>(ask: Ask, form: z.ZodType<T>): Promise<T | undefined> {
    const response = await this.open(ask)
    const body = await collect(ask.operation, response, JSON_BOUND)
    if (ask.accept?.includes(response.statusCode ?? 0) === true) return undefined
    const parsed = form.safeParse(parse(ask.operation, body))
    if (parsed.success) return parsed.data
    const words = `an answer in an unexpected form: ${z.prettifyError(parsed.error)}`
    throw new EngineError(ask.operation, response.statusCode, words.slice(0, MESSAGE_BOUND))
  }

  /** Asks for JSON where nothing but 2xx will do. */
  async must<T>(ask: EngineRequest, form: z.ZodType<T>): Promise<T> {
    const answer = await this.json(ask, form)
    if (answer === undefined) throw new EngineError(ask.operation, undefined, 'no answer')
    return answer
  }
}

/** Reads a body to its end. @throws EngineError when it breaks off or is larger than the bound */
async function collect(operation: string, response: IncomingMessage, bound: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body(response)) {
      size += chunk.length
      if (size > bound) throw new EngineError(operation, response.statusCode, 'the answer is too large')
      chunks.push(chunk)
    }
  } catch (error) {
    throw transportError(operation, error)
  }
  return Buffer.concat(chunks)
}

/** The body of a response, which is bytes as long as nobody sets an encoding. */
export function body(response: IncomingMessage): AsyncIterable<Buffer> {
  return response
}

function parse(operation: string, text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch (error) {
    throw new EngineError(operation, undefined, 'an answer that is not JSON', { cause: error })
  }
}

function refusal(body: Buffer): string {
  const text = body.toString('utf8').trim()
  try {
    const refused = Refusal.safeParse(JSON.parse(text))
    if (refused.success) return refused.data.message.slice(0, MESSAGE_BOUND)
  } catch {
    // Not the daemon's JSON: a proxy in between, say. Its text is all there is.
  }
  return text === '' ? 'refused without a message' : text.slice(0, MESSAGE_BOUND)
}

/** Encodes one segment of a path or a value of a query. */
export const segment = encodeURIComponent

/** @returns `?a=1&b=2`; undefined values are left out */
export function query(values: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
