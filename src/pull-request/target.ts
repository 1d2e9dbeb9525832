import { createHash } from 'node:crypto'
import { z } from 'zod'

/** The pull request that a workflow runs for. */
export interface PullRequest {
  readonly number: number
  /** Whether it comes from another repository: its workflows get a token that may only read. */
  readonly isFork: boolean
}

const repository = z.looseObject({ full_name: z.string() }).nullish()
const pullRequestEvent = z.looseObject({
  pull_request: z.looseObject({
    number: z.int().positive(),
    head: z.looseObject({ repo: repository }).nullish(),
    base: z.looseObject({ repo: repository }).nullish()
  })
})
const commentEvent = z.looseObject({
  issue: z.looseObject({ number: z.int().positive(), pull_request: z.looseObject({}) })
})

/**
 * Reads the pull request from an event: `pull_request`, `pull_request_target` and its reviews have one, `issue_comment` has one
 * where the issue is a pull request
 * (https://docs.github.com/webhooks/webhook-events-and-payloads).
 * @param payload as GitHub wrote it to `GITHUB_EVENT_PATH`
 * @returns undefined for every other event
 */
export function pullRequestOf(payload: unknown): PullRequest | undefined {
  const ofPullRequest = pullRequestEvent.safeParse(payload).data?.pull_request
  if (ofPullRequest !== undefined) {
    const { number, head, base } = ofPullRequest
    // A fork that was deleted has no repository any more.
    return { number, isFork: head?.repo?.full_name !== base?.repo?.full_name }
  }
  const issue = commentEvent.safeParse(payload).data?.issue
  return issue === undefined ? undefined : { number: issue.number, isFork: false }
}

/** What tells one comment of ours from the others on the same pull request. */
export interface CommentIdentity {
  readonly workflow: string
  readonly job: string
  /** `GITHUB_ACTION`: which step of the job it is; its `id` where it has one. */
  readonly step: string
  readonly leg: string | null
  readonly shard: string | null
}

/** The hidden first line of a comment: whose it is, and which run wrote it. */
export interface Marker {
  readonly line: string
  /** What the line starts with, whichever run wrote it. */
  readonly prefix: string
}

/** @param runId of the workflow run; GitHub counts them upwards */
export function markerOf({ workflow, job, step, leg, shard }: CommentIdentity, runId: number): Marker {
  // Names are others' words: in a hash they cannot end the comment that they are in.
  const hash = createHash('sha256')
    .update(JSON.stringify([workflow, job, step, leg, shard]))
    .digest('hex')
  const prefix = `<!-- cache-crash-test ${hash.slice(0, 32)} run:`
  return { prefix, line: `${prefix}${runId} -->` }
}

/** @returns which run wrote a comment; undefined where it is not the marker's comment */
export function runOf(body: string, { prefix }: Marker): number | undefined {
  if (!body.startsWith(prefix)) return undefined
  const run = /^(\d{1,15}) -->/.exec(body.slice(prefix.length))?.[1]
  return run === undefined ? undefined : Number(run)
}
