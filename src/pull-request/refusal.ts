import { z } from 'zod'
import type { PullRequest } from './target.js'

/** What GitHub answered instead of what was asked for, as Octokit throws it. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, unknown>>
}

const requestError = z.looseObject({
  status: z.int(),
  message: z.string(),
  response: z.looseObject({ headers: z.record(z.string(), z.unknown()) }).optional()
})

/** @returns undefined for what is no answer of GitHub */
export function refusalOf(error: unknown): Refusal | undefined {
  const { data } = requestError.safeParse(error)
  return data && { status: data.status, message: data.message, headers: data.response?.headers ?? {} }
}

const FIRST_WAIT_MS = 1_000
/** GitHub asks for a minute where a secondary limit comes without a time. */
const LIMITED_WAIT_MS = 60_000

/**
 * How long to wait before asking once more, by GitHub's rules
 * (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately):
 * what `retry-after` says, until `x-ratelimit-reset` where nothing remains, a minute for another rate limit; for failures of the
 * server or on the way, a time that doubles.
 * @param attempt how often it was tried, from 1
 * @param nowMs since 1970
 * @returns milliseconds; undefined where asking again cannot help
 */
export function waitBeforeRetry(
  { status, message, headers }: Refusal,
  attempt: number,
  nowMs: number
): number | undefined {
  const seconds = (name: string): number | undefined => {
    const value = headers[name]
    return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : undefined
  }
  const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1)
  const after = seconds('retry-after')
  if (status === 403 || status === 429) {
    if (after !== undefined) return Math.max(after * 1_000, backoff)
    const reset = seconds('x-ratelimit-reset')
    if (headers['x-ratelimit-remaining'] === '0' && reset !== undefined)
      return Math.max(reset * 1_000 - nowMs, backoff)
    return status === 429 || /rate limit/i.test(message) ? LIMITED_WAIT_MS : undefined
  }
  return status >= 500 ? Math.max((after ?? 0) * 1_000, backoff) : undefined
}

/** Why there is no comment, and what to do about it, in plain sentences. */
export function explainRefusal(refusal: Refusal, { number, isFork }: PullRequest): string {
  const { status, message } = refusal
  const answer = `GitHub answered ${status}: ${message.slice(0, 300)}`
  if (waitBeforeRetry(refusal, 1, 0) !== undefined)
    return status >= 500
      ? `${answer}, and went on doing so.`
      : `${answer}. Its rate limit lasts longer than this job should wait.`
  switch (status) {
    case 401:
      return `${answer}. Look at the input github-token: the token may have expired.`
    case 403:
      return isFork
        ? `The pull request comes from a fork, whose token may only read (${answer}).`
        : `The token may not comment (${answer}). Give the job \`permissions: pull-requests: write\`.`
    case 404:
      return `The token does not see pull request ${number} (${answer}). Give the job \`permissions: pull-requests: write\`.`
    default:
      return `${answer}.`
  }
}
