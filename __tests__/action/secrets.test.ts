import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fakeGitHub, TOKEN } from '../fixtures/github/server.js'
import type { Report } from '../../src/report/schema.js'
import { hear, valuesOf } from '../workflow-commands.js'
import { logLines } from './fixture-images.js'
import { newJob, pullRequestEnv } from './job.js'
import { BASES, execute, filesIn, leftBehindBy, runAction, runCli, verdicts } from './runner.js'

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
import errno, http.server, shutil, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
answers_badly = False
for form in forms:
    print("start-up says", form, flush=True)
os.makedirs("/data/users", exist_ok=True)
for number, form in enumerate(forms):
    file = "/data/users/" + form
    # Without its slashes it would be no form of the secret any more.
    if "/" not in form and not os.path.exists(file):
        with open(file, "w") as user:
            user.write("user %d" % number)
cache = os.environ["XDG_CACHE_HOME"]
try:
    os.stat(cache)
    found = None if os.path.isdir(cache) else errno.ENOTDIR
except OSError as error:
    found = error.errno
if found == errno.ENOENT:
    # A traceback, of which a cause can be told and lines be quoted.
    try:
        os.makedirs(cache, exist_ok=True)
    except FileExistsError as error:
        for form in forms:
            print("FileExistsError: [Errno 17] File exists:", form, flush=True)
        raise FileExistsError("[Errno 17] File exists: " + " and ".join(forms)) from error
elif found == errno.ENOTDIR:
    # Of what is lost names are said.
    shutil.rmtree("/data/users")
