import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ContainerEvent } from './engine.js'
import { body, type Exchange, query } from './exchange.js'
import { nanoseconds, timestamp } from './time.js'
import { parseJson } from '../json.js'

/** An event is a few hundred bytes, and the container's labels. */
const LINE_BOUND = 4 * 1024 * 1024
const RETRY_MS = 200
/** The daemon itself keeps 256 events to repeat (moby, `daemon/events`). */
const REMEMBERED = 512
const SECOND = 1_000_000_000n

const Info = z.object({ SystemTime: z.string() })
const Event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() })
})

type Listener = (event: ContainerEvent) => void

/**
 * One stream of container events, shared by all listeners and opened by the first of them. It is opened from the daemon's
 * own time, since moby sends the headers before it subscribes (20.10, `getEvents`). When it drops it is opened again
 * from shortly before the last event, and what was seen already is left out.
 */
export class EventStream {
  readonly #exchange: Exchange
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #over = new AbortController()
  readonly #seen = new Set<string>()
  #opened: Promise<void> | undefined
  /** Nanoseconds on the daemon's clock. */
  #openedAt = 0n
  #lastAt = 0n

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /**
   * @param id the container's full id
   * @param listener receives every event but `exec_*`, and those of its volumes that name it: `mount`, `unmount`. The engine
   *   merges the container's labels into an event's attributes, so that a label `exitCode` replaces the real one: inspect the
   *   container to be sure.
   * @returns once the stream is established, a function that ends the subscription
   */
  async subscribe(id: string, listener: Listener): Promise<() => void> {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    const unsubscribe = (): void => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id)
    }
    try {
      await (this.#opened ??= this.#open())
    } catch (error) {
      this.#opened = undefined
      unsubscribe()
      throw error
    }
    return unsubscribe
  }

  /** No listener is called any more. */
  close(): void {
    this.#over.abort()
    this.#listeners.clear()
  }

  async #open(): Promise<void> {
    const ask = { operation: 'read the time', method: 'GET', path: '/info' } as const
    // Those who ask at the same time get one answer (26.1), which may tell of a time before the question. The next one cannot.
    await this.#exchange.must(ask, Info)
    const { SystemTime } = await this.#exchange.must(ask, Info)
    this.#openedAt = nanoseconds(SystemTime)
    this.#lastAt = this.#openedAt
    await this.#connect(this.#openedAt)
  }

  /** Settles once the stream is open; the reading goes on. */
  async #connect(since: bigint): Promise<void> {
    const response = await this.#exchange.open({
      operation: 'follow events',
      method: 'GET',
      path: `/events${query({
        since: timestamp(since),
        filters: JSON.stringify({ type: ['container', 'volume'] })
      })}`,
      stream: true,
      signal: this.#over.signal
    })
    void this.#follow(body(response))
  }

  async #follow(source: AsyncIterable<Buffer>): Promise<void> {
    const lines = this.#lines(source)
    for (;;) {
      // A stream that broke and one that ended are alike: open another. Errors of a listener are not caught.
      const line = await lines.next().catch(() => undefined)
      if (line === undefined || line.done === true) break
      this.#dispatch(line.value)
    }
    await this.#reconnect()
  }

  async *#lines(source: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of source) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = (lines.pop() ?? '').slice(0, LINE_BOUND)
      yield* lines
    }
    return undefined
  }

  async #reconnect(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await delay(RETRY_MS, undefined, { ref: false })
      // Events are published in nearly, not exactly, the order of their times.
      const early = this.#lastAt - SECOND
      const connected = await this.#connect(early > this.#openedAt ? early : this.#openedAt).then(
        () => true,
        () => false
      )
      if (connected) return
    }
  }

  #dispatch(line: string): void {
    const event = parseEvent(line)
    if (event === undefined) return
    const key = `${event.time} ${event.container} ${event.action}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    if (this.#seen.size > REMEMBERED)
      for (const oldest of [...this.#seen].slice(0, 1)) this.#seen.delete(oldest)
    const time = BigInt(event.time)
    if (time > this.#lastAt) this.#lastAt = time
    if (event.action.startsWith('exec_')) return
    const { container, action, exitCode } = event
    for (const listener of [...(this.#listeners.get(container) ?? [])])
      listener({ container, action, exitCode })
  }
}

function parseEvent(line: string): (ContainerEvent & { readonly time: string }) | undefined {
  // JSON numbers lose the last digits of a time in nanoseconds.
  const time = /"timeNano":(\d+)\}\s*$/.exec(line)?.[1] ?? '0'
  const parsed = Event.safeParse(parseJson(line))
  if (!parsed.success) return undefined
  const { Type: type, Action: action, Actor: actor } = parsed.data
  const container = type === 'volume' ? actor.Attributes?.container : actor.ID
  if (container === undefined) return undefined
  const code = actor.Attributes?.exitCode
  const exitCode = action === 'die' && code !== undefined && /^\d+$/.test(code) ? Number(code) : undefined
  return { container, action, exitCode, time }
}
