import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runSmokeTest, type SmokeTest } from '../../../src/trial/smoke-test.js'

let workspace: string
const never = new AbortController().signal

beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'smoke-test-test-')))
})

afterEach(() => {
  rmSync(workspace, { recursive: true })
})

const run = (script: string, overrides: Partial<SmokeTest> = {}, signal = never) =>
  runSmokeTest(
    {
      script,
      workspace,
      environment: { ...process.env, RUNNER_TEMP: workspace },
      deadlineMs: 20_000,
      container: 'under-test',
      ports: [],
      ...overrides
    },
    signal
  )

test.each<[string, string, number]>([
  ['succeeds', 'true', 0],
  ['fails', 'exit 7', 7],
  ['ends at the first command that fails', 'false\ntrue', 1],
  ['fails with any part of a pipe', 'exit 3 | cat', 3]
])('a script %s', async (_, script, exitCode) => {
  expect(await run(script)).toMatchObject({ exitCode, timedOut: false })
})

test('runs in the workspace and its output is kept, both streams', async () => {
  expect((await run('pwd; echo oops >&2')).output.split('\n').sort()).toEqual([workspace, 'oops'].sort())
})

test('knows the container and its ports, and not what the action was given', async () => {
  const environment = {
    ...process.env,
    INPUT_SECRETS: 'hidden',
    ACTIONS_RUNTIME_TOKEN: 'hidden',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'http://tokens',
    BASE_URL: 'http://elsewhere'
  }
  const ports = [
    { containerPort: 8000, address: { host: '127.0.0.1', port: 4001 } },
    { containerPort: 9000, address: { host: '::1', port: 4002 } }
  ]
  const script =
    'echo "$BASE_URL $PORT_8000 $PORT_9000 $CONTAINER ${INPUT_SECRETS-none} ${ACTIONS_RUNTIME_TOKEN-none}"\n' +
    'echo "$ACTIONS_ID_TOKEN_REQUEST_URL"'
  const { output } = await run(script, { ports, environment })
  expect(output).toBe('http://127.0.0.1:4001 4001 4002 under-test none none\nhttp://tokens')
  expect((await run('echo "${BASE_URL-none}"', { environment })).output).toBe('none')
})

test('output is bounded, and its end is kept', async () => {
  const { output } = await run('seq 1 200000')
  expect(output.length).toBeLessThan(64 * 1024)
  expect(output.endsWith('\n200000')).toBe(true)
})

describe('nothing of it stays behind', () => {
  const sleeper = 'sleep 300 & echo $! > pid; '
  const childIsGone = async () => {
    const pid = readFileSync(join(workspace, 'pid'), 'utf8').trim()
    // A killed process is gone once its parent has reaped it; as pid 1 may take its time, a zombie counts as gone.
    for (;;) {
      const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : ''
      if (status === '' || /^State:\s+[ZX]/m.test(status)) return
      await delay(10)
    }
  }

  test('when it ends and leaves a process in the background', async () => {
    const result = await run(`${sleeper} exit 0`)
    expect(result).toMatchObject({ exitCode: 0, timedOut: false })
    expect(result.seconds).toBeLessThan(5)
    await childIsGone()
  })

  test('when its time is over', async () => {
    const result = await run(`${sleeper} echo waiting; wait`, { deadlineMs: 3000 })
    expect(result).toMatchObject({ exitCode: null, timedOut: true, output: 'waiting' })
    await childIsGone()
  })

  test('when the run is cancelled', async () => {
    const abort = new AbortController()
    const reason = new Error('cancelled')
    const running = run(`${sleeper} wait`, {}, abort.signal)
    running.catch(() => undefined)
    while (!existsSync(join(workspace, 'pid')) || readFileSync(join(workspace, 'pid'), 'utf8') === '')
      await delay(10)
    abort.abort(reason)
    await expect(running).rejects.toBe(reason)
    await childIsGone()
  })

  test('when a process has left its group and holds the output open', async () => {
    const result = await run('setsid sleep 60 & exit 0')
    expect(result.exitCode).toBe(0)
    expect(result.seconds).toBeLessThan(50)
  })

  test('not even its file', async () => {
    await run('ls | grep ^cache-crash-test- >seen')
    await run('sleep 60', { deadlineMs: 50 })
    expect(readFileSync(join(workspace, 'seen'), 'utf8')).toMatch(/^cache-crash-test-/)
    expect(readdirSync(workspace)).toEqual(['seen'])
  })
})

test('a workspace that is not there is an error that says so', async () => {
  await expect(run('true', { workspace: '/nonexistent/workspace' })).rejects.toThrow('could not be run')
})
