import { request } from 'node:http'
import { passed, portProbe } from './poll.js'
import type { Address, Probe } from './probe.js'

/**
 * How long the first request may take that is not answered; the next one gets a new connection and twice the time, so that
 * a slow first answer is not asked for in vain again and again.
 */
const ATTEMPT_MS = 10_000

/** Bytes of a body that are read, so that a server is not cut off in the middle of a normal answer. */
const BODY_BYTES = 64 * 1024

/** What came of one request. */
export type HttpAnswer =
  | { readonly kind: 'status'; readonly status: number }
  /** Something answered, in another language. */
  | { readonly kind: 'not-http'; readonly why: string }
  /** The connection lasted, and nothing came in time. */
  | { readonly kind: 'silent'; readonly why: string }
  | { readonly kind: 'closed'; readonly why: string }

/**
 * Passes when a GET is answered with one of the wanted statuses. Redirects are not followed: they do not pass as 2xx, since
 * a proxy or a login page in front of a dead application answers them too.
 * @param wanted `2xx`, or the very status that the control saw
 */
export function httpProbe(port: number, path: string, wanted: '2xx' | number): Probe {
  return portProbe(port, () => {
    let attemptMs = ATTEMPT_MS
    return async (address, signal) => {
      const answer = await get(address, path, attemptMs, signal)
      if (answer.kind === 'silent') attemptMs *= 2
      if (answer.kind !== 'status') return answer.why
      const passes = wanted === '2xx' ? answer.status >= 200 && answer.status < 300 : answer.status === wanted
      return passes ? passed : `answered ${answer.status}`
    }
  })
}

/**
 * One GET on a connection of its own. The status decides once the headers are there; the body is read up to a bound, so
 * that the server does not log a broken pipe, and an endless one costs no more than the deadline. node:http and not `fetch`:
 * Node 20's `fetch` once never settled on a connection that docker-proxy accepts and closes.
 */
export function get(
  address: Address,
  path: string,
  deadlineMs: number,
  signal: AbortSignal
): Promise<HttpAnswer> {
  if (signal.aborted) return Promise.resolve({ kind: 'closed', why: 'aborted' })
  return new Promise((resolve) => {
    let status: number | undefined
    let bodyBytes = 0
    const asked = request({
      host: address.host,
      port: address.port,
      path,
      agent: false,
      headers: { 'User-Agent': 'cache-crash-test', Accept: '*/*' }
    })
    const settle = (answer: HttpAnswer) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      asked.destroy()
      resolve(status === undefined ? answer : { kind: 'status', status })
    }
    const onAbort = () => {
      settle({ kind: 'closed', why: 'aborted' })
    }
    const timer = setTimeout(() => {
      settle({ kind: 'silent', why: `no answer within ${deadlineMs / 1000} s` })
    }, deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    asked.on('response', (response) => {
      status = response.statusCode
      response.on('data', (chunk: Buffer) => {
        bodyBytes += chunk.length
        if (bodyBytes > BODY_BYTES) settle({ kind: 'closed', why: 'answered without a status' })
      })
      response.on('error', () => undefined)
      response.on('close', () => {
        settle({ kind: 'closed', why: 'answered without a status' })
      })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('HPE_')) settle({ kind: 'not-http', why: 'answered, but not in HTTP' })
      else settle({ kind: 'closed', why: error.message })
    })
    asked.on('close', () => {
      settle({ kind: 'closed', why: 'closed the connection without an answer' })
    })
    asked.end()
  })
}
