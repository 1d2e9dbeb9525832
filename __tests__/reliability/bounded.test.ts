import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { logLines } from '../action/fixture-images.js'
import { BASES, execute, leftBehindBy, NODE_24, runAction, type ActionRun } from '../action/runner.js'

/** Bytes of log that a container writes. `FLOOD=1000000000 script/test reliability bounded` makes it a gigabyte and tells the peaks. */
const FLOOD = Number(process.env.FLOOD ?? 100_000_000)
/** Bytes of each of many lines, with its end. `FLOOD=1000000000 FLOOD_LINE=10` makes a hundred million, some 9 GB on Docker's disk. */
const FLOOD_LINE = Number(process.env.FLOOD_LINE ?? 400)
/** Only catches hangs: a hundred million lines take a quarter of an hour. */
const LIMIT_MS = process.env.FLOOD === undefined ? 300_000 : 3_600_000
/** Of resident memory at the peak, in KiB: see docs/reliability.md for what was measured. */
const MOST_MEMORY_KIB = 300 * 1024

const HEAD = `import os, signal, socket, sys, threading, time
dead = os.path.islink("/data/cache")
`
const READY = `
os.makedirs("/data/cache", exist_ok=True)
print("ready", flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
`
const SCRIPTS = {
  'one line': `
if dead:
    block = b"x" * 1000000
    for _ in range(${FLOOD} // len(block)): os.write(1, block)
    os.write(1, b" the end\\n")
    sys.exit(1)
${READY}`,
  'many lines': `
if dead:
    block = (b"x" * ${FLOOD_LINE - 1} + b"\\n") * (1000000 // ${FLOOD_LINE})
    for _ in range(${FLOOD} // len(block)): os.write(1, block)
    os.write(1, b"the end\\n")
    sys.exit(1)
${READY}`,
  'forks without end': `
if dead:
    print("forking", flush=True)
    while True:
        try:
            if os.fork() == 0: signal.pause()
        except OSError as error:
            print("no more:", error.strerror, flush=True)
            os._exit(7)
${READY}`,
  'answers without end': `
server = socket.create_server(("", 8000))
def answer(connection):
    try:
        connection.recv(4096)
        # The status is there: what decides. The body never ends.
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\n" if not dead else b"HTTP/1.1 200 OK\\r\\nX-Endless: ")
        while True: connection.sendall(b"x" * 65536)
    except OSError:
        pass
def serve():
    while True:
        threading.Thread(target=answer, args=[server.accept()[0]], daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
if dead: signal.pause()
${READY}`,
  'ignores SIGTERM': `
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.path.islink("/data/cache") and os.unlink("/data/cache")
os.makedirs("/data/cache", exist_ok=True)
print("ready", flush=True)
while True: time.sleep(1000)
`
} as const
type Script = keyof typeof SCRIPTS

const tag = (script: Script): string =>
  `cache-crash-test-fixture-${process.pid}:bounded-${script.toLowerCase().replaceAll(' ', '-')}`

let context = ''
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'bounded-'))
  for (const script of Object.keys(SCRIPTS) as Script[]) {
    await writeFile(join(context, 'start.py'), HEAD + SCRIPTS[script])
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${BASES['python3.11']}\nCOPY start.py /\nVOLUME /data\nCMD ["python3", "/start.py"]\n`
    )
    const built = await execute('docker', ['build', '--tag', tag(script), context])
    if (built.exitCode !== 0) throw new Error(built.output)
  }
})
afterAll(async () => {
  await execute('docker', ['rmi', ...(Object.keys(SCRIPTS) as Script[]).map(tag)])
  await rm(context, { recursive: true })
})

async function crashTest(
  script: Script,
  inputs: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {}
): Promise<ActionRun> {
  const run = await runAction(
    {
      image: tag(script),
      'cache-paths': '/data/cache',
      faults: 'dangling-symlink',
      ready: 'log:/^ready$/',
      'stable-for': '100ms',
      'second-boot': 'false',
      ...inputs
    },
    { env, node: NODE_24 }
  )
  expect(await leftBehindBy(run)).toEqual([])
  return run
}

/** Verdict and reason of the only scenario. */
function outcome({ report }: ActionRun): string {
  const [scenario, ...others] = report?.scenarios ?? []
  expect(others).toEqual([])
  return `${scenario?.verdict ?? 'none'} ${scenario?.reason ?? ''}`.trim()
}

describe('a container that never stops', () => {
  test('forking is stopped by the limit of processes, and fails', async () => {
    const run = await crashTest('forks without end')
    expect(outcome(run)).toBe('failed crashed')
    expect(run.report?.scenarios.flatMap(logLines)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^no more: /)])
    )
  })

  test('answering passes by its status, and times out where the status line never ends', async () => {
    const run = await crashTest('answers without end', { ready: 'http://:8000/', 'startup-timeout': '3s' })
    expect(run.report?.control.result).toBe('passed')
    expect(outcome(run)).toBe('failed timed-out')
  })

  test('checking its health times out', async () => {
    const run = await crashTest('ignores SIGTERM', {
      ready: 'healthcheck',
      options: '--health-cmd "sleep 1000" --health-timeout 1h',
      'startup-timeout': '3s'
    })
    expect(run.report?.control).toMatchObject({ result: 'failed', blame: 'probe' })
  })

  test('on SIGTERM is killed, and its stop costs no scenario', async () => {
    const run = await crashTest('ignores SIGTERM', { 'boot-modes': 'restart', 'second-boot': 'true' })
    expect(outcome(run)).toBe('recovered')
    expect(run.report?.control).toMatchObject({ ignoresStopSignal: true })
  })
})

describe(`${FLOOD / 1e6} MB of log`, () => {
  /**
   * Writes down the peak of the process's resident memory, in KiB, as the kernel counted it: not `maxRSS`, which has that of the
   * process that started it.
   */
  const PRELOADED = `import { readFileSync, writeFileSync } from 'node:fs'
const peak = () => Number(/^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
process.on('exit', () => writeFileSync(process.env.MEMORY_FILE, String(peak())))
`

  test.each(['one line', 'many lines'] as const)(
    'in %s leaves the memory of the action bounded',
    async (script) => {
      const preloaded = join(context, 'memory.mjs')
      const file = join(context, 'memory')
      await writeFile(preloaded, PRELOADED)
      const run = await crashTest(
        script,
        { 'startup-timeout': '10m' },
        { NODE_OPTIONS: `--import=${preloaded}`, MEMORY_FILE: file }
      )
      const log = run.report?.scenarios[0]?.log
      const peak = Number(await readFile(file, 'utf8'))
      if (process.env.FLOOD !== undefined)
        process.stderr.write(`${script}: peak ${Math.round(peak / 1024)} MiB\n`)
      expect(outcome(run)).toBe('failed crashed')
      // The end of it is what explains a crash; of one line only the beginning is kept, and how much is missing. The engine
      // cannot hand out a hundred million lines in time: then the report says so.
      const handedOut = script === 'one line' || FLOOD / FLOOD_LINE < 1e7
      const last = {
        'one line': /more bytes\]|characters cut/,
        'many lines': handedOut ? /^the end$/ : /^x+$/
      }
      expect(log?.endMissing).toBe(!handedOut)
      expect(log?.tail.at(-1)).toMatch(last[script])
      expect(peak).toBeLessThan(MOST_MEMORY_KIB)
    },
    LIMIT_MS
  )
})
