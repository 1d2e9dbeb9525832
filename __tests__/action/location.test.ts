import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BASES, leftBehindBy, runAction, verdicts, type ActionRun } from './runner.js'

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

/** Runs the action on a repository of its own, as a workflow does after its checkout. */
async function crashTest(name: string, files: Repository): Promise<ActionRun> {
  const workspace = join(directory, name)
  for (const [path, text] of Object.entries(files)) {
    const file = join(workspace, path)
    await mkdir(dirname(file), { recursive: true })
    const dockerfile = `FROM ${BASES['python3.11']}\n${text}\n`
    await writeFile(file, path === 'Dockerfile' ? dockerfile : text)
  }
  return await runAction(
    {
      ready: 'log:/ready/',
      volumes: '/data',
      'cache-paths': '/data/cache',
      faults: 'file-for-directory\nread-only',
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
