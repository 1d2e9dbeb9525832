/* eslint jest/no-standalone-expect: [error, { additionalTestBlockFunctions: [testWithBuildKit] }] */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { withBuildKit } from './builders.js'
import { FixtureImages, logLines } from './fixture-images.js'
import { newJob } from './job.js'
import { BASES, leftBehindBy, runAction, verdicts, type ActionRun } from './runner.js'
import { hear, valuesOf } from '../workflow-commands.js'

const images = new FixtureImages()
let context = ''

beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'contract-image-'))
})
afterAll(async () => {
  await images.remove()
  await rm(context, { recursive: true })
})

const errorsOf = (run: ActionRun): string[] => valuesOf(hear(run.output), 'error')

/** Runs the action on a Dockerfile of the test's own. */
async function runOn(
  dockerfile: string,
  inputs: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {}
): Promise<ActionRun> {
  await writeFile(join(context, 'Dockerfile'), dockerfile)
  return await runAction({ context, 'stable-for': '200ms', faults: 'file-for-directory', ...inputs }, { env })
}

async function expectNothingDone(run: ActionRun): Promise<void> {
  expect(run.exitCode).toBe(1)
  expect(run.outputs.size).toBe(0)
  expect(run.summary).toBe('')
  expect(run.report).toBeUndefined()
  expect(await leftBehindBy(run)).toEqual([])
}

describe('an image', () => {
  test('whose build fails fails the run with the last lines of the failing step', async () => {
    const run = await runOn(
      `FROM ${BASES['python3.11']}\nRUN echo looking for left-pad && echo no such package >&2 && exit 7\n`
    )
    await expectNothingDone(run)
    const heard = hear(run.output)
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/the image could not be built: .* at \[.*RUN echo looking.*no such package/)
    ])
    expect(valuesOf(heard, 'group')).toEqual([expect.stringMatching(/^Build /)])
    expect(heard.text).toEqual(expect.arrayContaining([expect.stringMatching(/looking for left-pad$/)]))
  })

  test('that does not start on clean state is blamed, with its log, and nothing is planted', async () => {
    const run = await runAction({ image: await images.tag('control-crashes'), 'stable-for': '200ms' })
    expect(run.exitCode).toBe(1)
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/^The image does not start on clean state: .*exited 1/)
    ])
    expect(run.report?.control).toMatchObject({
      result: 'failed',
      stage: 'first-boot',
      blame: 'image',
      log: { tail: expect.arrayContaining(['no licence found']) }
    })
    expect(Object.fromEntries(run.outputs)).toMatchObject({
      verdict: 'failed',
      total: '0',
      'control-seconds': ''
    })
    expect(run.summary).toMatch(/points at \*\*the image\*\*/)
    for (const place of [run.summary, run.output]) expect(place).toContain('no licence found')
    expect(await leftBehindBy(run)).toEqual([])
  })
})

const buildKit = await withBuildKit()
const testWithBuildKit = buildKit === undefined ? test.skip : test

describe('secrets', () => {
  const BUILD_SECRET = 'n0 one/may+see ünder&this?'
  const API_TOKEN = 'tok-9f8e7d6c5b4a3f2e1d0c'
  /** Every way in which the container prints a value; where its cache is damaged it refuses to start, and says them, too. */
  const START = `import base64, os, signal, sys, urllib.parse
values = [open("/leaked").read(), os.environ["API_TOKEN"]]
for value in values:
    print(value, base64.b64encode(value.encode()).decode(), urllib.parse.quote(value, safe=""), flush=True)
os.makedirs("/data/users", exist_ok=True)
if os.path.lexists("/data/cache") and not os.path.isdir("/data/cache"):
    raise SystemExit("refused " + " ".join(values))
os.makedirs("/data/cache", exist_ok=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
`
  const LEAK = `FROM ${BASES['python3.11']}
RUN --mount=type=secret,id=npm-token cat /run/secrets/npm-token && base64 -w0 /run/secrets/npm-token && cp /run/secrets/npm-token /leaked
COPY start.py /
VOLUME /data
CMD ["python3", "/start.py"]
`
  const INPUTS = { 'cache-paths': '/data/cache', 'boot-modes': 'recreate', 'second-boot': 'false' }
  const forms = (value: string): string[] => [
    value,
    Buffer.from(value).toString('base64'),
    encodeURIComponent(value)
  ]

  testWithBuildKit('are in neither log nor summary nor report, in any form that is common', async () => {
    const job = await newJob()
    await writeFile(join(context, 'start.py'), START)
    const run = await runOn(
      LEAK,
      { ...INPUTS, secrets: `npm-token=${BUILD_SECRET}`, env: `API_TOKEN=${API_TOKEN}` },
      { ...buildKit?.env, ...job.env }
    )
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/recreate': 'failed: crashed' })
    const [scenario] = run.report?.scenarios ?? []
    expect(scenario && logLines(scenario)).toEqual(['*** *** ***', '*** *** ***', 'refused *** ***'])
    expect(scenario?.reproduce).toContain('--secrets npm-token="$NPM_TOKEN" \\\n')
    expect(scenario?.reproduce).toContain('--env API_TOKEN="$API_TOKEN" \\\n')
    for (const place of [run.summary, run.output]) expect(place).toContain('refused *** ***')
    // The runner is told what to mask; it never shows that line.
    const shown = hear(run.output)
    const places = {
      log: [
        ...shown.text,
        ...shown.commands.filter(({ name }) => name !== 'add-mask').map(({ value }) => value)
      ].join('\n'),
      summary: run.summary,
      report: JSON.stringify(run.report),
      outputs: [...run.outputs.values()].join('\n')
    }
    for (const form of [...forms(BUILD_SECRET), ...forms(API_TOKEN)]) {
      for (const [place, text] of Object.entries(places))
        expect({ place, leaks: text.includes(form) }).toEqual({ place, leaks: false })
    }
    expect(valuesOf(shown, 'add-mask')).toEqual(expect.arrayContaining(forms(BUILD_SECRET).map(escapeData)))
    expect(await readdir(job.temporary)).toEqual([])
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  test('are refused where the builder cannot keep them', async () => {
    const run = await runOn(LEAK, { secrets: `npm-token=${BUILD_SECRET}` }, { DOCKER_BUILDKIT: '0' })
    await expectNothingDone(run)
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/^the image cannot be built as asked secrets: build secrets need BuildKit/)
    ])
  })
})

/** As @actions/core writes a command's value. */
function escapeData(value: string): string {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
