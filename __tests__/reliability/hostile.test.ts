import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { XmlDocument } from 'libxml2-wasm'
import { OUTPUT_DEFINITIONS } from '../../src/inputs/outputs.js'
import { reportSchema, type Report } from '../../src/report/schema.js'
import { CORPUS, PAYLOADS } from '../fixtures/injection/corpus.js'
import { fakeGitHub, TOKEN } from '../fixtures/github/server.js'
import { livePartsOf, shownHtml, shownMarkdown, type Shown } from '../shown.js'
import { commandIn, hear, valuesOf } from '../workflow-commands.js'
import { logLines } from '../action/fixture-images.js'
import { newJob, pullRequestEnv } from '../action/job.js'
import { BASES, leftBehindBy, runAction, runCli } from '../action/runner.js'

const NAME = '::error::injected ##[error]injected `x` | </details><script> @everyone'
const CACHE = `/data/${NAME}`
/** As many as the report shows of one log. */
const CHUNK = 24
const CHUNKS = Math.ceil(PAYLOADS.length / CHUNK)
const cachePaths = Array.from(
  { length: CHUNKS },
  (_, index) => `/data/${index} ::error::injected | @everyone`
)

/**
 * Says everything in every place that it has. Start-up that meets a link instead of one of its caches says a part of it and
 * dies; with one of them it wipes its volume.
 */
