import { EngineError } from './errors.js'

const HEADER_SIZE = 8
/** The daemon reports its own failure in the middle of a stream (moby, `pkg/stdcopy`, Systemerr). */
const DAEMON_ERROR = 3
const DAEMON_MESSAGE_BOUND = 2000

/** Receives what a stream of output is made of. */
export interface OutputParts {
  /** A frame begins. Raw output has none. */
  frame?(): void
  /** A part of a payload, in order of arrival; the buffer is not used again. */
  payload(part: Buffer): void
}

/** Takes a container's output apart, whatever the sizes of the chunks it arrives in. */
export interface OutputReader {
  push(chunk: Buffer): void
  /** @throws EngineError when the daemon reported an error in the stream, or the stream ended inside a frame */
  end(): void
}

/**
 * Reads frames of 8 bytes of header (stream, three zeros, big-endian size) and a payload, as moby's `pkg/stdcopy`
 * writes them for containers without a tty. Payloads are passed on as they arrive, never gathered.
 */
export function framedOutput(operation: string, parts: OutputParts): OutputReader {
  const header = Buffer.alloc(HEADER_SIZE)
  let headerFill = 0
  let left = 0
  let daemonWords = ''

  const isDaemonError = (): boolean => header[0] === DAEMON_ERROR
  const payload = (part: Buffer): void => {
    if (!isDaemonError()) parts.payload(part)
    else if (daemonWords.length < DAEMON_MESSAGE_BOUND) daemonWords += part.toString('utf8')
  }

  return {
    push(chunk) {
      let offset = 0
      while (offset < chunk.length) {
        if (left > 0) {
          const part = chunk.subarray(offset, offset + left)
          offset += part.length
          left -= part.length
          payload(part)
          continue
        }
        const copied = chunk.copy(header, headerFill, offset, offset + HEADER_SIZE - headerFill)
        offset += copied
        headerFill += copied
        if (headerFill < HEADER_SIZE) return
        headerFill = 0
        left = header.readUInt32BE(4)
        if (!isDaemonError()) parts.frame?.()
      }
    },
    end() {
      if (daemonWords !== '') {
        throw new EngineError(operation, undefined, daemonWords.slice(0, DAEMON_MESSAGE_BOUND))
      }
      if (left > 0 || headerFill > 0) throw new EngineError(operation, undefined, 'the output broke off')
    }
  }
}

/** With a tty there is one stream and no frames. */
export function rawOutput(parts: OutputParts): OutputReader {
  return {
    push(chunk) {
      parts.payload(chunk)
    },
    end() {
      // Nothing marks the end of raw output.
    }
  }
}
