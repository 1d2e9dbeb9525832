import { connect } from 'node:net'
import { passed, portProbe } from './poll.js'
import type { Address, Probe } from './probe.js'

/**
 * How long a connection must last at least to count. docker-proxy accepts before anything listens in the container, and
 * closes when it cannot reach it, within a few milliseconds (Docker 20.10).
 */
const FIRST_HOLD_MS = 100

/** The same for the connection after that, which has to confirm it: a busy machine takes longer to close. */
export const HELD_MS = 1000

/** How many times as long as it ever took to close a connection must last to count, and the most that it must. */
const HOLD_FACTOR = 10
const LONGEST_HOLD_MS = 2000

/** How long a server that speaks first may take to say something, the first time that it is asked. */
export const GREETING_MS = 5000

const CONNECT_MS = 2000

/** What came of one connection. */
export type Knock =
  | { readonly kind: 'greeting' | 'open' }
  /** `lastedMs` is how long it was open, 0 where it never was. */
  | { readonly kind: 'closed'; readonly why: string; readonly lastedMs: number }

/** Passes when the port twice in a row accepts a connection and does not close it, or says something. */
export function tcpProbe(port: number): Probe {
  return portProbe(port, () => {
    let closedMs = 0
    return async (address, signal) => {
      for (const leastMs of [FIRST_HOLD_MS, HELD_MS]) {
        const holdMs = Math.min(Math.max(leastMs, closedMs * HOLD_FACTOR), LONGEST_HOLD_MS)
        const answer = await knock(address, holdMs, signal)
        if (answer.kind === 'greeting') return passed
        if (answer.kind === 'closed') {
          closedMs = Math.max(closedMs, answer.lastedMs)
          return answer.why
        }
      }
      return passed
    }
  })
}

/** Passes when the port says something unasked, as SMTP, SSH or MySQL do. */
export function greetingProbe(port: number): Probe {
  return portProbe(port, () => {
    let attemptMs = GREETING_MS
    return async (address, signal) => {
      const answer = await knock(address, attemptMs, signal)
      if (answer.kind === 'greeting') return passed
      if (answer.kind === 'closed') return answer.why
      const silence = `said nothing for ${attemptMs / 1000} s`
      attemptMs *= 2
      return silence
    }
  })
}

/**
 * Connects and listens, without sending anything.
 * @param holdMs how long the connection must last to be called `open`
 * @returns `greeting` as soon as anything is received; an aborted knock is `closed`
 */
export function knock(address: Address, holdMs: number, signal: AbortSignal): Promise<Knock> {
  if (signal.aborted) return Promise.resolve({ kind: 'closed', why: 'aborted', lastedMs: 0 })
  return new Promise((resolve) => {
    let openSince: number | undefined
    const socket = connect({ host: address.host, port: address.port })
    const settle = (answer: Knock) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(answer)
    }
    const closed = (why: string) => {
      settle({ kind: 'closed', why, lastedMs: openSince === undefined ? 0 : performance.now() - openSince })
    }
    const onAbort = () => {
      closed('aborted')
    }
    let timer = setTimeout(() => {
      closed(`no connection within ${CONNECT_MS / 1000} s`)
    }, CONNECT_MS)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('connect', () => {
      clearTimeout(timer)
      openSince = performance.now()
      timer = setTimeout(() => {
        // Where this process is late, the end may be there and not read yet: node reads after it has served its timers.
        setImmediate(() => {
          settle({ kind: 'open' })
        })
      }, holdMs)
    })
    socket.on('data', () => {
      settle({ kind: 'greeting' })
    })
    socket.on('error', (error) => {
      closed(error.message)
    })
    const onEnd = () => {
      closed('closed the connection without a word')
    }
    socket.on('end', onEnd)
    socket.on('close', onEnd)
  })
}