const START = `import json, os, shutil, signal, sys
payloads = json.load(open("/payloads.json"))
paths = ${JSON.stringify(cachePaths)}
cache = ${JSON.stringify(CACHE)}

def bytes_of(text):
    return text.encode("utf-8", "surrogatepass")

def say(lines):
    sys.stderr.buffer.write(b"".join(bytes_of(line) + b"\\n" for line in lines))
    sys.stderr.flush()

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for index, path in enumerate(paths):
    if os.path.islink(path):
        say(payloads[index * ${CHUNK}:(index + 1) * ${CHUNK}])
        os._exit(1)
    os.makedirs(path, exist_ok=True)
if os.path.islink(cache):
    shutil.rmtree("/data", ignore_errors=True)
os.makedirs(cache, exist_ok=True)
os.makedirs("/data/users", exist_ok=True)
for text in payloads:
    # Names that are UTF-8: with another one the volume would not be copied, and nothing of it be shown.
    name = text.encode("utf-8", "ignore").replace(b"/", b"").replace(b"\\0", b"")[:255].decode("utf-8", "ignore")
    if name not in ("", ".", ".."):
        open("/data/users/" + name, "a").close()
say(payloads[:40])
print("ready", flush=True)
signal.pause()
`
const BUILD = `import json, sys
for text in json.load(open("/payloads.json")):
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\\n")
`
const quoted = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`
/** What a Dockerfile can say between quotes. */
const values = ['commands-v2', 'commands-v1', 'terminal', 'markdown', 'html', 'bidi-and-invisible']
  .flatMap((group) => CORPUS.get(group) ?? [])
  .filter((text) => !/[\r\n\0\p{Cs}]/u.test(text) && text.length < 500)
const DOCKERFILE = `FROM ${BASES['python3.11']}
COPY *.py *.json /
RUN python3 /build.py
ENV XDG_CACHE_HOME=${quoted(CACHE)} ${values.map((text, index) => `P${index}=${quoted(text)}`).join(' ')}
LABEL ${quoted(NAME)}=${quoted(NAME)} ${values.map((text, index) => `p${index}=${quoted(text)}`).join(' ')}
LABEL exitCode=0 cache-crash-test.keep=true
VOLUME /data
HEALTHCHECK CMD ["cat", "/payloads.json"]
CMD ["python3", "/start.py"]
`
const INPUTS = {
  ready: 'log:/^ready$/',
  faults: 'dangling-symlink',
  'cache-paths': [CACHE, ...cachePaths].join('\n'),
  'second-boot': 'false',
  'stable-for': '100ms'
}

let context = ''
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'hostile-'))
  await writeFile(join(context, 'Dockerfile'), DOCKERFILE)
  await writeFile(join(context, 'start.py'), START)
  await writeFile(join(context, 'build.py'), BUILD)
  await writeFile(join(context, 'payloads.json'), JSON.stringify(PAYLOADS))
})
afterAll(async () => {
  await rm(context, { recursive: true })
})

/** Characters that act on a terminal or on a reader. */
const ACTING = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** What a report may be made of, in Markdown. */
const ELEMENTS = new Set(
  [
    'h2',
    'h3',
    'p',
    'br',
    'strong',
    'em',
    'sub',
    'ul',
    'li',
    'pre',
    'details',
    'summary',
    'blockquote'
  ].concat(
    ['table', 'thead', 'tbody', 'tr', 'th', 'th align', 'td', 'td align'],
    ['text', 'sh'].map((language) => `code class language-${language}`)
  )
)

function expectHarmless(markdown: string): void {
  const shown = shownMarkdown(markdown)
  expect(shown.structure.filter((element) => !ELEMENTS.has(element))).toEqual([])
  const number = (name: string): number => shown.structure.filter((element) => element === name).length
  expect(number('details')).toBe(number('summary'))
  expectHarmlessPage(shown)
  expect(shown.code).toEqual([])
  expect(livePartsOf(shown)).toEqual([])
}

function expectHarmlessPage(shown: Shown): void {
  const strange = shown.addresses.filter(
    (address) => !/^#|^data:image\/svg|^https:\/\/github\.com\/octo-org\//.test(address)
  )
  expect(strange).toEqual([])
  expect(shown.handlers).toEqual([])
}

/** Every log that explains a verdict has its part of the corpus, and the volume was seen to be wiped. */
function expectScenarios(report: Report | undefined): void {
  const reasons = report?.scenarios.map(({ reason }) => reason) ?? []
  expect(reasons.filter((reason) => reason === 'crashed').length).toBeGreaterThanOrEqual(CHUNKS)
  expect(reasons).toContain('data-lost')
  const lines = report?.scenarios.flatMap(logLines) ?? []
  expect(new Set(lines).size).toBeGreaterThan(400)
}

describe('an image that says, in every place it has, what a runner or a browser would obey', () => {
  test('is heard by nobody: no command, no output, no state, no markup, no mention, no file', async () => {
    const job = await newJob()
    const github = await fakeGitHub()
    const state = join(job.temporary, 'state')
    const reportDir = join(job.temporary, 'reports', 'report')
    await writeFile(state, '')
    const run = await runAction(
      { ...INPUTS, context, comment: 'always', 'github-token': TOKEN, 'report-dir': reportDir },
      {
        env: {
          ...job.env,
          GITHUB_STATE: state,
          ...(await pullRequestEnv(job.temporary, github.url))
        }
      }
    )
    await github.close()
    expect(run).toMatchObject({ exitCode: 1 })
    const file = (name: string): Promise<string> => readFile(join(reportDir, name), 'utf8')
    expectScenarios(reportSchema.parse(JSON.parse(await file('report.json'))))

    const heard = hear(run.output)
    expect(heard.stopped).toBe(false)
    expect(new Set(heard.commands.map(({ name }) => name))).toEqual(
      new Set(['add-mask', 'group', 'endgroup', 'error'])
    )
    expect(valuesOf(heard, 'group')).toHaveLength(1)
    expect(valuesOf(heard, 'endgroup')).toHaveLength(1)
    expect(valuesOf(heard, 'error').filter((text) => text.startsWith('injected'))).toEqual([])
    expect(valuesOf(heard, 'add-mask').filter((text) => text.length < 20)).toEqual([])
    expect(heard.text.flatMap((line) => commandIn(line) ?? [])).toEqual([])
    expect(run.output.match(ACTING)).toBeNull()
    // It was said: by the build and by the containers.
    expect(heard.text.join('\n').match(/alert\(1\)/g)?.length).toBeGreaterThan(60)

    const names = OUTPUT_DEFINITIONS.map(({ name }) => name)
    expect([...run.outputs.keys()]).toEqual(names.filter((name) => name !== 'plan-file' && name !== 'matrix'))
    expect(run.outputs.get('verdict')).toBe('failed')
    expect(await readFile(state, 'utf8')).toBe('')

    expectHarmless(run.summary)
    expect(run.summary.match(/alert\(1\)/g)?.length).toBeGreaterThan(20)
    // One comment of HTML is ours: by it the comment is found again.
    expectHarmless(github.comments[0]?.body.replace(/<!-- cache-crash-test[^>]*-->/, '') ?? '')
    expect(github.comments[0]?.body).toContain('Start-up failed')

    expect(await readdir(join(job.temporary, 'reports'))).toEqual(['report'])
    expect(await readdir(reportDir)).toEqual(['report-junit.xml', 'report.html', 'report.json'])
    const page = shownHtml(await file('report.html'))
    expectHarmlessPage(page)
    expect(
      page.structure.filter((element) => /^(?:script|style|img|iframe|object|form|base)\b/.test(element))
    ).toEqual(['style', 'script', 'form class hidden id role', 'script'])
    XmlDocument.fromString(await file('report-junit.xml')).dispose()
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
    expectScenarios(run.report)
    expect(run.output.match(/alert\(1\)/g)?.length).toBeGreaterThan(60)
    expect(run.output.match(ACTING)).toBeNull()
    expect(await leftBehindBy(run)).toEqual([])
  })
})
