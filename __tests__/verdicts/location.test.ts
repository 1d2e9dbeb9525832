import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BASES, leftBehindBy, NODE_24, root, runAction, verdicts, type ActionRun } from '../action/runner.js'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'location-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

const APP = `import store

store.prepare("/data/cache")
print("ready", flush=True)
store.wait()
`
const STORE = `import os
import signal


def prepare(path):
    os.makedirs(path + "/models", exist_ok=True)


def wait():
    signal.pause()
`
const START = `#!/bin/sh
set -e
[ -e /data/cache ] || mkdir /data/cache

echo marker >/data/cache/marker
echo ready
exec sleep 300
`
/** Before the fault: it does not even start on clean state. */
const BROKEN = 'import store\n\nstore.none()\n'

/** A repository: files by path; the Dockerfile is built on a base with Python and a shell. */
type Repository = Readonly<Record<string, string>>

const PYTHON: Repository = {
  Dockerfile: 'WORKDIR /srv\nCOPY src ./\nCMD ["python3", "app.py"]',
  'src/app.py': APP,
  'src/store.py': STORE
}

/** Python that says nothing of its own: what it prints is what came of the store. */
function python(...lines: readonly string[]): Repository {
  const start = ['import store', '', ...lines, 'print("ready", flush=True)', 'store.wait()', '']
  return { ...PYTHON, 'src/app.py': start.join('\n') }
}

function node(main: string, files: Repository): Repository {
  return { Dockerfile: `COPY node /usr/local/bin/\nCOPY web /web\nCMD ["node", "/web/${main}"]`, ...files }
}

/**
 * A program of another language, without its compiler: the sources as they were compiled, and a start-up that dies with what
 * the real program printed (`__tests__/fixtures/tracebacks`).
 * @param sources by path in the repository, with the name that `capture.sh` gives them
 */
async function recorded(
  trace: string,
  copy: string,
  sources: Readonly<Record<string, string>>
): Promise<Repository> {
  const captures = join(root, '__tests__/fixtures/tracebacks')
  const script = await readFile(join(captures, 'capture.sh'), 'utf8')
  const source = (name: string): string => {
    const [, text] = script.split(`cat >${name} <<'EOF'\n`)
    if (text === undefined) throw new Error(`capture.sh writes no ${name}`)
    return text.slice(0, text.indexOf('\nEOF\n') + 1)
  }
  return {
    ...Object.fromEntries(Object.entries(sources).map(([path, name]) => [path, source(name)])),
    'trace.log': await readFile(join(captures, `${trace}.log`), 'utf8'),
    'start.sh':
      '#!/bin/sh\nmkdir -p /data/cache || { cat /trace.log >&2; exit 2; }\necho ready\nexec sleep 300\n',
    Dockerfile: `${copy}\nCOPY trace.log start.sh /\nCMD ["sh", "/start.sh"]`
  }
}

const MKDIR = 'python src/store.py:6 os.makedirs(path + "/models", exist_ok=True)'
const PREPARE = 'store.prepare("/data/cache")'
const JAVA = {
  'api/src/com/acme/App.java': 'com/acme/App.java',
  'api/src/com/acme/Store.java': 'com/acme/Store.java'
}
const GO = { 'worker/main.go': 'main.go', 'worker/store/store.go': 'store/store.go' }

/** What start-up dies of, and the line that is to be shown: that of the repository's own code where it began. */
const LANGUAGES: readonly {
  name: string
  files: () => Repository | Promise<Repository>
  expected: string
}[] = [
  {
    name: 'Python with a cause',
    files: () =>
      python(
        'try:',
        `    ${PREPARE}`,
        'except OSError as error:',
        '    raise RuntimeError("no cache") from error'
      ),
    expected: MKDIR
  },
  {
    name: 'Python in an exception group',
    files: () =>
      python(
        'try:',
        `    ${PREPARE}`,
        'except OSError as error:',
        '    raise ExceptionGroup("start-up", [error])'
      ),
    expected: MKDIR
  },
  {
    name: 'a Node.js script',
    files: () =>
      node('server.js', {
        'web/server.js':
          "require('./lib/store').prepare('/data/cache')\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n",
        'web/lib/store.js':
          "const fs = require('node:fs')\n\nexports.prepare = (path) => {\n  fs.mkdirSync(path, { recursive: true })\n}\n"
      }),
    expected: 'node web/lib/store.js:4 fs.mkdirSync(path, { recursive: true })'
  },
  {
    name: 'a Node.js module that awaits',
    files: () =>
      node('server.mjs', {
        'web/server.mjs':
          "import { mkdir } from 'node:fs/promises'\n\nasync function prepare() {\n  await mkdir('/data/cache', { recursive: true })\n}\n\nawait prepare()\nconsole.log('ready')\nsetInterval(() => {}, 1000)\n"
      }),
    expected: "node web/server.mjs:4 await mkdir('/data/cache', { recursive: true })"
  },
  {
    name: 'a Go panic',
    files: () => recorded('go-panic', 'COPY worker /app/go', GO),
    expected: 'go worker/store/store.go:8 panic(err)'
  },
  {
    name: 'a Go panic with trimmed paths',
    files: () => recorded('go-trimpath', 'WORKDIR /src\nCOPY worker .', GO),
    expected: 'go worker/store/store.go:8 panic(err)'
  },
  {
    name: 'a Java exception with a cause',
    files: () => recorded('java-cause', 'COPY api /build', JAVA),
    expected: 'java api/src/com/acme/Store.java:10 Files.createDirectory(path);'
  }
]

