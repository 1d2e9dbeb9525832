import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { OUTPUT_DEFINITIONS } from '../../../src/inputs/outputs.js'
import { planFileSchema, type PlanFile } from '../../../src/plan/plan-file.js'
import { actionPublisher } from '../../../src/publish.js'
import type { Publisher } from '../../../src/publisher.js'
import { makeReport, reportSchema, type Report } from '../../../src/report/report.js'
import { HOSTILE_LINES, hostile } from '../../fixtures/report/hostile.js'
import { boot, record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'
import { commandIn, runnerLines } from '../../workflow-commands.js'
import type { SourceLocation, Verdict } from '../../../src/model.js'

let directory: string
let before: NodeJS.ProcessEnv
let exitCode: typeof process.exitCode

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'publish-'))
  before = { ...process.env }
  exitCode = process.exitCode
  process.exitCode = undefined
  await writeFile(join(directory, 'output'), '')
  await writeFile(join(directory, 'summary'), 'of an earlier command\n')
  process.env.GITHUB_OUTPUT = join(directory, 'output')
  process.env.GITHUB_STEP_SUMMARY = join(directory, 'summary')
})

afterEach(async () => {
  process.env = before
  process.exitCode = exitCode
  await rm(directory, { recursive: true })
})

/** What the runner makes of a stream: the commands that it obeys, and the lines that it shows as text. */
function asRunner(stream: string): { commands: string[]; text: string[] } {
  const seen = { commands: [] as string[], text: [] as string[] }
  let token: string | undefined
  for (const line of runnerLines(stream)) {
    const command = commandIn(line)
    if (token === undefined && command !== undefined) {
      token = /^::stop-commands::(.+)$/.exec(line)?.[1]
      if (token === undefined) seen.commands.push(line)
    } else if (token !== undefined && line === `::${token}::`) token = undefined
    else {
      expect(command).toBeUndefined()
      seen.text.push(line)
    }
  }
  expect(token).toBeUndefined()
  return seen
}

/** Runs with a publisher as a runner sees it, and closes it. */
async function published(act: (publisher: Publisher) => Promise<void> | void) {
  let stream = ''
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = (chunk: string | Uint8Array) => {
    stream += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    return true
  }
  try {
    const publisher = actionPublisher(process.env)
    try {
      await act(publisher)
    } finally {
      publisher.close()
    }
  } finally {
    process.stdout.write = write
  }
  return { ...asRunner(stream), stream, exitCode: process.exitCode }
}

async function outputs(): Promise<Record<string, string>> {
  const text = await readFile(join(directory, 'output'), 'utf8')
  const found = text.matchAll(/^(.+)<<(ghadelimiter_.+)\n([\s\S]*?)\n\2$/gm)
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]))
}

function publish(report: Report): Promise<Awaited<ReturnType<typeof published>>> {
  return published((publisher) => publisher.publish(report, join(directory, 'deep', 'report')))
}

