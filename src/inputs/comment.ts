import type { CommentRequest } from '../model.js'
import { didYouMean } from './nearest.js'
import type { ProblemList } from './problems.js'

const TIMES = ['never', 'on-failure', 'always'] as const

/**
 * @param token of the input `github-token`; a secret, so no problem quotes it
 * @returns when to comment on the pull request, and with what; never, after a problem
 */
export function parseComment(
  value: string,
  token: string | undefined,
  problems: ProblemList
): CommentRequest {
  const when = TIMES.find((candidate) => candidate === value)
  if (when === undefined) {
    problems.add('comment', value, `is not a valid value${didYouMean(value, TIMES)}`, TIMES.join(', '))
  } else if (when !== 'never' && token === undefined) {
    problems.add('github-token', undefined, `is needed for "comment: ${when}"`, 'e.g. ${{ github.token }}')
  } else if (when !== 'never' && token !== undefined) {
    return { when, token }
  }
  return { when: 'never' }
}
