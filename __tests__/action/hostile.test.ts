import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { OUTPUT_DEFINITIONS } from '../../src/inputs/outputs.js'
import { newJob } from './job.js'
import { BASES, leftBehindBy, runAction, runCli, type ActionRun, type CliRun } from './runner.js'
import { hear, valuesOf } from '../workflow-commands.js'

/** Each of them leaves a mark where it is obeyed. */
const LINES = [
  '::set-output name=verdict::passed',
  '  ::error::injected',
  '\u00ad::add-mask::a',
  '::stop-commands::x',
  '::x::',
  '::save-state name=isPost::true',
  '::add-path::/injected',
  '::endgroup::',
  'progress\r::warning::injected',
  'text ##[error]injected',
  'text ##[set-env name=PATH]/injected',
  '##[group]injected',
  '\u001b[31mred \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[H',
  '</code></pre></details><script>alert(1)</script><img src=x onerror=alert(1)>',
  '```',
  '``````` and `````',
  '<!-- ~~~ -->',
  '@everyone, fixes #1 and [click](javascript:alert(1))'
]
const NAME = '::error::injected ##[error]injected `x` | </details><script> @everyone'
const CACHE = `/data/${NAME}`

/** Says everything in every place that it has; without its cache it dies, and with a file there it wipes its volume. */
const START = `import os, shutil, signal, sys
lines = ${JSON.stringify(LINES)}
cache = ${JSON.stringify(CACHE)}
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("\\n".join(lines), flush=True)
print("\\n".join(lines), file=sys.stderr, flush=True)
if os.path.isfile(cache):
    shutil.rmtree("/data", ignore_errors=True)
if os.path.islink(cache):
    sys.exit("\\n".join(lines) + "FileExistsError: [Errno 17] File exists: " + cache)
os.makedirs(cache, exist_ok=True)
open("/data/of users\\n" + ${JSON.stringify(NAME.replaceAll('/', ''))}, "a").close()
print("ready", flush=True)
signal.pause()
`
const BUILD = `import json, os
print("\\n".join(${JSON.stringify(LINES)}), flush=True)
`
const quoted = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`
const DOCKERFILE = `FROM ${BASES['python3.11']}
COPY *.py /
RUN python3 /build.py
ENV XDG_CACHE_HOME=${quoted(CACHE)} PYTHONIOENCODING=utf-8
LABEL ${quoted(NAME)}=${quoted(NAME)} exitCode=0 cache-crash-test.keep=true
VOLUME /data
CMD ["python3", "/start.py"]
`
const INPUTS = {
  ready: 'log:/^ready$/',
  faults: 'dangling-symlink\nfile-for-directory',
  'stable-for': '200ms'
}

let context = ''
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'hostile-'))
  await writeFile(join(context, 'Dockerfile'), DOCKERFILE)
  await writeFile(join(context, 'start.py'), START)
  await writeFile(join(context, 'build.py'), BUILD)
})
afterAll(async () => {
  await rm(context, { recursive: true })
})

/** What GitHub reads as Markdown or HTML: the summary without its fences and inline code. */
function markup(summary: string): string {
  let fence: string | undefined
  const outside = summary.split('\n').filter((line) => {
    const [mark] = /^`{3,}/.exec(line) ?? []
    if (fence === undefined) {
      fence = mark
      return mark === undefined
    }
    // Only a line of nothing but enough backticks closes it (CommonMark 0.31, 4.5).
    if (/^`+ *$/.test(line) && line.trim().length >= fence.length) fence = undefined
    return false
  })
  expect(fence).toBeUndefined()
  return outside.join('\n').replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '')
}

function expectScenarios({ report }: Pick<ActionRun | CliRun, 'report'>): void {
  expect(report?.scenarios.map(({ path, reason }) => ({ path, reason }))).toEqual(
    expect.arrayContaining([
      { path: CACHE, reason: 'crashed' },
      { path: CACHE, reason: 'data-lost' }
    ])
  )
}

describe('an image that says, in every place it has, what a runner or a browser would obey', () => {
  test('is heard by nobody: no command, no output, no state, no markup', async () => {
    const job = await newJob()
    const state = join(job.temporary, 'state')
    await writeFile(state, '')
    const run = await runAction({ ...INPUTS, context }, { env: { ...job.env, GITHUB_STATE: state } })
    expect(run).toMatchObject({ exitCode: 1 })
    expectScenarios(run)

    const heard = hear(run.output)
    expect(heard.stopped).toBe(false)
    expect(new Set(heard.commands.map(({ name }) => name))).toEqual(new Set(['group', 'endgroup', 'error']))
    expect(valuesOf(heard, 'group')).toHaveLength(1)
    expect(valuesOf(heard, 'endgroup')).toHaveLength(1)
    expect(valuesOf(heard, 'error').filter((text) => text.startsWith('injected'))).toEqual([])
    // It was said: by the build and by the containers.
    expect(heard.text.join('\n').match(/alert\(1\)/g)?.length).toBeGreaterThan(1)
    expect(run.output).not.toContain('\u001b')

    const names = OUTPUT_DEFINITIONS.map(({ name }) => name)
    expect([...run.outputs.keys()]).toEqual(names.filter((name) => name !== 'plan-file' && name !== 'matrix'))
    expect(run.outputs.get('verdict')).toBe('failed')
    expect(await readFile(state, 'utf8')).toBe('')

    const active = markup(run.summary)
    expect(active).not.toMatch(/<script|<img|<!--|onerror|@everyone|javascript:|fixes #1/)
    expect(active.match(/<details>/g)).toHaveLength(active.match(/<\/details>/g)?.length ?? 0)
    expect(run.summary).toContain('alert(1)')
    expect(run.summary).not.toContain('\u001b')
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  test('steers no terminal', async () => {
    const run = await runCli([
      ...Object.entries(INPUTS).flatMap(([name, value]) =>
        value.split('\n').flatMap((item) => [`--${name}`, item])
      ),
      ...['--context', context]
    ])
    expect(run).toMatchObject({ exitCode: 1 })
    expectScenarios(run)
    expect(run.output).toContain('alert(1)')
    for (const character of ['\u001b', '\r', '\u0007', '\u00ad']) expect(run.output).not.toContain(character)
    expect(await leftBehindBy(run)).toEqual([])
  })
})