elif found == errno.ELOOP:
    answers_badly = True

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = "\\n".join(forms).encode()
        self.send_response(500 if answers_badly and self.path == "/work" else 200, "from here")
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
ENV XDG_CACHE_HOME=/data/of-$UPSTREAM
EXPOSE 8000
VOLUME /data
CMD ["python3", "/start.py"]
`
const INPUTS = {
  env: `DATABASE_PASSWORD=${SECRETS.DATABASE_PASSWORD}`,
  'build-args': `REGISTRY_TOKEN=${SECRETS.REGISTRY_TOKEN}\nUPSTREAM=${SECRETS.UPSTREAM_API_KEY}`,
  'smoke-test': 'curl --silent --show-error --fail-with-body "$BASE_URL/work"',
  faults: 'dangling-symlink\nfile-for-directory\nsymlink-loop',
  'second-boot': 'false',
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

/** What stands where a secret was. */
const MASK = '***'
const masks = (text: string): number => text.split(MASK).length - 1
/** The cache has a secret in its name. */
const PATH = `/data/of-${MASK}`
/** Ways in which FORMS says a secret; two of the three secrets are the container's. */
const WAYS = 14
const OF_CONTAINER = 2 * WAYS

/**
 * Scenarios came to failure in each way that is in START, and said their secrets in every place that a container has: its log,
 * the answer that the smoke test prints, the lines that tell the cause, the names of files, the path that the fault is at.
 */
function expectScenarios(report: Report | undefined): void {
  expect(report?.control.result).toBe('passed')
  expect(verdicts(report)).toEqual({
    [`dangling-symlink@${PATH}/recreate`]: 'failed: crashed',
    [`file-for-directory@${PATH}/recreate`]: 'failed: data-lost',
    [`symlink-loop@${PATH}/recreate`]: 'failed: wrong-answer'
  })
  for (const scenario of report?.scenarios ?? []) {
    const { fault, detail, diagnosis, smokeTest, reproduce } = scenario
    const said = logLines(scenario).filter((line) => line.startsWith('start-up says'))
    expect(said).toHaveLength(OF_CONTAINER)
    expect(said.filter((line) => !line.includes(MASK))).toEqual([])
    expect(reproduce).toContain('--env DATABASE_PASSWORD="$DATABASE_PASSWORD"')
    expect(reproduce).toContain('--build-args REGISTRY_TOKEN="$REGISTRY_TOKEN"')
    expect(reproduce).toContain(`--build-args 'UPSTREAM=${MASK}'`)
    expect(reproduce).toContain(`--cache-paths '${PATH}'`)
    if (fault === 'dangling-symlink') {
      const quoted = diagnosis?.lines ?? []
      expect(quoted).toHaveLength(3)
      expect(quoted.filter((line) => line.includes(MASK)).length).toBeGreaterThan(0)
    } else expect(detail).toContain(MASK)
    if (fault === 'symlink-loop') expect(masks(smokeTest?.output ?? '')).toBeGreaterThanOrEqual(OF_CONTAINER)
  }
}

/** Each kind of report has the secrets' places: none passes because it shows nothing. */
function expectReports(files: ReadonlyMap<string, string>): void {
  expect([...files.keys()]).toEqual(['report-junit.xml', 'report.html', 'report.json'])
  for (const [name, text] of files) {
    expect({ name, leaks: leaksIn(text) }).toEqual({ name, leaks: [] })
    // Three logs, one of them with as much again, and the answer of one.
    expect(masks(text)).toBeGreaterThan(5 * OF_CONTAINER)
  }
  const junit = files.get('report-junit.xml') ?? ''
  expect(junit.match(/<failure /g)).toHaveLength(3)
  expect(junit.match(/<failure [^>]*\*\*\*/g)).toHaveLength(2)
}

describe('an image that says its secrets in every form, in its build and in all that it says', () => {
  test('gives none away: log, annotations, outputs, summary, comment and reports', async () => {
    const job = await newJob()
    const github = await fakeGitHub()
    const reportDir = join(job.temporary, 'report')
    const run = await runAction(
      { ...INPUTS, context, comment: 'always', 'github-token': TOKEN, 'report-dir': reportDir },
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
    expect(leaksIn(forms.join('\n')).length).toBeGreaterThan(new Set(forms).size)
    expectScenarios(run.report)

    const heard = hear(run.output)
    const comment = github.comments.map(({ body }) => body).join('\n')
    const places = {
      log: heard.text.join('\n'),
      // The runner is told what to mask; it never shows that line.
      commands: heard.commands
        .filter(({ name }) => name !== 'add-mask')
        .map((command) => JSON.stringify(command))
        .join('\n'),
      outputs: [...run.outputs.values()].join('\n'),
      summary: run.summary,
      comment
    }
    for (const [place, text] of Object.entries(places))
      expect({ place, leaks: leaksIn(text) }).toEqual({ place, leaks: [] })
    expectReports(await filesIn(reportDir))

    // They were said: by the build, and in every scenario, of whose log the runner's has the end.
    expect(places.log.match(/the build says .*\*\*\*/g)).toHaveLength(WAYS)
    expect(places.log.match(/│ start-up says .*\*\*\*/g)?.length).toBeGreaterThanOrEqual(24)
    expect(valuesOf(heard, 'error').filter((text) => text.includes(MASK)).length).toBeGreaterThanOrEqual(3)
    expect(masks(run.summary)).toBeGreaterThan(3 * OF_CONTAINER)
    expect(comment.match(/^\| ❌[^|]*\| `[a-z-]+@\/data\/of-\*\*\*\/recreate` \|/gm)).toHaveLength(3)
    expect(places.outputs).toContain(`dangling-symlink@/data/of-${MASK}/recreate`)
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  const options = Object.entries(INPUTS).flatMap(([name, value]) =>
    value.split('\n').flatMap((item) => [`--${name}`, item])
  )

  test('nor on a terminal, in the reports of the command line, or in the command that repeats a scenario', async () => {
    const run = await runCli([...options, '--context', context])
    expect(run.exitCode).toBe(1)
    expect(leaksIn(run.output)).toEqual([])
    expectScenarios(run.report)
    expectReports(run.files)
    expect(run.stdout.match(/│ start-up says .*\*\*\*/g)?.length).toBeGreaterThanOrEqual(24)
    expect(run.stdout.match(/DATABASE_PASSWORD="\$DATABASE_PASSWORD"/g)).toHaveLength(3)
    expect(await leftBehindBy(run)).toEqual([])
  })

  test('nor in a plan, apart from the ids by which its jobs know their scenarios', async () => {
    const run = await runCli([...options, '--context', context, '--mode', 'plan'])
    expect(run.exitCode).toBe(0)
    expect(leaksIn(run.output)).toEqual([])
    expect(run.stdout.split('\n').filter((line) => line.includes(`@/data/of-${MASK}/recreate`))).toHaveLength(
      3
    )

    expect([...run.files.keys()]).toEqual(['plan.json'])
    const plan = JSON.parse(run.files.get('plan.json') ?? '') as { scenarios: { id: string }[] }
    const ids = plan.scenarios.map(({ id }) => id)
    // What an image calls a secret cannot choose what a job is to run.
    expect(ids.filter((id) => id.includes(`/data/of-${SECRETS.UPSTREAM_API_KEY}/`))).toHaveLength(3)
    const rest = { ...plan, scenarios: plan.scenarios.map((scenario) => ({ ...scenario, id: '' })) }
    expect(leaksIn(JSON.stringify(rest))).toEqual([])
    expect(await leftBehindBy(run)).toEqual([])
  })
})
