import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fakeGitHub, TOKEN } from '../fixtures/github/server.js'
import { hear } from '../workflow-commands.js'
import { newJob, pullRequestEnv } from './job.js'
import { BASES, execute, leftBehindBy, runAction, runCli } from './runner.js'

/** Characters that each format escapes in a way of its own, in words that occur nowhere else. */
const SECRETS = {
  /** An input of the step. */
  DATABASE_PASSWORD: 'quill|<ember>&"otter"\'*_ /+~ü',
  /** A variable of the image. Nothing but its name there tells that it is a secret. */
  UPSTREAM_API_KEY: 'saffron=heron`walnut`#7@lynx',
  /** Of the build. */
  REGISTRY_TOKEN: 'marble%tundra$cobalt'
} as const
/** What a reader would recognise, whatever stands between. */
const WORDS = /quill|ember|otter|saffron|heron|walnut|marble|tundra|cobalt/i

/** The forms are those of Python's library, and not of the project: encodings, quotings, one inside of another text. */
const FORMS = `import base64, html, json, os, urllib.parse
forms = []
for name in ("DATABASE_PASSWORD", "UPSTREAM_API_KEY", "REGISTRY_TOKEN"):
    value = os.environ.get(name)
    if value is None:
        continue
    raw = value.encode()
    forms += [
        value,
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(b"user:" + raw + b"@host").decode(),
        urllib.parse.quote(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
        html.escape(value, quote=False),
        html.escape(value),
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        json.dumps(json.dumps(value)),
        raw.hex(),
        "postgres://app:" + urllib.parse.quote(value, safe="") + "@db/app",
    ]
`
const BUILD = `${FORMS}
for form in forms:
    print("the build says", form, flush=True)
`
const START = `${FORMS}
import http.server, shutil, sys
cache = "/data/cache"
for form in forms:
    print("start-up says", form, flush=True)
if os.path.islink(cache):
    raise SystemExit("cannot use the cache with " + " and ".join(forms))
if os.path.lexists(cache) and not os.path.isdir(cache):
    shutil.rmtree("/data", ignore_errors=True)
    try:
        os.unlink(cache)
    except FileNotFoundError:
        pass
os.makedirs(cache, exist_ok=True)
os.makedirs("/data/users", exist_ok=True)
for form in forms:
    open("/data/users/" + form.replace("/", "")[:200], "a").close()

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = "\\n".join(forms).encode()
        self.send_response(500 if self.path == "/work" else 200, "OK" if self.path != "/work" else "no")
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("", 8000), Answers).serve_forever()
`
const DOCKERFILE = `FROM ${BASES['python3.11']}
ARG REGISTRY_TOKEN
COPY build.py start.py /
RUN python3 /build.py
ARG UPSTREAM
ENV UPSTREAM_API_KEY=$UPSTREAM
EXPOSE 8000
VOLUME /data
CMD ["python3", "/start.py"]
`
const INPUTS = {
  env: `DATABASE_PASSWORD=${SECRETS.DATABASE_PASSWORD}`,
  'build-args': `REGISTRY_TOKEN=${SECRETS.REGISTRY_TOKEN}\nUPSTREAM=${SECRETS.UPSTREAM_API_KEY}`,
  faults: 'dangling-symlink\nfile-for-directory\nmissing',
  'cache-paths': '/data/cache',
  'stable-for': '100ms'
}

let context = ''
/** All that a container and the build say. */
let forms: readonly string[] = []
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'secrets-'))
  await writeFile(join(context, 'Dockerfile'), DOCKERFILE)
  await writeFile(join(context, 'start.py'), START)
  await writeFile(join(context, 'build.py'), BUILD)
  const printed = await execute('python3', ['-c', `${FORMS}\nprint(json.dumps(forms))`], SECRETS)
  forms = JSON.parse(printed.stdout) as string[]
})
afterAll(async () => {
  await rm(context, { recursive: true })
})

/** What an output gives away; of an encoded form every piece of 12 characters counts. */
function leaksIn(text: string): string[] {
  const pieces = forms.flatMap((form) => [form, ...(form.match(/[A-Za-z0-9]{12,}/g) ?? [])])
  return [...new Set([...pieces.filter((piece) => text.includes(piece)), ...(WORDS.exec(text) ?? [])])]
}

describe('an image that says its secrets in every form, in its build and in all that it says', () => {
  test('gives none away: log, annotations, outputs, summary, comment and reports', async () => {
    const job = await newJob()
    const github = await fakeGitHub()
    const reportDir = join(job.temporary, 'report')
    const smokeTest = 'curl --silent --show-error --fail-with-body "$BASE_URL/work"'
    const run = await runAction(
      {
        ...INPUTS,
        context,
        'smoke-test': smokeTest,
        comment: 'always',
        'github-token': TOKEN,
        'report-dir': reportDir
      },
      {
        env: {
          ...job.env,
          ...(await pullRequestEnv(job.temporary, github.url))
        }
      }
    )
    await github.close()
    expect(run).toMatchObject({ exitCode: 1 })
    expect(new Set(forms).size).toBeGreaterThan(20)

    const { commands, text } = hear(run.output)
    const said = [
      ...text,
      ...commands.filter(({ name }) => name !== 'add-mask').map((command) => JSON.stringify(command)),
      ...run.outputs.values(),
      run.summary,
      github.comments.map(({ body }) => body).join('\n')
    ].join('\n')
    const reports = await Promise.all(
      ['report.json', 'report-junit.xml', 'report.html'].map((name) =>
        readFile(join(reportDir, name), 'utf8')
      )
    )
    for (const output of [said, ...reports]) {
      expect(leaksIn(output)).toEqual([])
    }
    // They were said: by the build, by the container, and by what the smoke test was answered.
    for (const words of ['the build says \\*\\*\\*', 'start-up says \\*\\*\\*'])
      expect(said).toMatch(new RegExp(words))
    expect(reports.every((report) => report.includes('***'))).toBe(true)
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  test('nor on a terminal, in a plan, or in the command that repeats a scenario', async () => {
    for (const mode of ['test', 'plan']) {
      const options = Object.entries(INPUTS).flatMap(([name, value]) =>
        value.split('\n').flatMap((item) => [`--${name}`, item])
      )
      const run = await runCli([...options, '--context', context, '--mode', mode])
      expect(run.exitCode).toBe(mode === 'test' ? 1 : 0)
      expect(leaksIn(run.output)).toEqual([])
      expect(run.output).toContain('***')
    }
  })
})
