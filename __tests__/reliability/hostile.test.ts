import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { XmlDocument, XmlElement } from 'libxml2-wasm'
import { OUTPUT_DEFINITIONS } from '../../src/inputs/outputs.js'
import { reportSchema, type Report, type ReportScenario } from '../../src/report/schema.js'
import { cut, visible } from '../../src/report/untrusted.js'
import { arrived, arrivedInLog } from '../fixtures/injection/arrived.js'
import { CORPUS, PAYLOADS } from '../fixtures/injection/corpus.js'
import { fakeGitHub, TOKEN } from '../fixtures/github/server.js'
import { livePartsOf, shownHtml, shownMarkdown, type Shown } from '../shown.js'
import { commandIn, hear, matchedBy, valuesOf } from '../workflow-commands.js'
import { logLines } from '../action/fixture-images.js'
import { newJob, pullRequestEnv } from '../action/job.js'
import { BASES, execute, filesIn, leftBehindBy, root, runAction } from '../action/runner.js'
import { shown } from '../action/screen.js'

const NAME = '::error::injected ##[error]injected `x` | </details><script> @everyone'
const CACHE = `/data/${NAME}`
/** As many as the report shows of one log. */
const CHUNK = 24
const CHUNKS = Math.ceil(PAYLOADS.length / CHUNK)
/** What a Dockerfile can say between quotes. */
const values = ['commands-v2', 'commands-v1', 'terminal', 'markdown', 'html', 'bidi-and-invisible']
  .flatMap((group) => CORPUS.get(group) ?? [])
  .filter((text) => !/[\r\n\0\p{Cs}]/u.test(text) && text.length < 500)
/** What the name of a file can be, too. */
const names = [...new Set(values)].filter((text) => !text.includes('/') && /^.{4,60}$/u.test(text))

/** Of texts as many as a place has room for, one after the other. */
function joined(texts: readonly string[], room: number): string {
  let all = ''
  for (const text of texts) if (Buffer.byteLength(all + text) < room) all += ` ${text}`
  return all.trimStart()
}

/** Caches that an image names, by what start-up does where a link that leads nowhere is in their place. */
const caches = {
  /** Says a part of the corpus and dies; the first one as errors, of which a cause is known. */
  dies: [0, 1],
  /** Says a part of the corpus, and is ready; to the smoke test it answers with that part. */
  answers: Array.from({ length: CHUNKS - 2 }, (_, index) => index + 2),
  /** The command of `exec:` prints the corpus and fails. */
  exec: [CHUNKS, CHUNKS + 1],
  /** The health check prints it and fails. */
  health: [CHUNKS + 2],
  /** It answers to no request of the probe with success, but with the corpus. */
  http: [CHUNKS + 3]
}
const PER_NAME = Math.floor(names.length / (CHUNKS + 4))
const cachePaths = Array.from(
  { length: CHUNKS + 4 },
  (_, index) => `/data/${index} ${joined(names.slice(index * PER_NAME, (index + 1) * PER_NAME), 180)}`
)
const allPaths = cachePaths.join('\n')
/** Texts of the corpus in names that are long enough to be told from other text. */
const inNames = names.filter((text) => allPaths.includes(text) && visible(text).trim().length > 4)
const namesIn = (place: string): number =>
  inNames.filter((text) => place.includes(visible(text).trim())).length

/** By which of the places of a container's words that are not meant to be shown something is said. */
const UNHEARD = {
  health: 'only the engine hears this',
  http: 'only the probe hears this',
  exec: 'nobody hears this'
}

