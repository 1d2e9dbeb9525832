import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { tmpdir } from 'node:os'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { Boots, only, pythonServer } from './observe-fixture.js'

let engine: Engine
let boots: Boots

beforeAll(async () => {
  engine = await connect(process.env)
  boots = new Boots(engine)
})

afterEach(() => boots.clear())

afterAll(() => {
  engine.close()
})

const forever = 'import time; time.sleep(600)'

describe('a container that exits', () => {
  test('is judged at once, with its code and its last words', async () => {
    const started = performance.now()
    const observed = await boots.boot(
      await boots.python('import sys; print("out"); sys.stderr.write("no newline"); sys.exit(3)')
    )
    expect(observed).toMatchObject({
      container: 'under-test',
      outcome: { kind: 'exited', exitCode: 3, oomKilled: false },
      stability: undefined
    })
    expect(observed.log.head).toHaveLength(2)
    expect([...observed.log.head].sort()).toEqual(['no newline', 'out'])
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  test('shows the whole traceback of an uncaught exception', async () => {
    const { log } = await boots.boot(await boots.python('import os; os.mkdir("/tmp")'))
    expect(log.head[0]).toBe('Traceback (most recent call last):')
    expect(log.head.at(-1)).toBe("FileExistsError: [Errno 17] File exists: '/tmp'")
  })

  test('for want of memory is told from one that was killed', async () => {
    const greedy = await boots.python('x = bytearray(400 << 20)', {
      HostConfig: { Memory: 48 << 20, MemorySwap: 48 << 20 }
    })
    expect((await boots.boot(greedy)).outcome).toMatchObject({
      kind: 'exited',
      exitCode: 137,
      oomKilled: true
    })
    const killed = await boots.create({
      Cmd: ['sh', '-c', 'kill -9 $$; sleep 600'],
      HostConfig: { Init: true }
    })
    expect((await boots.boot(killed)).outcome).toMatchObject({
      kind: 'exited',
      exitCode: 137,
      oomKilled: false
    })
  })

  test('while a restart policy starts it again has still exited', async () => {
    const id = await boots.python('import time, sys; time.sleep(.2); sys.exit(4)', {
      HostConfig: { RestartPolicy: { Name: 'always' } }
    })
    expect((await boots.boot(id)).outcome).toMatchObject({ kind: 'exited', exitCode: 4 })
  })

  test('with a label that forges the code of the event has still exited with its own', async () => {
    const id = await boots.python('import sys; sys.exit(5)', {
      Labels: { 'cache-crash-test.observe-test': 'yes', exitCode: '0' }
    })
    expect((await boots.boot(id, only({ kind: 'exit', code: 0 }))).outcome).toMatchObject({
      kind: 'exited',
      exitCode: 5
    })
  })

  test('in a second start of the same container is told by the log of that start alone', async () => {
    const id = await boots.create({
      Cmd: ['sh', '-c', 'if [ -e /began ]; then echo second; exit 2; fi; touch /began; echo first; exit 1']
    })
    expect((await boots.boot(id)).log.head).toEqual(['first'])
    const second = await boots.boot(id)
    expect(second.outcome).toMatchObject({ kind: 'exited', exitCode: 2 })
    expect(second.log.head).toEqual(['second'])
  })
})

describe('a process that cannot be started', () => {
  test.each<[string, object, number, string]>([
    ['no such executable', { Cmd: ['/nope'] }, 127, 'no such file or directory'],
    ['not executable', { Cmd: ['/etc/passwd'] }, 126, 'permission denied'],
    ['no such user', { User: 'nobodyhere' }, 128, 'unable to find user nobodyhere'],
    ['a mount point under a file', { HostConfig: { Tmpfs: { '/etc/passwd/x': '' } } }, 127, 'not a directory']
  ])('for %s has crashed, in the words of the engine', async (_, body, exitCode, words) => {
    const id = await boots.create({ Cmd: ['sleep', '600'], ...body })
    expect((await boots.boot(id)).outcome).toMatchObject({
      kind: 'exited',
      exitCode,
      error: expect.stringContaining(words)
    })
  })

  test('for a file where the working directory was has crashed', async () => {
    const id = await boots.create({ Cmd: ['sleep', '600'], WorkingDir: '/work-here' })
    await engine.write(id, [
      {
        path: '/work-here',
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0,
        size: 0,
        content: Buffer.alloc(0)
      }
    ])
    expect((await boots.boot(id)).outcome).toMatchObject({ kind: 'exited', exitCode: 128 })
  })

  test('for a port that is taken says nothing about the image', async () => {
    const first = await boots.python(forever)
    await boots.boot(first, only({ kind: 'stays-up', seconds: 0 }))
    const taken = (await engine.inspectContainer(first)).publishedPorts.get(8000)
    const second = await boots.create({
      Cmd: ['sleep', '600'],
      HostConfig: { PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(taken) }] } }
    })
    expect((await boots.boot(second)).outcome.kind).toBe('engine-error')
  })

  test('because it is not there says nothing about the image', async () => {
    expect((await boots.boot('f'.repeat(64))).outcome.kind).toBe('engine-error')
  })

  test('or whose log cannot be read says nothing about the image', async () => {
    const id = await boots.python(pythonServer(), { HostConfig: { LogConfig: { Type: 'none', Config: {} } } })
    const { outcome } = await boots.boot(id, { stableForMs: 5000 })
    expect(outcome).toMatchObject({
      kind: 'engine-error',
      message: expect.stringContaining('logging driver')
    })
  })
})

