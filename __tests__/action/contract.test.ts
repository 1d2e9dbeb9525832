import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { z } from 'zod'
import { OUTPUT_DEFINITIONS } from '../../src/inputs/outputs.js'
import { FixtureImages } from './fixture-images.js'
import { BASES, execute, leftBehindBy, NODE_24, root, runAction, verdicts, type ActionRun } from './runner.js'
import { hear, valuesOf } from '../workflow-commands.js'

const images = new FixtureImages()
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'contract-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

const NODES = [
  ['the Node of this machine', process.execPath],
  ['Node 24', NODE_24]
] as const
const CACHE = { 'cache-paths': '/data/cache', 'stable-for': '200ms', faults: 'file-for-directory' } as const
const SCENARIO = 'file-for-directory@/data/cache/recreate'

/** Names of the commands that the action itself gives; an output or a saved state goes through files, never through the log. */
const OWN_COMMANDS = ['add-mask', 'endgroup', 'error', 'group', 'notice', 'warning']

/** What every run owes to its runner. */
function expectGoodManners(run: ActionRun): void {
  const heard = hear(run.output)
  expect(heard.stopped).toBe(false)
  expect(OWN_COMMANDS).toEqual(expect.arrayContaining(heard.commands.map(({ name }) => name)))
  expect(valuesOf(heard, 'group')).toHaveLength(valuesOf(heard, 'endgroup').length)
  expect(run.stderr).toBe('')
}

async function expectValidReport(run: ActionRun): Promise<void> {
  const schema = z.record(z.string(), z.unknown())
  const published = schema.parse(JSON.parse(await readFile(join(root, 'schema/report.schema.json'), 'utf8')))
  const validate = new Ajv2020({ validateFormats: false }).compile(published)
  validate(run.report)
  expect(validate.errors).toBeNull()
}