describe('publishing to a runner', () => {
  test('sets every output', async () => {
    await publish(makeReport(rich))
    const reportDir = join(directory, 'deep', 'report')
    const got = await outputs()
    expect(Object.keys(got)).toEqual(
      OUTPUT_DEFINITIONS.map(({ name }) => name).filter((name) => !['plan-file', 'matrix'].includes(name))
    )
    expect(got).toMatchObject({
      verdict: 'failed',
      total: '14',
      recovered: '2',
      failed: '9',
      'not-applicable': '3',
      'control-seconds': '0.372',
      'report-dir': reportDir,
      'report-json': join(reportDir, 'report.json'),
      'report-html': join(reportDir, 'report.html'),
      'report-junit': join(reportDir, 'report-junit.xml')
    })
    expect(JSON.parse(got['failed-scenarios'] ?? '')).toContain('dangling-symlink@/root/.cache/restart')
  })

  test('hands a plan over: as a file, as a matrix, and told', async () => {
    const plan: PlanFile = {
      schemaVersion: 1,
      tool: { name: 'cache-crash-test', version: '1.0.0' },
      image: { reference: 'app', id: 'sha256:1' },
      controlSeconds: 0.4,
      estimatedSeconds: 9,
      shards: [
        { shard: 1, estimatedSeconds: 5 },
        { shard: 2, estimatedSeconds: 5 }
      ],
      scenarios: [
        {
          id: 'a@/x/recreate',
          shard: 1,
          // The Markdown of a table cell writes two of these characters another way.
          planted: '::error::x hunter|2<',
          expectation: 'recover',
          estimatedSeconds: 5
        }
      ],
      omissions: []
    }
    const reportDir = join(directory, 'plan')
    const {
      commands,
      text,
      exitCode: code
    } = await published(async (publisher) => {
      publisher.mask(['hunter|2<'])
      await publisher.publishPlan(plan, reportDir)
    })
    const file = join(reportDir, 'plan.json')
    expect(await outputs()).toEqual({
      total: '1',
      'not-applicable': '0',
      'control-seconds': '0.4',
      'image-id': 'sha256:1',
      'report-dir': reportDir,
      'plan-file': file,
      matrix: '{"shard":["1/2","2/2"]}'
    })
    expect(planFileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).scenarios).toEqual([
      { ...plan.scenarios[0], planted: '::error::x ***' }
    ])
    expect(commands.filter((line) => line.startsWith('::error'))).toEqual([])
    expect(text.join('\n')).toContain('a@/x/recreate')
    const summary = await readFile(join(directory, 'summary'), 'utf8')
    expect(summary).toContain('## Plan: 1 scenario')
    expect(`${summary}${text.join('\n')}`).not.toContain('hunter')
    expect(code).toBeUndefined()
  })

  test('writes the reports whole, and nothing beside them', async () => {
    const report = makeReport(rich)
    await publish(report)
    const reportDir = join(directory, 'deep', 'report')
    expect(await readdir(reportDir)).toEqual(['report-junit.xml', 'report.html', 'report.json'])
    expect(reportSchema.parse(JSON.parse(await readFile(join(reportDir, 'report.json'), 'utf8')))).toEqual(
      report
    )
    expect(await readFile(join(reportDir, 'report.html'), 'utf8')).toMatch(
      /^<!doctype html>[\s\S]*<\/html>\s*$/
    )
  })

  test('adds to the summary, and shows the report in the log', async () => {
    const { text } = await publish(makeReport(rich))
    const summary = await readFile(join(directory, 'summary'), 'utf8')
    expect(summary).toMatch(/^of an earlier command\n## ❌ Start-up failed 8 of 14 scenarios/)
    expect(text).toContain('✖ Start-up failed 8 of 14 scenarios')
  })

  test('goes on without a summary where the runner has none', async () => {
    delete process.env.GITHUB_STEP_SUMMARY
    expect((await publish(makeReport(rich))).exitCode).toBe(1)
  })

  test('fails the step and names the first scenario that failed', async () => {
    const { commands, exitCode: code } = await publish(makeReport(rich))
    expect(code).toBe(1)
    expect(commands.at(-1)).toBe(
      '::error::8 of 14 scenarios failed: crashed dangling-symlink@/root/.cache/restart: Exited 1 after 0.21 s, before it was ready.'
    )
    expect(commands.filter((line) => line.startsWith('::error'))).toHaveLength(9)
    expect(commands.filter((line) => line.startsWith('::warning::'))).toHaveLength(2)
  })

  test.each([
    ['passes', record({ results: [result({}, { kind: 'recovered', detail: 'fine' })] }), undefined, /^$/],
    ['warns when nothing ran', record(), undefined, /^::warning::No scenario was run\.$/],
    [
      'fails when the control failed',
      record({
        control: {
          kind: 'failed',
          stage: 'first-boot',
          blame: 'image',
          message: 'the container exited 1',
          boot: boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false })
        }
      }),
      1,
      /^::error::The image does not start on clean state: The container exited 1\.$/
    ]
  ])('%s', async (_, run, code, last) => {
    const { commands, exitCode: got } = await publish(makeReport(run))
    expect(got).toBe(code)
    expect(commands.at(-1) ?? '').toMatch(last)
  })

  test('says failure though the report cannot be written', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    const publishing = published((publisher) => publisher.publish(makeReport(rich), join(file, 'report')))
    await expect(publishing).rejects.toThrow(/ENOTDIR|EEXIST/)
    expect(process.exitCode).toBe(1)
  })

  test('puts an annotation on the line that a failure points at, once for all that fail there', async () => {
    const location: SourceLocation = {
      file: 'src/a, b::error file=x%0A:1.py',
      line: 12,
      function: undefined,
      language: 'python',
      source: 'x'
    }
    const crashed: Verdict = { kind: 'failed', reason: 'crashed', detail: 'exited 1', also: [] }
    const results = ['file-for-directory', 'dangling-symlink', 'symlink-loop'].map((fault, at) =>
      result({ fault }, crashed, { location: at === 2 ? undefined : location })
    )
    const { commands } = await publish(makeReport(record({ results })))
    expect(commands).toEqual([
      '::error title=Start-up crashed,file=src/a%2C b%3A%3Aerror file=x%250A%3A1.py,line=12::' +
        '2 scenarios fail here: crashed file-for-directory@/root/.cache/restart, crashed dangling-symlink@/root/.cache/restart: Exited 1.',
      '::error::failed: crashed symlink-loop@/root/.cache/restart: Exited 1.',
      expect.stringMatching(/^::error::3 of 3 scenarios failed/)
    ])
  })

  test('puts no annotation on a file whose name cannot be shown', async () => {
    const location: SourceLocation = {
      file: 'src/\u202eyp.app\n::error::x',
      line: 1,
      function: undefined,
      language: 'python',
      source: 'x'
    }
    const results = [result({}, { kind: 'failed', reason: 'crashed', detail: 'x', also: [] }, { location })]
    const { commands } = await publish(makeReport(record({ results })))
    expect(commands.every((line) => line.startsWith('::error::'))).toBe(true)
  })

  test('shows at most ten annotations of a kind', async () => {
    const { commands } = await publish(makeReport(hostile))
    expect(commands.filter((line) => line.startsWith('::error'))).toHaveLength(10)
  })

  test('fails with a message of several lines, the first of which is the annotation', async () => {
    const {
      commands,
      text,
      exitCode: code
    } = await published((publisher) => {
      publisher.fail('2 problems with the inputs:\n  faults: no such fault\n  ##[error]x')
    })
    expect(code).toBe(1)
    expect(commands).toEqual(['::error::2 problems with the inputs: faults: no such fault # #[error]x'])
    expect(text).toEqual(expect.arrayContaining(['  faults: no such fault', '  # #[error]x']))
  })
})

