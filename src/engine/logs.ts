import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { transportError } from './failure.js'
import { body, type Exchange, query, segment } from './exchange.js'
import { messageReader, type Position, Progress, Search } from './messages.js'
import { type OutputReader, rawOutput } from './output.js'
import { nanoseconds, timestamp } from './time.js'

/** Last messages that are looked at to find the newest: stdout and stderr are stamped by two goroutines. */
const LAST_MESSAGES = '20'

/** How far back to look for what a follower missed, before everything is read again. */
const MISSED = ['200', '10000'] as const

/** Between two looks at how far a follower has come. */
const HEARD_MS = 10

/** Before a log is followed once more that ended while its container runs. */
const AGAIN_MS = 100

const Inspect = z.object({
  Config: z.object({ Tty: z.boolean() }),
  State: z.object({
    Running: z.boolean(),
    Restarting: z.boolean(),
    StartedAt: z.string(),
    FinishedAt: z.string()
  })
})

type Inspection = z.infer<typeof Inspect>
type OnChunk = (chunk: Buffer) => void
type Accept = (stamp: string) => boolean
type LogQuery = Readonly<Record<string, string | undefined>>

/**
 * Follows what a container writes, from its last start on, without gaps. Two things of the engine stand in the way:
 *
 * It keeps the output of all starts in one log, which `StartedAt` does not divide: the first lines of a start were
 * seen up to 0.7 ms before it (20.10). So the newest time in the log is read before each start, when nothing writes.
 *
 * A follower loses what it has not read when the container stops: the last line (moby/moby#43860), or everything, while
 * the daemon still decodes the log of an earlier start (20.10: 12 of 14 restarts under a flood). So when the stream has
 * ended, the end of the log is read, and what follows the last message seen is passed on.
 */
export class Logs {
  readonly #exchange: Exchange
  readonly #fresh = new Set<string>()
  /** Where the output of the last start begins, for containers that were started here; undefined is the very beginning. */
  readonly #since = new Map<string, bigint | undefined>()
  /** The newest time that the follower of a container has been given. */
  readonly #heard = new Map<string, string>()

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** To be called for each container that was just created: its first start needs no look at its log. */
  created(id: string): void {
    this.#fresh.add(id)
  }

  /**
   * To be called before each start.
   * @throws EngineError when the engine does not say where the output so far ends: some of it would be taken for that of the
   *   next start
   */
  async beforeStart(id: string): Promise<void> {
    if (this.#fresh.delete(id)) {
      this.#since.set(id, undefined)
      return
    }
    const inspection = await this.#inspect(id)
    const newest = await this.#newest(id, inspection)
    const said = newest === undefined ? 0n : nanoseconds(newest) + 1n
    const finished = nanoseconds(inspection.State.FinishedAt)
    // An answer may be shorter than it looks: nothing of the earlier run is newer than its end, but for a last line.
    const end = said > finished ? said : finished
    this.#since.set(id, end > 0n ? end : undefined)
  }

  forget(id: string): void {
    this.#fresh.delete(id)
    this.#since.delete(id)
    this.#heard.delete(id)
  }

  /** As in the port. */
  async follow(id: string, onChunk: OnChunk, signal: AbortSignal): Promise<void> {
    const pass: OnChunk = (chunk) => {
      if (!signal.aborted) onChunk(chunk)
    }
    try {
      const inspection = await this.#inspect(id)
      const boundary = this.#boundary(id, inspection)
      const since = boundary === undefined ? undefined : timestamp(boundary)
      this.#heard.delete(id)
      if (inspection.Config.Tty) await this.#followRaw(id, since, pass, signal)
      else await this.#followMessages(id, since, inspection, pass, signal)
    } catch (error) {
      if (!signal.aborted) throw transportError('follow output', error)
    }
  }

