import { connect } from 'node:net'
import { passed, poll } from './poll.js'
import type { Address, Probe } from './probe.js'

/**
 * How long a connection must last to count. docker-proxy accepts before anything listens in the container, and closes when
 * it cannot reach it, within a few milliseconds (Docker 20.10).
 */
export const HOLD_MS = 100

/** How long a server that speaks first may take to say something. */
export const GREETING_MS = 5000

const CONNECT_MS = 2000

/** What came of one connection. */
export type Knock = { readonly kind: 'greeting' | 'open' } | { readonly kind: 'closed'; readonly why: string }

/** Passes when the port accepts a connection and does not close it at once. */
export function tcpProbe(port: number): Probe {
  return (scene, said) =>
    poll(
      async () => {
        const address = await scene.address(port)
        if (typeof address === 'string') return address
        const answer = await knock(address, HOLD_MS, scene.signal)
        return answer.kind === 'closed' ? answer.why : passed
      },
      said,
      scene.signal
    )
}

/** Passes when the port says something unasked, as SMTP, SSH or MySQL do. */
export function greetingProbe(port: number): Probe {
  return (scene, said) =>
    poll(
      async () => {
        const address = await scene.address(port)
        if (typeof address === 'string') return address
        const answer = await knock(address, GREETING_MS, scene.signal)
        if (answer.kind === 'greeting') return passed
        return answer.kind === 'closed' ? answer.why : `said nothing for ${GREETING_MS / 1000} s`
      },
      said,
      scene.signal
    )
}

/**
 * Connects and listens, without sending anything.
 * @param holdMs how long the connection must last to be called `open`
 * @returns `greeting` as soon as anything is received; an aborted knock is `closed`
 */
export function knock(address: Address, holdMs: number, signal: AbortSignal): Promise<Knock> {
  if (signal.aborted) return Promise.resolve({ kind: 'closed', why: 'aborted' })
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port })
    const settle = (answer: Knock) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(answer)
    }
    const closed = (why: string) => {
      settle({ kind: 'closed', why })
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
      timer = setTimeout(() => {
        settle({ kind: 'open' })
      }, holdMs)
    })
    socket.on('data', () => {
      settle({ kind: 'greeting' })
    })
    socket.on('error', (error) => {
      closed(error.message)
    })
    socket.on('close', () => {
      closed('closed the connection without a word')
    })
  })
}