/** The corpus, and what is damaged, for everything that runs in the container. */
const COMMON = `import json, os, signal, sys
payloads = json.load(open("/payloads.json"))
paths = ${JSON.stringify(cachePaths)}
caches = ${JSON.stringify(caches)}
unheard = ${JSON.stringify(UNHEARD)}
cache = ${JSON.stringify(CACHE)}

def bytes_of(text):
    return text.encode("utf-8", "surrogatepass")

def raw(lines):
    return b"".join(bytes_of(line) + b"\\n" for line in lines)

def damaged(kind):
    return [index for index in caches[kind] if os.path.islink(paths[index])]

def part(index):
    return payloads[index * ${CHUNK}:(index + 1) * ${CHUNK}]

def joined(texts, room):
    found = ""
    for text in texts:
        if "\\n" not in text and "\\r" not in text and len(found) + len(text) < room:
            found += text + " "
    return found
`
/** Says everything in every place that it has. */
const START = `${COMMON}
import shutil, socketserver
def say(lines):
    sys.stderr.buffer.write(raw(lines))
    sys.stderr.flush()

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
for index in damaged("dies"):
    say(part(index))
    if index == 0:
        say("[Errno 17] File exists: " + line for text in part(index) for line in text.splitlines())
    os._exit(1)
for index in damaged("answers"):
    say(part(index))
for path in paths:
    if not os.path.islink(path):
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

count = 0
def answer(status, texts, words):
    # Raw bytes: in the reason, in names and values of headers, in the body.
    first, second, third = (bytes_of(text) for text in (texts * 3)[:3])
    head = b"HTTP/1.1 %d " % status + first + b"\\r\\nX-A: " + second + b"\\r\\n" + third + b": x\\r\\n\\r\\n"
    return head + bytes_of(words) + b"\\n" + raw(reversed(texts)) + bytes_of(joined(texts, 180))

class Answers(socketserver.BaseRequestHandler):
    def handle(self):
        global count
        request = self.request.recv(65536)
        count += 1
        smoke = damaged("answers")
        if request.startswith(b"GET /smoke"):
            texts = part(smoke[0]) if smoke else payloads[:${CHUNK}]
            self.request.sendall(answer(500 if smoke else 200, texts, "the answer"))
        elif damaged("http") or count <= 2:
            at = (count * 3) % len(payloads)
            self.request.sendall(answer(503, payloads[at:at + 3], unheard["http"]))
        else:
            head = b"HTTP/1.1 200 ::error::injected\\r\\nX-A: ##[error]injected\\r\\n\\r\\n"
            self.request.sendall(head + bytes_of(unheard["http"]) + b"\\n" + raw(payloads))

socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("", 8000), Answers)
print("ready", flush=True)
server.serve_forever()
`
/** What \`exec:\` and the health check run. */
const CHECK = `${COMMON}
kind = sys.argv[1]
out = raw([unheard[kind]] + payloads)
failing = damaged(kind)
if failing and kind == "exec":
    # Few enough for the last line to be heard.
    at = (failing[0] - caches[kind][0]) * 40
    out = raw([unheard[kind]] + payloads[at:at + 40]) + bytes_of(joined(payloads[at:], 180)) + b"\\n"
sys.stdout.buffer.write(out)
sys.stdout.flush()
sys.exit(1 if failing else 0)
`
const BUILD = `import json, sys
for text in json.load(open("/payloads.json")):
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\\n")
`
/** Wipes a line of a terminal. */
const CLEAR = '\r\u001b[2K'
const quoted = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`
const DOCKERFILE = `FROM ${BASES['python3.11']}
COPY *.py *.json /
RUN python3 /build.py
ENV XDG_CACHE_HOME=${quoted(CACHE)} ${values.map((text, index) => `P${index}=${quoted(text)}`).join(' ')}
ENV ${cachePaths.map((path, index) => `C${index}_CACHE_DIR=${quoted(path)}`).join(' ')}
LABEL ${quoted(NAME)}=${quoted(NAME)} ${values.map((text, index) => `p${index}=${quoted(text)}`).join(' ')}
LABEL exitCode=0 cache-crash-test.keep=true
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD ["python3", "/check.py", "health"]
CMD ["python3", "/start.py"]
`
/** Prints the bytes that the service answers with, whatever they are. */
const SMOKE_TEST = [
  'answer=$(mktemp)',
  'exec 3<>"/dev/tcp/127.0.0.1/$PORT_8000"',
  "printf 'GET /smoke HTTP/1.0\\r\\n\\r\\n' >&3",
  'cat <&3 >"$answer"',
  'cat "$answer"',
  `grep --quiet --text '^HTTP/1.1 200 ' "$answer" || { rm "$answer"; false; }`,
  'rm "$answer"'
].join('; ')
const READY = ['log:/^ready$/', 'healthcheck', 'http://:8000/', 'exec:python3 /check.py exec']
const INPUTS = {
  ready: READY.join('\n'),
  'smoke-test': SMOKE_TEST,
  faults: 'dangling-symlink',
  'boot-modes': 'recreate',
  // What fails beside others is run again.
  'max-parallel': '1',
  'second-boot': 'false',
  'startup-timeout': '5s',
  'stable-for': '100ms'
}

let context = ''
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'hostile-'))
  await writeFile(join(context, 'Dockerfile'), DOCKERFILE)
  await writeFile(join(context, 'start.py'), START)
  await writeFile(join(context, 'build.py'), BUILD)
  await writeFile(join(context, 'check.py'), CHECK)
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
  const read = shownMarkdown(markdown)
  expect(read.structure.filter((element) => !ELEMENTS.has(element))).toEqual([])
  const number = (name: string): number => read.structure.filter((element) => element === name).length
  expect(number('details')).toBe(number('summary'))
  expectHarmlessPage(read)
  expect(read.code).toEqual([])
  expect(livePartsOf(read)).toEqual([])
}

function expectHarmlessPage(page: Shown): void {
  const strange = page.addresses.filter(
    (address) => !/^#|^data:image\/svg|^https:\/\/github\.com\/octo-org\//.test(address)
  )
  expect(strange).toEqual([])
  expect(page.handlers).toEqual([])
}

/** Every way of failing was met, with its part of the corpus in each place that the way has. */
function expectScenarios(report: Report | undefined): Report {
  if (report === undefined) throw new Error('no report')
  const { scenarios, control } = report
  expect(control.result).toBe('passed')
  const failedSo = (kinds: readonly number[], reason: string): ReportScenario[] =>
    kinds.flatMap((index) => {
      const scenario = scenarios.find(({ path }) => path === visible(cachePaths[index] ?? ''))
      expect({ index, reason: scenario?.reason }).toEqual({ index, reason })
      return scenario === undefined ? [] : [scenario]
    })
  const dead = failedSo(caches.dies, 'crashed')
  expect(dead[0]?.diagnosis?.lines).toHaveLength(3)
  for (const { detail, smokeTest } of failedSo(caches.answers, 'wrong-answer')) {
    expect(detail).toMatch(/^the smoke test exited 1: ./)
    expect(smokeTest?.output).not.toBe('')
  }
  // Of an answer of long lines only the end is kept.
  const answered = scenarios.filter(({ smokeTest }) => smokeTest?.output.includes('the answer\n'))
  expect(answered.length).toBeGreaterThanOrEqual(caches.answers.length - 2)
  const details = (index: readonly number[]): string =>
    failedSo(index, 'timed-out')
      .map(({ detail }) => detail)
      .join('\n')
  // The last line of the command, and neither what came before it nor any byte of an answer or of a health check.
  expect(details(caches.exec).match(/exited with 1: ::error::injected ::warning::injected/g)).toHaveLength(1)
  expect(details(caches.exec).match(/exited with 1: ./g)).toHaveLength(2)
  expect(details(caches.health)).toMatch(/: health check is healthy: (?:starting|unhealthy)$/)
  expect(details(caches.http)).toMatch(/: http:\/\/:8000\/ answers 2xx: answered(?: 503|, but not in HTTP)$/)
  expect(scenarios.find(({ path }) => path.startsWith('/data/::error'))?.reason).toBe('data-lost')
  expect(scenarios).toHaveLength(CHUNKS + 5)

  expect(arrived(scenarios.flatMap(logLines)).length).toBeGreaterThan(410)
  const answers = scenarios.flatMap(({ smokeTest }) => smokeTest?.output.split('\n') ?? [])
  expect(arrived(answers).length).toBeGreaterThan(370)
  expect(namesIn(scenarios.map(({ id }) => id).join('\n'))).toBe(inNames.length)
  return report
}

const linesOf = ({ text }: Shown): string[] => text.flatMap((part) => part.split('\n'))
/** What is quoted of a log, in the report of a log or of a terminal. */
const quotes = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /^ *│ (.*)$/su.exec(line)?.[1] ?? [])

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
    const report = expectScenarios(reportSchema.parse(JSON.parse(await file('report.json'))))
    const ids = report.scenarios.map(({ id }) => id)

    const heard = hear(run.output)
    expect(heard.stopped).toBe(false)
    expect(new Set(heard.commands.map(({ name }) => name))).toEqual(
      new Set(['add-mask', 'group', 'endgroup', 'error'])
    )
    expect(valuesOf(heard, 'group')).toHaveLength(1)
    expect(valuesOf(heard, 'endgroup')).toHaveLength(1)
    expect(valuesOf(heard, 'add-mask').filter((text) => text.length < 20)).toEqual([])
    expect(heard.text.flatMap((line) => commandIn(line) ?? [])).toEqual([])
    expect(heard.text.filter((line) => matchedBy(line).length > 0)).toEqual([])
    expect(run.output.match(ACTING)).toBeNull()
    // It was said: by the build, then by the containers and to the smoke test, of each of which the report shows the end.
    const control = heard.text.findIndex((line) => line.includes('Control: booting'))
    expect(arrivedInLog(heard.text.slice(0, control)).length).toBeGreaterThan(440)
    expect(arrivedInLog(quotes(heard.text.slice(control))).length).toBeGreaterThan(320)
    // Errors are ours: as many as a runner shows of a step, which begin with words of ours and quote names and answers.
    const errors = valuesOf(heard, 'error')
    const ofScenarios = errors.filter((text) => /^failed: [a-z-]+ dangling-symlink@\/data\//.test(text))
    expect(ofScenarios.length).toBeGreaterThanOrEqual(8)
    expect(errors.length - ofScenarios.length).toBeLessThanOrEqual(2)
    expect(errors.filter((text) => text.startsWith('injected'))).toEqual([])
    expect(namesIn(errors.join('\n'))).toBeGreaterThan(0.2 * inNames.length)

    const outputs = OUTPUT_DEFINITIONS.map(({ name }) => name)
    expect([...run.outputs.keys()]).toEqual(
      outputs.filter((name) => name !== 'plan-file' && name !== 'matrix')
    )
    expect(run.outputs.get('verdict')).toBe('failed')
    expect(JSON.parse(run.outputs.get('failed-scenarios') ?? '[]')).toHaveLength(ids.length)
    expect(await readFile(state, 'utf8')).toBe('')

    expectHarmless(run.summary)
    const summary = linesOf(shownMarkdown(run.summary))
    expect(arrived(summary).length).toBeGreaterThan(400)
    expect(ids.filter((id) => !summary.includes(id))).toEqual([])
    // One comment of HTML is ours: by it the comment is found again.
    const comment = github.comments[0]?.body.replace(/<!-- cache-crash-test[^>]*-->/, '') ?? ''
    expectHarmless(comment)
    expect(comment).toContain('Start-up failed')
    // It shows which scenarios failed, and nothing of logs and answers.
    const commented = linesOf(shownMarkdown(comment))
    expect(ids.map((id) => cut(id, 200)).filter((id) => !commented.includes(id))).toEqual([])
    expect(namesIn(commented.join('\n'))).toBeGreaterThan(0.8 * inNames.length)

    expect(await readdir(join(job.temporary, 'reports'))).toEqual(['report'])
    expect(await readdir(reportDir)).toEqual(['report-junit.xml', 'report.html', 'report.json'])
    const page = shownHtml(await file('report.html'))
    expectHarmlessPage(page)
    expect(
      page.structure.filter((element) => /^(?:script|style|img|iframe|object|form|base)\b/.test(element))
    ).toEqual(['style', 'script', 'form class hidden id role', 'script'])
    expect(arrived(linesOf(page)).length).toBeGreaterThan(410)
    expect(namesIn(page.text.join(''))).toBe(inNames.length)

    const junit = XmlDocument.fromString(await file('report-junit.xml'))
    expect(arrived(junit.root.content.split('\n')).length).toBeGreaterThan(410)
    const messages = junit.find('//failure/@message').map(({ content }) => content)
    expect(messages).toHaveLength(ids.length)
    // XML has no way to say some characters; one of the answers ends with them.
    const verbatim = report.scenarios.filter(({ detail }) => messages.includes(detail))
    expect(verbatim.length).toBeGreaterThanOrEqual(ids.length - 2)
    expect(junit.find('//testcase')).toHaveLength(ids.length + 1)
    expect(new Set(junit.find('//*').map((node) => (node instanceof XmlElement ? node.name : '')))).toEqual(
      new Set(['testsuites', 'testsuite', 'properties', 'property', 'testcase', 'failure', 'system-out'])
    )
    junit.dispose()

    const everywhere = [run.output, run.summary, comment, JSON.stringify(report), page.text.join('')]
    for (const words of Object.values(UNHEARD))
      expect(everywhere.filter((place) => place.includes(words))).toEqual([])
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  test('steers no terminal, in what is printed and in the line that comes and goes', async () => {
    const columns = 100
    const reportDir = join(context, 'report')
    const pidFile = join(context, 'pid')
    const options = Object.entries(INPUTS).flatMap(([name, value]) =>
      (name === 'ready' ? READY : [value]).flatMap((item) => [`--${name}`, item])
    )
    const args = [...options, '--context', context, '--report-dir', reportDir]
    const command = [join(root, 'dist/cli/index.js'), ...args].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`
    )
    // It gives the command a terminal; -e passes its exit code on.
    const typed = `stty columns ${columns}; echo $$ >'${pidFile}'; exec ${command.join(' ')}`
    const env = { TERM: 'xterm', NO_COLOR: '', FORCE_COLOR: '' }
    const { exitCode, output } = await execute('script', ['-qefc', typed, '/dev/null'], env)
    const files = await filesIn(reportDir)
    await rm(reportDir, { recursive: true })
    expect(exitCode).toBe(1)
    const { scenarios } = expectScenarios(reportSchema.parse(JSON.parse(files.get('report.json') ?? '')))

    // Colours, a line that is wiped, ends of lines: nothing beside them acts.
    const ours = new RegExp(String.raw`\x1b\[(?:1|2|22|31|32|33|39)m|\r\x1b\[2K|\r\n`, 'g')
    const found = [...new Set(output.match(ours) ?? [])].sort()
    expect(found).toEqual(['\r\n', CLEAR, ...[1, 2, 22, 31, 32, 39].map((code) => `\u001b[${code}m`)].sort())
    expect(output.replace(ours, '').match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)).toBeNull()
    // Each colour that was begun was ended.
    const sgr = (codes: string): number =>
      output.match(new RegExp(String.raw`\x1b\[(?:${codes})m`, 'g'))?.length ?? 0
    expect([sgr('31|32|33'), sgr('1|2')]).toEqual([sgr('39'), sgr('22')])

    // It was said: by the build; in the report, line by line; in the line that says what runs.
    const { lines, wiped } = shown(output, columns)
    const control = lines.findIndex((line) => line.includes('Control: booting'))
    expect(arrived(quotes(lines.slice(0, control))).length).toBeGreaterThan(430)
    expect(arrived(quotes(lines.slice(control))).length).toBeGreaterThan(320)
    expect(namesIn(lines.join('\n'))).toBeGreaterThan(0.8 * inNames.length)
    const running = wiped.filter((line) => /^ {2}\d+\/\d+ done[,;] .*running dangling-symlink@/.test(line))
    const beginnings = scenarios.map(({ id }) => id.slice(0, 'dangling-symlink@/data/00 '.length))
    expect(beginnings.filter((start) => running.some((line) => line.includes(start))).length).toBeGreaterThan(
      15
    )
    for (const words of Object.values(UNHEARD)) expect(output).not.toContain(words)
    expect(await leftBehindBy({ pid: Number(await readFile(pidFile, 'utf8')) })).toEqual([])
  })
})
