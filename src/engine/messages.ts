import { type OutputParts, type OutputReader, framedOutput } from './output.js'

/** A log message, as far as it is told apart from others. */
export interface Message {
  /** RFC 3339 with nine decimals, in UTC: in the order of the text (moby, RFC3339NanoFixed). */
  readonly stamp: string
  /** Bytes of its frame, the stamp included. */
  readonly size: number
}

/** Longer than any stamp with its space. */
const STAMP_BOUND = 40
const SPACE = 0x20

export function isSame(a: Message, b: Message): boolean {
  return a.stamp === b.stamp && a.size === b.size
}

/**
 * Reads a log with `timestamps=1`: each frame is one message, which begins with its time and a space.
 *
 * @param accept decides on a message as it begins whether it is passed on
 * @param onChunk receives the messages' own bytes
 */
export function messageReader(
  operation: string,
  accept: (message: Message) => boolean,
  onChunk: (chunk: Buffer) => void
): OutputReader {
  let size = 0
  let stamp: Buffer | undefined = Buffer.alloc(0)
  let wanted = false

  const parts: OutputParts = {
    frame: (length) => {
      size = length
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
        wanted = accept({ stamp: stamp.toString('latin1'), size })
        stamp = undefined
        rest = part.subarray(end + 1)
      }
      if (wanted && rest.length > 0) onChunk(rest)
    }
  }
  return framedOutput(operation, parts)
}
