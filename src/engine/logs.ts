import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { transportError } from './connection.js'
import { EngineError } from './errors.js'
import { nanoseconds } from './events.js'
import { body, type Exchange, query, segment } from './exchange.js'
import { framedOutput, type OutputReader, rawOutput } from './output.js'

/** Last messages that are looked at to find the newest: stdout and stderr are stamped by two goroutines. */
const LAST_MESSAGES = 20
const NEWLINE = Buffer.from('\n')
const NOTHING = Buffer.alloc(0)

const Inspect = z.object({
  Config: z.object({ Tty: z.boolean() }),
  State: z.object({ StartedAt: z.string(), FinishedAt: z.string() })
})

/**
 * Follows what a container writes, from its last start on.
 *
 * The engine keeps the output of all starts in one log. `StartedAt` does not divide it: the first lines of a start were
 * seen up to 0.7 ms before it (20.10). So the newest time in the log is read before each start, when nothing writes.
 */
export class Logs {
  readonly #exchange: Exchange
  readonly #started = new Set<string>()
  /** Where the output of the last start begins, for containers that were started more than once. */
  readonly #since = new Map<string, string>()

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** To be called before each start. */
  async beforeStart(id: string): Promise<void> {
    if (!this.#started.has(id)) {
      this.#started.add(id)
      return
    }
    const newest = await this.#newest(id)
    if (newest !== undefined) this.#since.set(id, timestamp(newest + 1n))
  }

  forget(id: string): void {
    this.#started.delete(id)
    this.#since.delete(id)
  }

  /** As in the port. */
  async follow(id: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void> {
    const operation = 'follow output'
    try {
      const { tty, since } = await this.#boundary(id)
      const response = await this.#open(operation, id, { follow: '1', since }, signal)
      const reader = outputReader(operation, tty, onChunk)
      for await (const chunk of body(response)) reader.push(chunk)
      reader.end()
    } catch (error) {
      if (!signal.aborted) throw transportError(operation, error)
    }
  }

  async #boundary(id: string): Promise<{ tty: boolean; since: string | undefined }> {
    const path = `/containers/${segment(id)}/json`
    const { Config, State } = await this.#exchange.must(
      { operation: 'inspect container', method: 'GET', path },
      Inspect
    )
    const known = this.#since.get(id)
    if (this.#started.has(id) || known !== undefined) return { tty: Config.Tty, since: known }
    // Started by somebody else: the end of an earlier run is the best that the engine knows of.
    const finished = nanoseconds(State.FinishedAt)
    const earlier = finished > 0n && finished < nanoseconds(State.StartedAt)
    return { tty: Config.Tty, since: earlier ? timestamp(finished) : undefined }
  }

  /** @returns the time of the newest message; undefined when there is none, or the log driver cannot be read */
  async #newest(id: string): Promise<bigint | undefined> {
    const operation = 'read the end of the output'
    const parts: Buffer[] = []
    try {
      const { tty } = await this.#boundary(id)
      // A long line is several messages, each with its own time and, without a tty, its own frame.
      const reader = outputReader(operation, tty, (payload, first) => {
        parts.push(first && !tty ? NEWLINE : NOTHING, payload)
      })
      const response = await this.#open(
        operation,
        id,
        { timestamps: '1', tail: String(LAST_MESSAGES) },
        undefined
      )
      for await (const chunk of body(response)) reader.push(chunk)
    } catch (error) {
      if (error instanceof EngineError) return undefined
      throw transportError(operation, error)
    }
    const stamps = Buffer.concat(parts)
      .toString('latin1')
      .split('\n')
      .map((line) => nanoseconds(line.slice(0, line.indexOf(' '))))
    return stamps.reduce<bigint | undefined>(
      (newest, stamp) => (stamp > (newest ?? 0n) ? stamp : newest),
      undefined
    )
  }

  #open(
    operation: string,
    id: string,
    options: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal | undefined
  ): Promise<IncomingMessage> {
    const path = `/containers/${segment(id)}/logs${query({ stdout: '1', stderr: '1', ...options })}`
    const unbounded = signal === undefined ? {} : ({ stream: true, signal } as const)
    return this.#exchange.open({ operation, method: 'GET', path, ...unbounded })
  }
}

function outputReader(
  operation: string,
  tty: boolean,
  onPayload: (payload: Buffer, first: boolean) => void
): OutputReader {
  return tty ? rawOutput(onPayload) : framedOutput(operation, onPayload)
}

function timestamp(nanos: bigint): string {
  return `${String(nanos / 1_000_000_000n)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`
}