test('a container that hangs times out, and is left running', async () => {
  const id = await boots.python(`print('loading', flush=True); ${forever}`)
  const observed = await boots.boot(id, { deadlineMs: 5000 })
  expect(observed.outcome).toMatchObject({
    kind: 'timed-out',
    deadlineSeconds: 5,
    waitingFor: [expect.stringMatching(/^http:\/\/:8000\/ answers 2xx: (socket hang up|read ECONNRESET)$/)]
  })
  expect(observed.log.head).toEqual(['loading'])
  expect((await engine.inspectContainer(id)).running).toBe(true)
})

describe('after ready', () => {
  test('a service that stays is stable, and its slot was free before that', async () => {
    let settledAt = 0
    const observed = await boots.boot(
      await boots.python(pythonServer()),
      { stableForMs: 500 },
      { onSettled: () => (settledAt = performance.now()) }
    )
    expect(performance.now() - settledAt).toBeGreaterThan(450)
    expect(observed).toMatchObject({ outcome: { kind: 'ready' }, stability: { kind: 'stable' } })
  })

  test('a service that dies is unstable, at once', async () => {
    const dying = pythonServer('200', 'threading.Timer(5, lambda: os._exit(6)).start()')
    const started = performance.now()
    const observed = await boots.boot(await boots.python(dying), { stableForMs: 120_000 })
    expect(observed).toMatchObject({ outcome: { kind: 'ready' }, stability: { kind: 'exited', exitCode: 6 } })
    expect(performance.now() - started).toBeLessThan(60_000)
  })

  test('a service that turns unhealthy is unstable', async () => {
    const id = await boots.python(
      pythonServer('200', 'threading.Timer(10, lambda: open("/sick", "w")).start()'),
      {
        Healthcheck: {
          Test: ['CMD', 'test', '!', '-e', '/sick'],
          Interval: 200_000_000,
          Retries: 1,
          Timeout: 5_000_000_000
        }
      }
    )
    const observed = await boots.boot(id, { ...only({ kind: 'healthcheck' }), stableForMs: 60_000 })
    expect(observed).toMatchObject({ outcome: { kind: 'ready' }, stability: { kind: 'unhealthy' } })
  })

  test('the smoke test reaches the service', async () => {
    const script =
      'python3 -c "import os, urllib.request as r; print(r.urlopen(os.environ[\'BASE_URL\']).read().decode())"'
    const observed = await boots.boot(await boots.python(pythonServer()), {
      smokeTest: { script, workspace: tmpdir(), environment: process.env, deadlineMs: 30_000 }
    })
    expect(observed.smokeTest).toMatchObject({ exitCode: 0, output: 'ok' })
  })

  test('what the smoke test makes the service say is in the log', async () => {
    const noisy = pythonServer('print("token-4711", flush=True) or 200')
    const observed = await boots.boot(await boots.python(noisy), {
      checks: [{ kind: 'tcp', port: 8000 }],
      canary: 'token-4711',
      forbidLogs: [{ pattern: 'token-\\d+', flags: '' }],
      smokeTest: {
        script: 'python3 -c "import os, urllib.request as r; r.urlopen(os.environ[\'BASE_URL\'])"',
        workspace: tmpdir(),
        environment: process.env,
        deadlineMs: 30_000
      }
    })
    expect(observed).toMatchObject({
      smokeTest: { exitCode: 0 },
      canary: true,
      forbiddenLog: { line: 'token-4711' }
    })
  })
})

test('a flood is read to its end within bounds, and searched', async () => {
  const lines = 300_000
  const flood = `
import sys
for n in range(${lines}):
    sys.stdout.write('line %d of a flood that goes on and on and on and on\\n' % n)
    if n == ${lines / 2}: sys.stdout.write('needle in it\\n')
`
  const observed = await boots.boot(await boots.python(flood), {
    checks: [{ kind: 'exit', code: 0 }],
    canary: 'needle in it',
    forbidLogs: [{ pattern: '^needle', flags: '' }]
  })
  expect(observed).toMatchObject({
    outcome: { kind: 'ready' },
    canary: true,
    forbiddenLog: { line: 'needle in it' }
  })
  expect(observed.log.head).toHaveLength(200)
  expect(observed.log.tail.at(-1)).toContain(`line ${lines - 1} `)
  expect(observed.log.omittedLines).toBe(lines + 1 - 400)
})

test('a cancelled run is let go at once, and the container is left as it is', async () => {
  const id = await boots.python(forever)
  const abort = new AbortController()
  const reason = new Error('cancelled')
  setTimeout(() => {
    abort.abort(reason)
  }, 1500)
  const started = performance.now()
  await expect(boots.boot(id, {}, {}, abort.signal)).rejects.toBe(reason)
  expect(performance.now() - started).toBeLessThan(30_000)
})
