import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { explainRefusal, waitBeforeRetry } from '../../src/pull-request/refusal.js'
import { writeSticky, type StickyComment } from '../../src/pull-request/sticky-comment.js'
import { markerOf, pullRequestOf, runOf } from '../../src/pull-request/target.js'
import { BOT, fakeGitHub, TOKEN, type Answer, type FakeGitHub } from '../fixtures/github/server.js'

const identity = { workflow: 'CI', job: 'test', step: '__run', leg: null, shard: null }
const RUN = 4_200

let github: FakeGitHub
beforeEach(async () => {
  github = await fakeGitHub()
})
afterEach(async () => {
  await github.close()
})

function write(
  overrides: Partial<StickyComment> = {},
  patience: { patienceMs?: number; answerMs?: number } = {}
) {
  return writeSticky(
    {
      repository: { owner: 'octo-org', repo: 'octo-repo' },
      pullRequest: { number: 7, isFork: false },
      marker: markerOf(identity, RUN),
      runId: RUN,
      body: 'red',
      create: true,
      ...overrides
    },
    { token: TOKEN, apiUrl: github.url, patienceMs: 20_000, answerMs: 10_000, ...patience }
  )
}

const limited = (
  headers: Record<string, string>,
  message = 'You have exceeded a secondary rate limit'
): Answer => ({
  status: 403,
  headers,
  body: { message }
})

describe('the sticky comment', () => {
  test('is written once, and brought up to date by later runs', async () => {
    expect(await write()).toBe('created')
    expect(await write({ body: 'green', runId: RUN + 1, marker: markerOf(identity, RUN + 1) })).toBe(
      'updated'
    )
    expect(github.comments).toMatchObject([{ body: `${markerOf(identity, RUN + 1).line}\ngreen` }])
  })

  test('is found on the last of several pages', async () => {
    const others = Array.from({ length: 205 }, (_, id) => ({
      id,
      body: 'hello',
      user: { login: 'somebody' }
    }))
    github.comments.push(...others, {
      id: 777,
      body: `${markerOf(identity, 1).line}\nred`,
      user: { login: BOT }
    })
    expect(await write({ body: 'green' })).toBe('updated')
    expect(github.requests.filter((line) => line.startsWith('GET'))).toHaveLength(3)
    expect(github.comments.at(-1)?.body).toContain('green')
    expect(github.comments).toHaveLength(206)
  })

  test('of another job, leg or step is another comment', async () => {
    await write()
    for (const other of [{ job: 'b' }, { leg: 'python:3.9' }, { shard: '1/2' }, { step: 'second' }])
      expect(await write({ marker: markerOf({ ...identity, ...other }, RUN) })).toBe('created')
    expect(github.comments).toHaveLength(5)
  })

  test('of somebody else is never touched, whatever it looks like', async () => {
    const forged = `${markerOf(identity, 1).line}\nall is well`
    github.comments.push({ id: 1, body: forged, user: { login: 'mallory' } })
    expect(await write()).toBe('created')
    expect(github.comments[0]?.body).toBe(forged)
  })

  test('of a later run stays', async () => {
    await write()
    expect(await write({ runId: RUN - 1, marker: markerOf(identity, RUN - 1), body: 'old' })).toBe(
      'superseded'
    )
    expect(github.comments[0]?.body).toContain('red')
  })

  test('is not begun where nothing failed before', async () => {
    expect(await write({ create: false })).toBe('none')
    expect(github.comments).toEqual([])
  })
})

