import { type OutputParts, type OutputReader, framedOutput } from './output.js'

/**
 * A message of a log, counted among those of its time: the parts of a line of more than 16 KiB are messages of the same
 * time and often of the same size (20.10, `daemon/logger/copier.go`).
 */
export interface Position {
  /** RFC 3339 with nine decimals, in UTC: in the order of the text (moby, RFC3339NanoFixed). */
  readonly stamp: string
  readonly count: number
}

/** Longer than any stamp with its space. */
const STAMP_BOUND = 40
const SPACE = 0x20

/** Messages of how many times are counted; stdout and stderr may each be in the middle of a long line. */
const TIMES = 8

/** Keeps the position of the last message that was passed on. */
export class Progress {
  readonly #counts = new Map<string, number>()
  #last: Position | undefined

  get last(): Position | undefined {
    return this.#last
  }

  passOn(stamp: string): void {
    const count = (this.#counts.get(stamp) ?? 0) + 1
    this.#counts.delete(stamp)
    this.#counts.set(stamp, count)
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > TIMES && oldest !== undefined) this.#counts.delete(oldest)
    this.#last = { stamp, count }
  }
}

/** Finds the messages behind a position while a log is read. */
export class Search {
  readonly #position: Position
  readonly #window: 'tail' | 'since' | 'newer'
  #left: number
  #trusted: boolean | undefined

  /**
   * @param window `tail` for the end of the log, which must begin before the position's time to be counted in; `since`
   *   for all messages from that time on; `newer` accepts later messages also where the position is not in the log any more
   */
  constructor(position: Position, window: 'tail' | 'since' | 'newer') {
    this.#position = position
    this.#window = window
    this.#left = position.count
  }

  /** Whether the position was seen, so that nothing is missing. */
  get found(): boolean {
    return this.#left === 0
  }

  /** Whether the next message is behind the position. */
  accepts(stamp: string): boolean {
    this.#trusted ??= this.#window !== 'tail' || stamp < this.#position.stamp
    if (!this.#trusted) return false
    if (this.found) return true
    if (stamp === this.#position.stamp) {
      this.#left -= 1
      return false
    }
    return this.#window === 'newer' && stamp > this.#position.stamp
  }
}

/**
 * Reads a log with `timestamps=1`: each frame is one message, which begins with its time and a space.
 *
 * @param accept decides on a message by its time, as it begins, whether it is passed on
 * @param onChunk receives the messages' own bytes
 */
export function messageReader(
  operation: string,
  accept: (stamp: string) => boolean,
  onChunk: (chunk: Buffer) => void
): OutputReader {
  let stamp: Buffer | undefined = Buffer.alloc(0)
  let wanted = false

  const parts: OutputParts = {
    frame: () => {
      stamp = Buffer.alloc(0)
    },
    payload: (part) => {
      let rest = part
      if (stamp !== undefined) {
        const end = part.indexOf(SPACE)
        const head = end === -1 ? part : part.subarray(0, end)
        stamp = Buffer.concat([stamp, head.subarray(0, STAMP_BOUND)])
        // Without an end the stamp goes on in the next part.
        if (end === -1 && stamp.length < STAMP_BOUND) return
        wanted = accept(stamp.toString('latin1'))
        stamp = undefined
        rest = part.subarray(end + 1)
      }
      if (wanted && rest.length > 0) onChunk(rest)
    }
  }
  return framedOutput(operation, parts)
}
