import { context } from '@actions/github'
import type { CommentRequest } from '../model.js'
import { COMMENT_LIMIT, renderComment } from '../report/comment.js'
import type { Report } from '../report/report.js'
import { explainRefusal, refusalOf } from './refusal.js'
import { writeSticky, type StickyOutcome } from './sticky-comment.js'
import { markerOf, pullRequestOf, type PullRequest } from './target.js'
import { messageOf } from '../thrown.js'

/** What became of a comment, in words for whoever reads the log. */
export interface CommentResult {
  readonly kind: 'not-asked' | 'no-pull-request' | 'written' | 'refused'
  readonly message: string
}

const PATIENCE_MS = 90_000
const ANSWER_MS = 20_000
/** For the marker, which is added to what is rendered. */
const MARKER_LENGTH = 200

/**
 * Comments on the pull request that this workflow runs for, if the request and the verdict ask for it. Never throws.
 * @param leg of the matrix, which is only hashed
 */
export async function commentOn(
  report: Report,
  leg: string | null,
  request: CommentRequest,
  environment: NodeJS.ProcessEnv
): Promise<CommentResult> {
  if (request.when === 'never') return { kind: 'not-asked', message: '' }
  const pullRequest = pullRequestOf(context.payload)
  const [owner = '', repo = ''] = (environment.GITHUB_REPOSITORY ?? '').split('/')
  if (pullRequest === undefined || repo === '') {
    const event = environment.GITHUB_EVENT_NAME ?? 'this'
    return {
      kind: 'no-pull-request',
      message: `There is no pull request to comment on: the workflow runs for the event ${event}.`
    }
  }
  const runId = context.runId
  const { shard } = report.part
  const marker = markerOf(
    {
      workflow: environment.GITHUB_WORKFLOW ?? '',
      job: environment.GITHUB_JOB ?? '',
      step: environment.GITHUB_ACTION ?? '',
      leg,
      shard: shard === null ? null : `${shard.index}/${shard.total}`
    },
    runId
  )
  try {
    const outcome = await writeSticky(
      {
        repository: { owner, repo },
        pullRequest,
        marker,
        runId,
        body: renderComment(report, COMMENT_LIMIT - MARKER_LENGTH),
        create: request.when === 'always' || report.verdict === 'failed'
      },
      { token: request.token, apiUrl: context.apiUrl, patienceMs: PATIENCE_MS, answerMs: ANSWER_MS }
    )
    return { kind: 'written', message: told(outcome, pullRequest) }
  } catch (error) {
    return {
      kind: 'refused',
      message: `No comment was written. ${explained(error, pullRequest)} ${NOTHING_LOST}`
    }
  }
}

const NOTHING_LOST = 'Nothing is lost: the job summary has the whole report, and the verdict stays as it is.'

function explained(error: unknown, pullRequest: PullRequest): string {
  const refusal = refusalOf(error)
  if (refusal !== undefined) return explainRefusal(refusal, pullRequest)
  return `${messageOf(error)}.`
}

function told(outcome: StickyOutcome, { number }: PullRequest): string {
  switch (outcome) {
    case 'created':
      return `Commented on pull request ${number}.`
    case 'updated':
      return `Brought the comment on pull request ${number} up to date.`
    case 'none':
      return `Nothing to say on pull request ${number}: no comment of an earlier failure is there.`
    case 'superseded':
      return `The comment on pull request ${number} is of a later run, and stays.`
  }
}
