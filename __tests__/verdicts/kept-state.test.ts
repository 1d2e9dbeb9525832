import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { BASES, runAction, verdicts, type ActionRun } from '../action/runner.js'

let context = ''

beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'kept-state-'))
})
afterAll(async () => {
  await rm(context, { recursive: true })
})

/** Runs the action on an image of which only the lines of its start-up are told. */
async function runOn(
  before: string,
  startUp: string,
  inputs: Readonly<Record<string, string>>
): Promise<ActionRun> {
  await writeFile(join(context, 'start.sh'), `set -e\n${startUp}`)
  await writeFile(
    join(context, 'app.py'),
    'import answer, time\nprint(answer.TEXT, flush=True)\ntime.sleep(1000)\n'
  )
  await writeFile(join(context, 'answer.py'), 'TEXT = "up"\n')
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM ${BASES['python3.11']}\nCOPY . /image\nSTOPSIGNAL SIGKILL\n${before}\nCMD ["sh", "/image/start.sh"]\n`
  )
  return await runAction({ context, ready: 'log:/^up$/', 'stable-for': '200ms', ...inputs })
}

const SERVE = 'exec python3 -B /image/app.py\n'
const CACHE = '[ ! -L /root/.cache ] || CLEAR\nmkdir -p /root/.cache\ntouch /root/.cache/used\n'

test.each([
  ['everything', 'rm -rf /root/.cache /data', 'failed: data-lost'],
  ['only its cache', 'rm -rf /root/.cache', 'recovered']
])('uploads in the container’s own layer are watched where start-up clears %s', async (_, clear, verdict) => {
  const run = await runOn(
    'RUN mkdir -p /data/uploads && echo photo >/data/uploads/photo',
    CACHE.replace('CLEAR', clear) + SERVE,
    {
      faults: 'dangling-symlink',
      'cache-paths': '/root/.cache',
      'data-paths': '/data/uploads',
      'boot-modes': 'restart'
    }
  )
  expect(verdicts(run.report)['dangling-symlink@/root/.cache/restart']).toBe(verdict)
  expect(run.report?.notes).toContainEqual(expect.stringMatching(/^\/data\/uploads is on no volume/))
})

test('a file in the container’s own layer that lives only between runs is not lost where it is gone while one goes on', async () => {
  const run = await runOn(
    'STOPSIGNAL SIGTERM\nRUN mkdir -p /data/uploads && echo photo >/data/uploads/photo',
    `${CACHE.replace('CLEAR', 'rm /root/.cache')}rm -f /data/uploads/ended-well\n` +
      "trap 'echo yes >/data/uploads/ended-well; exit 0' TERM\npython3 -B /image/app.py &\nwait\n",
    {
      faults: 'dangling-symlink',
      'cache-paths': '/root/.cache',
      'data-paths': '/data/uploads',
      'boot-modes': 'restart'
    }
  )
  expect(verdicts(run.report)['dangling-symlink@/root/.cache/restart']).toBe('recovered')
})

const COPY = '[ -d /data/app ] || cp -r /image /data/app\n'
/** As package managers share files: the one of two names that comes first is the file. */
const HARD_LINKS = '[ -d /data/app ] || { cp -r /image /data/a-store && cp -rl /data/a-store /data/app; }\n'
const PURGE = 'rm -rf /data/app/__pycache__\n'

test.each([
  ['runs what is there', COPY, ['failed: stale-code', 'failed: crashed']],
  ['clears bytecode first', COPY + PURGE, ['recovered', 'recovered']],
  ['runs what is there, of files with two names', HARD_LINKS, ['failed: stale-code', 'failed: crashed']],
  ['clears bytecode first, of files with two names', HARD_LINKS + PURGE, ['recovered', 'recovered']]
])(
  'code that start-up itself copies to a volume, dated anew each time, is met: it %s',
  async (_, startUp, found) => {
    const run = await runOn('VOLUME /data', `${startUp}exec python3 /data/app/app.py\n`, {
      faults: 'stale-bytecode\ntruncated-bytecode'
    })
    const came = verdicts(run.report)
    expect([came['stale-bytecode@/data/recreate'], came['truncated-bytecode@/data/recreate']]).toEqual(found)
  }
)

test('what start-up writes where nothing is corrupted is said', async () => {
  const run = await runOn(
    'VOLUME /data',
    `mkdir -p /data/db /data/cache\necho 1 >/data/db/1\necho 1 >/data/cache/1\n${SERVE}`,
    {
      faults: 'file-for-directory',
      'cache-paths': '/data/cache',
      'expect-failures': 'file-for-directory@/data/cash/recreate'
    }
  )
  expect(run.report?.notes).toEqual(
    expect.arrayContaining([
      'Start-up also writes /data/db on the volume /data, where nothing is corrupted: name it in cache-paths or data-paths.',
      'file-for-directory@/data/cash/recreate in expect-failures is no scenario of this plan.'
    ])
  )
})

test.each([
  ['makes way', 'rm -f /data/a', 'recovered'],
  ['does not', 'true', 'failed: crashed']
])(
  'a file with two names has the other one still where what is at the first %s',
  async (_, repair, verdict) => {
    const run = await runOn(
      'VOLUME /data',
      `[ -d /data/a ] || ${repair}\nmkdir -p /data/a /data/b\n` +
        '[ -e /data/b/x ] || { echo model >/data/a/x; ln /data/a/x /data/b/x; }\n' +
        `grep -q model /data/b/x\n${SERVE}`,
      { faults: 'file-for-directory', 'cache-paths': '/data/a' }
    )
    expect(verdicts(run.report)).toEqual({ 'file-for-directory@/data/a/recreate': verdict })
  }
)
