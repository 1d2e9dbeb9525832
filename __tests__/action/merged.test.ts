import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { makeReport, type Report } from '../../src/report/report.js'
import { BOT, fakeGitHub, TOKEN, type FakeGitHub } from '../fixtures/github/server.js'
import { hostile } from '../fixtures/report/hostile.js'
import { inputs, record, result } from '../fixtures/report/record.js'
import { rich } from '../fixtures/report/rich.js'
import { pullRequestEnv } from './job.js'
import { runAction, type ActionRun } from './runner.js'

let directory: string
let github: FakeGitHub
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'merge-'))
  github = await fakeGitHub()
})
afterEach(async () => {
  await github.close()
  await rm(directory, { recursive: true })
})

const passing = record({ results: [result({}, { kind: 'recovered', detail: 'fine' })] })
const leg = (name: string): Report =>
  makeReport({ ...passing, inputs: inputs({ leg: { name, jobs: 2 } }) }, { job: 'crash-test' })

/** Joins the reports, as a job of a pull request's workflow does: nothing of Docker can be reached. */
async function merge(
  reports: Readonly<Record<string, Report>>,
  { comment = 'never', ...run }: { comment?: string; event?: object; runId?: number } = {}
): Promise<ActionRun> {
  await rm(join(directory, 'reports'), { recursive: true, force: true })
  await mkdir(join(directory, 'reports'))
  for (const [name, report] of Object.entries(reports)) {
    await mkdir(join(directory, 'reports', name), { recursive: true })
    await writeFile(join(directory, 'reports', name, 'report.json'), JSON.stringify(report))
  }
  return await runAction(
    { mode: 'merge', 'merge-from': join(directory, 'reports'), comment, 'github-token': TOKEN },
    {
      workspace: directory,
      env: {
        DOCKER_HOST: 'tcp://127.0.0.1:9',
        ...(await pullRequestEnv(directory, github.url, run))
      }
    }
  )
}

describe('mode: merge', () => {
  test('joins the legs of a matrix into one verdict, summary, report and outputs', async () => {
    const { exitCode, outputs, summary, report } = await merge({
      a: leg('python:3.9'),
      b: leg('python:3.13')
    })
    expect(exitCode).toBe(0)
    expect(outputs.get('verdict')).toBe('passed')
    expect(outputs.get('total')).toBe('2')
    expect(report?.legs.map(({ name }) => name)).toEqual(['python:3.9', 'python:3.13'])
    expect(summary).toContain('## ✅ Start-up survived all 2 scenarios')
  })

  test('fails when one leg failed', async () => {
    const { exitCode, outputs } = await merge({ a: leg('python:3.9'), b: makeReport(rich) })
    expect(exitCode).toBe(1)
    expect(outputs.get('verdict')).toBe('failed')
  })

  test('does not pass without the report of a leg', async () => {
    const { outputs, output } = await merge({ a: leg('python:3.9') })
    expect(outputs.get('verdict')).toBe('inconclusive')
    expect(output).toMatch(/::warning::.*did not run/)
  })

  test('names what is in the plan and in no shard’s report, and does not pass', async () => {
    const planned = ['a', 'b', 'c'].map((name) => `file-for-directory@/data/${name}/recreate`)
    const shard = (index: number, path: string): Report =>
      makeReport({
        ...record({
          results: [result({ target: { path }, mode: 'recreate' }, { kind: 'recovered', detail: 'fine' })]
        }),
        planned,
        inputs: inputs({ shard: { index, total: 3 } })
      })
    const { outputs, output, report, summary } = await merge({
      one: shard(1, '/data/a'),
      three: shard(3, '/data/c')
    })
    expect(outputs.get('verdict')).toBe('inconclusive')
    expect(report?.skipped).toEqual([
      { leg: null, id: planned[1], reason: 'there is no report of shard 2/3' }
    ])
    expect(summary).toContain(`- \`${planned[1] ?? ''}\`: there is no report of shard 2/3`)
    expect(output).toMatch(/::warning::.*1 scenario of the plan did not run/)
  })

  test('fails when there is no report, and when one cannot be read', async () => {
    const none = await merge({})
    expect(none.exitCode).toBe(1)
    expect(none.output).toContain('there is no report.json in it')
    expect(none.outputs.get('verdict')).toBeUndefined()

    const unreadable = await merge({ a: leg('python:3.9'), b: { ...leg('b'), schemaVersion: 2 as 1 } })
    expect(unreadable.exitCode).toBe(1)
    expect(unreadable.output).toContain('b/report.json: its schemaVersion is 2; this version reads 1')
    expect(unreadable.outputs.get('verdict')).toBeUndefined()
  })
})

describe('the comment on the pull request', () => {
  const red = { only: makeReport(rich) }
  const green = { only: makeReport(passing) }

  test('is red, turns green with a later run, and says what is on the pull request', async () => {
    const first = await merge(red, { comment: 'on-failure' })
    expect(first.output).toContain('Commented on pull request 7.')
    expect(github.comments[0]?.body).toContain('### ❌ Start-up failed 8 of 14 scenarios')
    await merge(green, { comment: 'on-failure', runId: 101 })
    expect(github.comments).toHaveLength(1)
    expect(github.comments[0]?.body).toContain('### ✅ Start-up survived the scenario')
  })

  test('is not begun by a run that passed, unless always is asked for', async () => {
    await merge(green, { comment: 'on-failure' })
    expect(github.comments).toEqual([])
    await merge(green, { comment: 'always' })
    expect(github.comments).toHaveLength(1)
  })

  test('fits whatever others wrote', async () => {
    const { exitCode } = await merge({ only: makeReport(hostile) }, { comment: 'always' })
    expect(exitCode).toBe(1)
    expect(github.comments[0]?.user.login).toBe(BOT)
  })

  test.each([
    [403, 'permissions: pull-requests: write'],
    [404, 'does not see pull request 7'],
    [422, 'GitHub answered 422']
  ])('refused with %i is one warning, and changes nothing', async (status, words) => {
    github.instead.push(() => ({ status, body: { message: 'no' } }))
    const { exitCode, output, outputs, summary } = await merge(green, { comment: 'always' })
    expect(exitCode).toBe(0)
    expect(outputs.get('verdict')).toBe('passed')
    expect(summary).toContain('## ✅')
    expect(output.match(/^::warning::/gm)).toHaveLength(1)
    expect(output).toContain(words)
  })

  test('is a notice where there is no pull request', async () => {
    const { output } = await merge(green, { comment: 'always', event: { ref: 'refs/heads/main' } })
    expect(output).toMatch(/^::notice::There is no pull request to comment on/m)
    expect(github.requests).toEqual([])
  })

  test('never shows the token', async () => {
    const { output } = await merge(red, { comment: 'always' })
    expect(output.split(`::add-mask::${TOKEN}`).join('')).not.toContain(TOKEN)
  })
})