describe('where GitHub fails', () => {
  test.each<[string, Answer[]]>([
    [
      'with 502, then not any more',
      [{ status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>no</h1>' }]
    ],
    ['by a secondary rate limit with a time to wait', [limited({ 'retry-after': '1' })]],
    [
      'by the primary rate limit, reset in a moment',
      [limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' }, 'API rate limit exceeded')]
    ]
  ])('%s: it is asked again', async (_, answers) => {
    github.instead.push(...answers.map((answer) => () => answer))
    expect(await write()).toBe('created')
    expect(github.comments).toHaveLength(1)
  })

  test('after it wrote the comment, the comment is found and not written twice', async () => {
    github.instead.push(
      () => undefined,
      (line) => {
        github.comments.push({ id: 5, body: `${markerOf(identity, RUN).line}\nred`, user: { login: BOT } })
        return { status: 504, body: { message: `lost: ${line}` } }
      }
    )
    expect(await write()).toBe('updated')
    expect(github.comments).toHaveLength(1)
  })

  test.each([401, 403, 404, 410, 422])('with %i, it is asked once', async (status) => {
    github.instead.push(() => ({ status, body: { message: 'Resource not accessible by integration' } }))
    await expect(write()).rejects.toMatchObject({ status })
    expect(github.requests).toHaveLength(1)
  })

  test('for longer than patience lasts, it is left', async () => {
    github.instead.push(() => limited({ 'retry-after': '3600' }))
    await expect(write()).rejects.toMatchObject({ status: 403 })
    expect(github.requests).toHaveLength(1)
  })

  test('to answer at all, it is left when patience ends', async () => {
    github.instead.push(() => 'never')
    await expect(write({}, { patienceMs: 300 })).rejects.toThrow('GitHub did not answer in time')
  })

  test('to answer one request in time, it is asked again', async () => {
    github.instead.push(() => 'never')
    expect(await write({}, { answerMs: 500 })).toBe('created')
  })

  test.each<[string, Answer]>([
    ['is no JSON', { status: 200, body: '<html>' }],
    ['is another JSON', { status: 200, body: { comments: [] } }],
    ['has other types', { status: 200, body: [{ id: 'x', body: 1 }] }]
  ])('and its answer %s, nothing is written', async (_, answer) => {
    github.instead.push(() => answer)
    await expect(write()).rejects.toThrow('GitHub’s answer was not understood')
    expect(github.comments).toEqual([])
  })
})

describe('how long to wait', () => {
  const refusal = (status: number, headers: Record<string, string> = {}, message = '') => ({
    status,
    headers,
    message
  })
  test.each([
    [refusal(500), 1, 1_000],
    [refusal(503), 3, 4_000],
    [refusal(503, { 'retry-after': '7' }), 1, 7_000],
    [refusal(429, { 'retry-after': '0' }), 1, 1_000],
    [refusal(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '130' }), 1, 30_000],
    [refusal(403, {}, 'You have exceeded a secondary rate limit.'), 1, 60_000],
    [refusal(429), 1, 60_000],
    [refusal(403, {}, 'Resource not accessible by integration'), 1, undefined],
    [refusal(404), 1, undefined],
    [refusal(422), 1, undefined]
  ])('%j, attempt %i: %s ms', (given, attempt, expected) => {
    expect(waitBeforeRetry(given, attempt, 100_000)).toBe(expected)
  })
})

describe('a refusal', () => {
  const words = (status: number, isFork = false) =>
    explainRefusal({ status, message: 'no', headers: {} }, { number: 7, isFork })
  test('says what to do', () => {
    expect(words(403)).toContain('permissions: pull-requests: write')
    expect(words(403, true)).toContain('comes from a fork')
    expect(words(401)).toContain('github-token')
    expect(words(404)).toContain('does not see pull request 7')
    expect(words(422)).toBe('GitHub answered 422: no.')
  })
})

describe('the pull request of an event', () => {
  const repo = (name: string) => ({ repo: { full_name: name } })
  test.each([
    [{ pull_request: { number: 7, head: repo('a/b'), base: repo('a/b') } }, { number: 7, isFork: false }],
    [{ pull_request: { number: 7, head: repo('c/b'), base: repo('a/b') } }, { number: 7, isFork: true }],
    [{ pull_request: { number: 7, head: { repo: null }, base: repo('a/b') } }, { number: 7, isFork: true }],
    [{ issue: { number: 7, pull_request: {} } }, { number: 7, isFork: false }],
    [{ issue: { number: 7 } }, undefined],
    [{ ref: 'refs/heads/main' }, undefined],
    [{ pull_request: { number: '7' } }, undefined],
    [{}, undefined],
    ['text', undefined]
  ])('%j', (payload, expected) => {
    expect(pullRequestOf(payload)).toEqual(expected)
  })
})

test('a marker says which run wrote a comment, and nothing in it can end it', () => {
  const marker = markerOf({ ...identity, workflow: '--><script>', leg: '-->' }, 12)
  expect(marker.line).toMatch(/^<!-- cache-crash-test [0-9a-f]{32} run:12 -->$/)
  expect(runOf(`${marker.line}\ntext`, marker)).toBe(12)
  expect(runOf(`quoted: ${marker.line}`, marker)).toBeUndefined()
})