describe.each(NODES)('a run on %s', (_, node) => {
  test('that finds nothing passes, with every output, a summary and a valid report', async () => {
    const state = join(directory, 'state')
    await writeFile(state, '')
    const tag = await images.tag('heals')
    const run = await runAction({ ...CACHE, image: tag }, { node, env: { GITHUB_STATE: state } })

    expect(run).toMatchObject({ exitCode: 0, signal: null })
    expectGoodManners(run)
    const reportDir = run.outputs.get('report-dir')
    expect(Object.fromEntries(run.outputs)).toEqual({
      verdict: 'passed',
      total: '1',
      recovered: '1',
      tolerated: '0',
      refused: '0',
      failed: '0',
      inconclusive: '0',
      'not-applicable': '1',
      'failed-scenarios': '[]',
      'control-seconds': expect.stringMatching(/^\d+(\.\d+)?$/),
      'image-id': await imageId(tag),
      'report-dir': expect.stringMatching(/^\//),
      'report-json': `${reportDir ?? ''}/report.json`,
      'report-html': `${reportDir ?? ''}/report.html`,
      'report-junit': `${reportDir ?? ''}/report-junit.xml`
    })
    // A plan is written by `mode: plan` only.
    const names = OUTPUT_DEFINITIONS.map(({ name }) => name)
    expect([...run.outputs.keys()]).toEqual(names.filter((name) => name !== 'plan-file' && name !== 'matrix'))
    expect(run.summary).toMatch(/^## ✅ /)
    expect(verdicts(run.report)).toEqual({ [SCENARIO]: 'recovered' })
    await expectValidReport(run)
    expect(await readFile(state, 'utf8')).toBe('')
    expect(await leftBehindBy(run)).toEqual([])
  })

  test('that finds a crash fails, names it in an annotation, and shows the log and the way to repeat it', async () => {
    const run = await runAction(
      { ...CACHE, image: await images.tag('logs-ready-line'), ready: 'log:/worker ready/' },
      { node }
    )
    expect(run.exitCode).toBe(1)
    expectGoodManners(run)
    expect(Object.fromEntries(run.outputs)).toMatchObject({
      verdict: 'failed',
      total: '1',
      failed: '1',
      'failed-scenarios': JSON.stringify([SCENARIO])
    })
    expect(valuesOf(hear(run.output), 'error')).toEqual([
      expect.stringContaining(SCENARIO),
      expect.stringMatching(/^1 of 1 scenario failed: crashed file-for-directory@/)
    ])
    expect(run.summary).toMatch(/^## ❌ /)
    expect(run.summary).toContain('FileExistsError')
    expect(run.summary).toContain(`--faults file-for-directory`)
    expect(verdicts(run.report)).toEqual({ [SCENARIO]: 'failed: crashed' })
    await expectValidReport(run)
    expect(await leftBehindBy(run)).toEqual([])
  })
})

describe('without any input', () => {
  const DOCKERFILE = `FROM ${BASES['python3.11']}
ENV HOME=/root PYTHONUNBUFFERED=1
COPY start.py /app/
EXPOSE 8000
CMD ["python3", "/app/start.py"]
`
  const START = `import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.makedirs("/root/.cache/models", exist_ok=True)
http.server.ThreadingHTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
`

  test('the Dockerfile of the workspace is tested on the cache that its start-up uses', async () => {
    const workspace = join(directory, 'workspace')
    await mkdir(workspace)
    await writeFile(join(workspace, 'Dockerfile'), DOCKERFILE)
    await writeFile(join(workspace, 'start.py'), START)

    // The runner passes every default as if it had been given.
    const run = await runAction(await defaults(), { workspace })

    expect(run.exitCode).toBe(1)
    expectGoodManners(run)
    const reportJson = join(workspace, 'cache-crash-test-report', 'report.json')
    expect(run.outputs.get('report-json')).toBe(reportJson)
    expect(JSON.parse(await readFile(reportJson, 'utf8'))).toMatchObject({ verdict: 'failed' })
    const failed = z.array(z.string()).parse(JSON.parse(run.outputs.get('failed-scenarios') ?? ''))
    expect(failed).toEqual(
      expect.arrayContaining([
        'dangling-symlink@/root/.cache/restart',
        'file-for-directory@/root/.cache/restart'
      ])
    )
    const [title, ...others] = valuesOf(hear(run.output), 'group')
    expect(title).toMatch(/^Build /)
    expect(others).toEqual([])
    expect(await leftBehindBy(run)).toEqual([])
  })
})

describe('a report that cannot be written', () => {
  test('fails a run that found nothing', async () => {
    const file = join(directory, 'a-file')
    await writeFile(file, '')
    const run = await runAction({
      ...CACHE,
      image: await images.tag('heals'),
      'report-dir': join(file, 'report')
    })
    expect(run.exitCode).toBe(1)
    expectGoodManners(run)
    expect(valuesOf(hear(run.output), 'error')).toEqual([
      expect.stringMatching(/^the report could not be written to .*a-file\/report: ENOTDIR/)
    ])
    expect(await leftBehindBy(run)).toEqual([])
  })
})

async function imageId(reference: string): Promise<string> {
  const { stdout } = await execute('docker', ['image', 'inspect', '--format', '{{.Id}}', reference])
  return stdout.trim()
}

/** What the runner passes for a step without `with`. */
async function defaults(): Promise<Record<string, string>> {
  const action = z
    .object({ inputs: z.record(z.string(), z.object({ default: z.string() })) })
    .parse(parse(await readFile(join(root, 'action.yml'), 'utf8')))
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, EVALUATED[input.default] ?? input.default])
  )
}

/** What a runner makes of the expressions among the defaults, in a job without a matrix; a token is of no use here. */
const EVALUATED: Readonly<Record<string, string>> = {
  '${{ toJSON(matrix) }}': 'null',
  '${{ strategy.job-total }}': '1',
  '${{ github.token }}': ''
}