  /** As in the port. @throws EngineError; the signal's reason */
  async heard(id: string, signal: AbortSignal): Promise<void> {
    const inspection = await this.#inspect(id)
    if (inspection.Config.Tty) return
    const newest = await this.#newest(id, inspection)
    const since = this.#boundary(id, inspection)
    // What is older than the boot is not followed.
    if (newest === undefined || (since !== undefined && nanoseconds(newest) < since)) return
    while ((this.#heard.get(id) ?? '') < newest) await delay(HEARD_MS, undefined, { signal })
  }

  async #followMessages(
    id: string,
    since: string | undefined,
    started: Inspection,
    onChunk: OnChunk,
    signal: AbortSignal
  ): Promise<void> {
    const progress = new Progress()
    const read = async (ask: LogQuery, accept: Accept): Promise<void> => {
      const reader = messageReader(
        'follow output',
        (stamp) => {
          const accepted = accept(stamp)
          if (accepted) {
            progress.passOn(stamp)
            if (stamp > (this.#heard.get(id) ?? '')) this.#heard.set(id, stamp)
          }
          return accepted
        },
        onChunk
      )
      await this.#read(id, { timestamps: '1', ...ask }, reader, signal)
    }
    const all: Accept = () => true
    for (;;) {
      if (progress.last === undefined) await read({ follow: '1', since }, all)
      else
        await searchFrom(progress.last, 'newer', (window, accept) => read({ follow: '1', ...window }, accept))
      if (progress.last === undefined) await read({ since }, all)
      else await catchUp(progress.last, read)
      const { State } = await this.#inspect(id)
      const runsOn = State.Running && !State.Restarting && State.StartedAt === started.State.StartedAt
      if (!runsOn) return
      await delay(AGAIN_MS, undefined, { signal })
    }
  }

  /** With a tty the messages cannot be told apart, so that all of them are read again and counted. */
  async #followRaw(
    id: string,
    since: string | undefined,
    onChunk: OnChunk,
    signal: AbortSignal
  ): Promise<void> {
    let seen = 0
    const count = (part: Buffer): void => {
      seen += part.length
      onChunk(part)
    }
    await this.#read(id, { follow: '1', since }, rawOutput({ payload: count }), signal)
    let skip = seen
    const missed = (part: Buffer): void => {
      if (part.length > skip) onChunk(part.subarray(skip))
      skip = Math.max(0, skip - part.length)
    }
    await this.#read(id, { since }, rawOutput({ payload: missed }), signal)
  }

  /** Where a container was started by somebody else, the end of its earlier run is the best that the engine knows. */
  #boundary(id: string, { State }: Inspection): bigint | undefined {
    if (this.#since.has(id)) return this.#since.get(id)
    const finished = nanoseconds(State.FinishedAt)
    return finished > 0n && finished < nanoseconds(State.StartedAt) ? finished : undefined
  }

  /** @returns the newest stamp; undefined when there is none */
  async #newest(id: string, { Config }: Pick<Inspection, 'Config'>): Promise<string | undefined> {
    let newest: string | undefined
    const see = (stamp: string): boolean => {
      if (nanoseconds(stamp) > 0n && stamp > (newest ?? '')) newest = stamp
      return false
    }
    const text: Buffer[] = []
    const reader = Config.Tty
      ? rawOutput({ payload: (part) => text.push(part) })
      : messageReader('read the end of the output', see, () => undefined)
    await this.#read(id, { timestamps: '1', tail: LAST_MESSAGES }, reader, undefined)
    for (const line of Buffer.concat(text).toString('latin1').split('\n')) see(line.split(' ', 1)[0] ?? '')
    return newest
  }

  async #read(
    id: string,
    ask: LogQuery,
    reader: OutputReader,
    signal: AbortSignal | undefined
  ): Promise<void> {
    const operation = 'read output'
    const path = `/containers/${segment(id)}/logs${query({ stdout: '1', stderr: '1', ...ask })}`
    const response = await this.#exchange.open({
      operation,
      method: 'GET',
      path,
      ...(ask.follow === undefined ? {} : { stream: true }),
      ...(signal === undefined ? {} : { signal })
    })
    try {
      for await (const chunk of body(response)) reader.push(chunk)
    } catch (error) {
      throw transportError(operation, error)
    }
    reader.end()
  }

  #inspect(id: string): Promise<Inspection> {
    const path = `/containers/${segment(id)}/json`
    return this.#exchange.must({ operation: 'inspect container', method: 'GET', path }, Inspect)
  }
}

/** Passes on what follows the last message seen, from as near to the end of the log as it can be found. */
async function catchUp(
  last: Position,
  read: (ask: LogQuery, accept: Accept) => Promise<void>
): Promise<void> {
  for (const tail of MISSED) {
    const search = new Search(last, 'tail')
    await read({ tail }, (stamp) => search.accepts(stamp))
    if (search.found) return
  }
  if (!(await searchFrom(last, 'since', read))) await searchFrom(last, 'newer', read)
}

/** Reads from the time of the last message seen on. @returns whether that message was still there */
async function searchFrom(
  last: Position,
  window: 'since' | 'newer',
  read: (ask: LogQuery, accept: Accept) => Promise<void>
): Promise<boolean> {
  const search = new Search(last, window)
  await read({ since: timestamp(nanoseconds(last.stamp)) }, (stamp) => search.accepts(stamp))
  return search.found
}
