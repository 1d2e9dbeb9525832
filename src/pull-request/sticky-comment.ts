import { getOctokit } from '@actions/github'
import { z } from 'zod'
import { sleep, unlessAborted } from '../wait.js'
import { refusalOf, waitBeforeRetry } from './refusal.js'
import { runOf, type Marker, type PullRequest } from './target.js'

/** A comment that is written once and kept up to date. */
export interface StickyComment {
  readonly repository: { readonly owner: string; readonly repo: string }
  readonly pullRequest: PullRequest
  readonly marker: Marker
  readonly runId: number
  /** Markdown, without the marker. */
  readonly body: string
  /** Whether to write one where there is none. */
  readonly create: boolean
}

/** How GitHub is reached. */
export interface GitHubAccess {
  readonly token: string
  /** `GITHUB_API_URL`: that of github.com or of an own server. */
  readonly apiUrl: string
  /** Milliseconds for everything, waiting included. */
  readonly patienceMs: number
  /** Milliseconds for one answer. */
  readonly answerMs: number
}

export type StickyOutcome = 'created' | 'updated' | 'none' | 'superseded'

type Octokit = ReturnType<typeof getOctokit>

const MOST_ATTEMPTS = 5

/**
 * Writes the comment, or brings the one that is there up to date. It only ever touches a comment that carries the marker and was
 * written by the owner of the same token, and leaves one that a later run wrote alone.
 *
 * Where GitHub fails or asks to wait, everything is done once more from the beginning: a comment may have been written though
 * the answer was a failure, and is found then instead of being written twice.
 * @throws what GitHub answered in the end, as Octokit throws it; Error when it did not answer in time, or not sensibly
 */
export async function writeSticky(comment: StickyComment, access: GitHubAccess): Promise<StickyOutcome> {
  const signal = AbortSignal.timeout(access.patienceMs)
  const octokit = getOctokit(access.token, { baseUrl: access.apiUrl, log: SILENT })
  octokit.hook.before('request', ({ request }) => {
    request.signal = AbortSignal.any([signal, AbortSignal.timeout(access.answerMs)])
  })
  const until = performance.now() + access.patienceMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await unlessAborted(writeOnce(octokit, comment), signal)
    } catch (error) {
      if (signal.aborted) throw new Error('GitHub did not answer in time', { cause: error })
      // Octokit takes answers for what they should be.
      if (error instanceof TypeError) throw new Error('GitHub’s answer was not understood', { cause: error })
      const refusal = refusalOf(error)
      const wait = refusal && waitBeforeRetry(refusal, attempt, Date.now())
      if (wait === undefined || attempt === MOST_ATTEMPTS || performance.now() + wait >= until) throw error
      await sleep(wait, signal)
    }
  }
}

/** Octokit would print to the log, where commands are obeyed. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function nothing(): void {
  // Nothing.
}

async function writeOnce(octokit: Octokit, comment: StickyComment): Promise<StickyOutcome> {
  const { repository, pullRequest, marker, create } = comment
  const body = `${marker.line}\n${comment.body}`
  const there = await find(octokit, comment)
  if (there === undefined) {
    if (!create) return 'none'
    const issue = { ...repository, issue_number: pullRequest.number }
    await octokit.rest.issues.createComment({ ...issue, body })
    return 'created'
  }
  if (there.runId > comment.runId) return 'superseded'
  await octokit.rest.issues.updateComment({ ...repository, comment_id: there.id, body })
  return 'updated'
}

const commentsSchema = z.array(
  z.looseObject({
    id: z.int(),
    body: z.string().nullish(),
    user: z.looseObject({ login: z.string() }).nullish()
  })
)

async function find(
  octokit: Octokit,
  { repository, pullRequest, marker }: StickyComment
): Promise<{ readonly id: number; readonly runId: number } | undefined> {
  let viewer: string | undefined
  const pages = octokit.paginate.iterator(octokit.rest.issues.listComments, {
    ...repository,
    issue_number: pullRequest.number,
    per_page: 100
  })
  for await (const page of pages) {
    for (const { id, body, user } of understood(commentsSchema, page.data)) {
      const runId = runOf(body ?? '', marker)
      if (runId === undefined) continue
      viewer ??= await whoAmI(octokit)
      if (user?.login === viewer) return { id, runId }
    }
  }
  return undefined
}

const viewerSchema = z.looseObject({ viewer: z.looseObject({ login: z.string() }) })

/** Only GraphQL tells a workflow's token whom it speaks for: `github-actions[bot]`, as in the comments it writes. */
async function whoAmI(octokit: Octokit): Promise<string> {
  const answer: unknown = await octokit.graphql('query { viewer { login } }')
  return understood(viewerSchema, answer).viewer.login
}

function understood<T>(schema: z.ZodType<T>, answer: unknown): T {
  const { data, error } = schema.safeParse(answer)
  if (data === undefined) throw new Error('GitHub’s answer was not understood', { cause: error })
  return data
}