describe('what others wrote', () => {
  test('is never obeyed: output of a child, progress, notes, annotations, the report', async () => {
    const everything = HOSTILE_LINES.join('\n')
    const { commands, text } = await published(async (publisher) => {
      await publisher.group(`Build ${everything}`, (write) => {
        for (let at = 0; at < everything.length; at += 7) write(Buffer.from(everything.slice(at, at + 7)))
        return Promise.resolve()
      })
      publisher.line(everything)
      for (const kind of ['notice', 'warning', 'error'] as const) publisher[kind](everything)
      for (const one of hostile.results.slice(0, 3)) {
        publisher.progress({ kind: 'scenario-start', scenario: one.scenario, secondsLeft: 1 })
        publisher.progress({ kind: 'scenario-done', result: one, done: 1, total: 3, secondsLeft: 1 })
      }
      publisher.progress({ kind: 'build', reference: everything })
      await publisher.publish(makeReport(hostile), directory)
    })
    const names = new Set(commands.map((line) => /^::([a-z-]+)/.exec(line)?.[1]))
    expect(names).toEqual(new Set(['group', 'endgroup', 'notice', 'warning', 'error']))
    expect(text.join('\n')).toContain(': :set-output')
  })

  test('cannot end the pause by guessing: every token is new', async () => {
    const { stream } = await published((publisher) => {
      for (let at = 0; at < 3; at++) {
        publisher.line('text')
        publisher.notice('command')
      }
    })
    const tokens = [...stream.matchAll(/^::stop-commands::(.+)$/gm)].map(([, token]) => token)
    expect(tokens).toHaveLength(3)
    expect(new Set(tokens).size).toBe(3)
  })
})

describe('masked values', () => {
  test('are masked for the runner in every form, also in the middle of a group', async () => {
    const secret = 'line one of it\nline two & more'
    const { commands, text } = await published((publisher) =>
      publisher.group('Build', (write) => {
        write('before\n')
        publisher.mask([secret])
        write(`line two & more ${Buffer.from(secret).toString('base64')} ${encodeURIComponent(secret)}\n`)
        return Promise.resolve()
      })
    )
    const masks = commands.filter((line) => line.startsWith('::add-mask::')).map((line) => line.slice(12))
    expect(masks).toEqual(
      expect.arrayContaining([
        'line one of it%0Aline two & more',
        'line one of it',
        'line two & more',
        Buffer.from(secret).toString('base64')
      ])
    )
    expect(text).toContain('*** *** ***')
  })

  test('are in no file', async () => {
    const token = 'ghs_16C7e42F292c6912E7710c838347Ae178B4a'
    const run = record({
      results: [result({}, { kind: 'failed', reason: 'crashed', detail: `said ${token}`, also: [] })]
    })
    await published(async (publisher) => {
      publisher.mask([token])
      publisher.mask([''])
      await publisher.publish(makeReport(run), directory)
    })
    for (const name of ['summary', 'report.json', 'report.html', 'report-junit.xml']) {
      expect(await readFile(join(directory, name), 'utf8')).not.toContain(token)
    }
  })
})

describe('the context of a run', () => {
  test('names the command by the action that runs, and the run', () => {
    const { context } = actionPublisher({
      GITHUB_ACTION_REPOSITORY: 'octo-org/cache-crash-test',
      GITHUB_ACTION_REF: 'v1',
      GITHUB_REPOSITORY: 'shop/worker'
    })
    expect(context.command).toBe('npx --yes github:octo-org/cache-crash-test#v1')
    expect(context.repository).toBe('shop/worker')
    expect(context.runUrl).toMatch(/\/shop\/worker\/actions\/runs\//)
  })

  test.each([
    {},
    { GITHUB_ACTION_REPOSITORY: '', GITHUB_ACTION_REF: '' },
    { GITHUB_ACTION_REPOSITORY: 'a/b; id', GITHUB_ACTION_REF: 'x' }
  ])('falls back to the bare command: %j', (environment) => {
    expect(actionPublisher(environment).context.command).toBeUndefined()
  })
})