/** Runs the action on a repository of its own, as a workflow does after its checkout. */
async function crashTest(
  name: string,
  files: Repository,
  faults = 'file-for-directory\nread-only'
): Promise<ActionRun> {
  const workspace = join(directory, name)
  for (const [path, text] of Object.entries(files)) {
    const file = join(workspace, path)
    await mkdir(dirname(file), { recursive: true })
    const dockerfile = `FROM ${BASES['python3.11']}\n${text}\n`
    await writeFile(file, path === 'Dockerfile' ? dockerfile : text)
  }
  if (files.Dockerfile?.includes('COPY node ') === true) await copyFile(NODE_24, join(workspace, 'node'))
  return await runAction(
    {
      // Not in the message: "already exists".
      ready: 'log:/^ready/',
      volumes: '/data',
      'cache-paths': '/data/cache',
      faults,
      'stable-for': '200ms',
      'second-boot': 'false',
      options: '--stop-timeout 0'
    },
    { workspace }
  )
}

/** The commands for errors that stand on a line, as the runner gets them. */
function placed({ stdout }: ActionRun): string[] {
  return stdout.split('\n').filter((line) => /^::error [^:]*file=/.test(line))
}

function locations({ report }: ActionRun): unknown[] {
  return (report?.scenarios ?? []).map(({ location }) =>
    location === null ? null : `${location.language} ${location.file}:${location.line} ${location.source}`
  )
}

const CRASHED = {
  'file-for-directory@/data/cache/recreate': 'failed: crashed',
  'read-only@/data/cache/recreate': 'failed: crashed'
}

describe('the line in the pull request', () => {
  test.concurrent('is that of the repository’s own Python, below frames of the library', async () => {
    const run = await crashTest('python', PYTHON)
    const line = 'python src/store.py:6 os.makedirs(path + "/models", exist_ok=True)'
    // On a read-only mount the directory is already there, so that nothing fails.
    expect(locations(run)).toContain(line)
    expect(
      new Set(placed(run).map((command) => /file=([^,:]+),line=(\d+)/.exec(command)?.slice(1, 3).join(':')))
    ).toEqual(new Set(['src/store.py:6']))
    expect(run.summary).toContain('`src/store.py:6, in prepare`')
    expect(await leftBehindBy(run)).toEqual([])
  })

  test.concurrent('is that of a script that was renamed in the image', async () => {
    const run = await crashTest('shell', {
      Dockerfile: 'COPY scripts/start.sh /usr/local/bin/start\nCMD ["sh", "/usr/local/bin/start"]',
      'scripts/start.sh': START
    })
    expect(verdicts(run.report)).toEqual(CRASHED)
    const line = 'shell scripts/start.sh:5 echo marker >/data/cache/marker'
    expect(locations(run)).toEqual([line, line])
    // Both scenarios fail there: one annotation names them.
    expect(placed(run)).toEqual([
      expect.stringMatching(
        /^::error .*file=scripts\/start\.sh,line=5.*2 scenarios fail here: crashed .*, crashed /
      )
    ])
  })

  test.concurrent('is shown for an image that does not start at all', async () => {
    const run = await crashTest('control', { ...PYTHON, 'src/app.py': BROKEN })
    expect(run.report?.control).toMatchObject({
      result: 'failed',
      location: { file: 'src/app.py', line: 3, language: 'python', source: 'store.none()' }
    })
    expect(placed(run)).toEqual([expect.stringMatching(/file=src\/app\.py,line=3/)])
  })

  test.concurrent.each(LANGUAGES)('is right for $name', async ({ name, files, expected }) => {
    const run = await crashTest(name.replaceAll(/\W+/g, '-'), await files(), 'file-for-directory')
    expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/cache/recreate': 'failed: crashed' })
    expect(locations(run)).toEqual([expected])
    const [, file = '', line = ''] = /^\w+ (\S+):(\d+) /.exec(expected) ?? []
    expect(placed(run)).toEqual([expect.stringMatching(new RegExp(`file=${file},line=${line}\\b`))])
  })

  const NOWHERE: readonly [string, Repository][] = [
    [
      'a file that is there twice',
      {
        Dockerfile: 'COPY a /tmp/a\nRUN mv /tmp/a/start.sh /opt/start.sh\nCMD ["sh", "/opt/start.sh"]',
        'a/start.sh': START,
        'b/start.sh': START
      }
    ],
    [
      'a file that differs from the one in the image',
      {
        Dockerfile: 'COPY start.sh /opt/\nRUN sed -i "2i # built" /opt/start.sh\nCMD ["sh", "/opt/start.sh"]',
        'start.sh': START
      }
    ]
  ]
  test.concurrent.each(NOWHERE)('is none for %s', async (name, files) => {
    const run = await crashTest(name.replaceAll(' ', '-'), files)
    expect(verdicts(run.report)).toEqual(CRASHED)
    expect(locations(run)).toEqual([null, null])
    expect(placed(run)).toEqual([])
  })
})
