import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { logLines } from '../action/fixture-images.js'
import {
  BASES,
  execute,
  leftBehindBy,
  NODE_24,
  runAction,
  verdicts,
  type ActionRun
} from '../action/runner.js'
import { PIDS_LIMIT } from '../../src/image/container-config.js'
import { hear, valuesOf } from '../workflow-commands.js'

/** Bytes of log that a container writes. `FLOOD=1000000000 script/test reliability bounded` makes it a gigabyte and tells the peaks. */
const FLOOD = Number(process.env.FLOOD ?? 100_000_000)
/** Bytes of each of many lines, with its end. `FLOOD=1000000000 FLOOD_LINE=10` makes a hundred million, some 9 GB on Docker's disk. */
const FLOOD_LINE = Number(process.env.FLOOD_LINE ?? 400)
/** Only catches hangs: a hundred million lines take a quarter of an hour. */
const LIMIT_MS = process.env.FLOOD === undefined ? 300_000 : 3_600_000
/** Of resident memory at the peak, in KiB: see docs/reliability.md for what was measured. */
const MOST_MEMORY_KIB = 300 * 1024
/** The same where volumes are read back: twice 256 MiB of content, and 100,000 entries several times over. */
const MOST_WITH_VOLUMES_KIB = 1024 * 1024

/** Files in one directory: more than are read back. */
const MANY = 60_000
/** Names of files, a byte for each character. */
const HOSTILE_NAMES = [
  'two\nlines',
  '\n::error::injected',
  '\u001b[2J\u001b]0;title\u0007',
  'tab\t, bell\u0007, delete\u007f',
  'carriage\rreturn',
  '\u00ff\u00fe\u00c0\u0080',
  '-rf',
  '...',
  ' '
]
/** A directory of this machine: links on a volume lead to it, and mean the container's. */
const OUTSIDE = join(tmpdir(), `bounded-outside-${process.pid}`)

const HEAD = `import itertools, os, signal, socket, stat, sys, threading, time
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
    for count in itertools.count():
        try:
            if os.fork() == 0: signal.pause()
        except OSError as error:
            print("no more:", count, flush=True)
            os._exit(7)
        if count > 2 * ${PIDS_LIMIT}: os._exit(0)
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
`,
  // Where something is there already, it is a second boot on the same volumes.
  'hostile volumes': `
if dead: os.unlink("/data/cache")
with open("/sparse/terabyte", "ab") as file: file.truncate(10 ** 12)
if not os.path.lexists("/many/0"):
    for number in range(${MANY}): os.mknod(f"/many/{number}", 0o600 | stat.S_IFREG)
os.chdir("/deep")
for _ in range(1500):
    os.makedirs("d", exist_ok=True)
    os.chdir("d")
with open("bottom", "a"): pass
os.chdir("/")
for name in ${JSON.stringify(HOSTILE_NAMES)} + ["x" * 255]:
    with open(b"/names/" + name.encode("latin-1"), "ab") as file: file.write(b"content")
os.makedirs(${JSON.stringify(OUTSIDE)}, exist_ok=True)
for number, target in enumerate(["/", "../" * 40 + "etc/passwd", "/proc/self/mem", "/links", "5", ${JSON.stringify(OUTSIDE)}]):
    if not os.path.lexists(f"/links/{number}"): os.symlink(target, f"/links/{number}")
if os.path.islink("/links/5/cache"): os.unlink("/links/5/cache")
os.makedirs("/links/5/cache", exist_ok=True)
with open("/links/5/cache/index", "a"): pass
${READY}`,
  'deeper than a path may be long': `
if dead: os.unlink("/data/cache")
os.chdir("/deep")
for _ in range(50):
    os.makedirs("d" * 200, exist_ok=True)
    os.chdir("d" * 200)
with open("bottom", "a"): pass
os.chdir("/")
${READY}`,
  'forty volumes': `
if dead: os.unlink("/data/cache")
for number in range(40):
    with open(f"/v{number}/hole", "ab") as file: file.truncate(250 * 1000 * 1000)
${READY}`,
  'two thousand ports': `
if dead: os.unlink("/data/cache")
${READY}`
} as const
type Script = keyof typeof SCRIPTS

/** What the image of a script declares, beside /data. */
const DECLARED: Readonly<Partial<Record<Script, string>>> = {
  'hostile volumes': 'VOLUME /sparse /many /deep /names /links',
  'deeper than a path may be long': 'VOLUME /deep',
  'forty volumes': `VOLUME ${Array.from({ length: 40 }, (_, number) => `/v${number}`).join(' ')}`,
  'two thousand ports': 'EXPOSE 1-2000'
}

const tag = (script: Script): string =>
  `cache-crash-test-fixture-${process.pid}:bounded-${script.toLowerCase().replaceAll(' ', '-')}`

let context = ''
beforeAll(async () => {
  context = await mkdtemp(join(tmpdir(), 'bounded-'))
  for (const script of Object.keys(SCRIPTS) as Script[]) {
    await writeFile(join(context, 'start.py'), HEAD + SCRIPTS[script])
    await writeFile(
      join(context, 'Dockerfile'),
      `FROM ${BASES['python3.11']}\nCOPY start.py /\nVOLUME /data\n${DECLARED[script] ?? ''}\nCMD ["python3", "/start.py"]\n`
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
    const [, children] =
      /^no more: (\d+)$/m.exec(run.report?.scenarios.flatMap(logLines).join('\n') ?? '') ?? []
    // The limit is of all its processes, itself among them; 4096 of the machine's own would be chance.
    expect(Number(children)).toBe(PIDS_LIMIT - 1)
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

/**
 * Writes down the peak of the process's resident memory, in KiB, as the kernel counted it: not `maxRSS`, which has that of the
 * process that started it. Far beyond the bound it ends the run as a cancellation does, before the machine is out of memory.
 */
const PRELOADED = `import { readFileSync, writeFileSync } from 'node:fs'
const peak = () => Number(/^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
const watch = setInterval(() => {
  if (process.memoryUsage.rss() < ${4 * 1024 * MOST_MEMORY_KIB}) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 100).unref()
process.on('exit', () => writeFileSync(process.env.MEMORY_FILE, String(peak())))
`

/** Crash-tests an image, and tells the peak of the action's resident memory, in KiB. */
async function measured(
  script: Script,
  inputs: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = {}
): Promise<{ readonly run: ActionRun; readonly peak: number }> {
  const preloaded = join(context, 'memory.mjs')
  const file = join(context, 'memory')
  await writeFile(preloaded, PRELOADED)
  const began = performance.now()
  const run = await crashTest(script, inputs, {
    NODE_OPTIONS: `--import=${preloaded}`,
    MEMORY_FILE: file,
    ...env
  })
  const peak = Number(await readFile(file, 'utf8'))
  if (process.env.FLOOD !== undefined) {
    const seconds = (performance.now() - began) / 1000
    process.stderr.write(`${script}: peak ${Math.round(peak / 1024)} MiB, ${seconds.toFixed(0)} s\n`)
  }
  return { run, peak }
}

describe(`${FLOOD / 1e6} MB of log`, () => {
  test.each(['one line', 'many lines'] as const)(
    'in %s leaves the memory of the action bounded',
    async (script) => {
      const { run, peak } = await measured(script, { 'startup-timeout': '10m' })
      const log = run.report?.scenarios[0]?.log
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

describe('what an image', () => {
  /** Only catches hangs: files by the hundred thousand and ports by the thousand take the engine minutes. */
  const HOSTILE_LIMIT_MS = 900_000

  /**
   * Crash-tests it where nothing may be written but reports. It ends with a verdict, or is refused in one sentence, and its
   * memory is bounded.
   */
  async function bounded(script: Script, inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
    const [workspace, temporary] = [join(context, 'workspace'), join(context, 'temporary')]
    const directories = [workspace, temporary, OUTSIDE]
    for (const directory of directories) {
      await mkdir(directory)
      await writeFile(join(directory, 'untouched'), 'untouched')
    }
    try {
      const env = { GITHUB_WORKSPACE: workspace, TMPDIR: temporary, RUNNER_TEMP: temporary }
      const { run, peak } = await measured(script, inputs, env)
      for (const directory of directories) {
        expect(await readdir(directory, { recursive: true })).toEqual(['untouched'])
        expect(await readFile(join(directory, 'untouched'), 'utf8')).toBe('untouched')
      }
      expect(peak).toBeLessThan(MOST_WITH_VOLUMES_KIB)
      const { commands } = hear(run.output)
      if (run.report === undefined) {
        expect(run.exitCode).toBe(1)
        expect(commands).toEqual([{ name: 'error', value: expect.stringMatching(/volumes?|ports?/) }])
      } else {
        expect(run.outputs.get('verdict')).toBe(run.report.verdict)
        for (const { value } of commands) expect(value).not.toMatch(/^injected/)
      }
      return run
    } finally {
      for (const directory of directories) await rm(directory, { recursive: true })
    }
  }

  test(
    'leaves on its volumes, more than can be copied, is left out of trials with a note',
    async () => {
      const run = await bounded('hostile volumes', {
        'cache-paths': '/data/cache\n/links/5/cache',
        'second-boot': 'true',
        'boot-modes': 'recreate\nrestart'
      })
      expect(verdicts(run.report)).toMatchObject({
        'dangling-symlink@/data/cache/recreate': 'recovered',
        'dangling-symlink@/data/cache/restart': 'recovered',
        'dangling-symlink@/links/5/cache/restart': 'recovered'
      })
      expect(run.report?.verdict).not.toBe('failed')
      expect(run.report?.notes).toContainEqual(
        expect.stringMatching(
          /\/(?:many|names|sparse)\b.*: trials start on volumes with what the image brings/
        )
      )
    },
    HOSTILE_LIMIT_MS
  )

  test('leaves deeper on a volume than a path may be long costs no verdict', async () => {
    expect(outcome(await bounded('deeper than a path may be long'))).toBe('recovered')
  })

  test(
    'leaves on forty volumes, 10 GB of holes, is read within bounds',
    async () => {
      const run = await bounded('forty volumes')
      expect(outcome(run)).toBe('recovered')
      expect(run.report?.notes).toContainEqual(expect.stringMatching(/^\/v\d+ holds more than .*256 MiB/))
    },
    HOSTILE_LIMIT_MS
  )

  test(
    'exposes, two thousand ports, is tested where an input says what ready means, else refused',
    async () => {
      expect(outcome(await bounded('two thousand ports'))).toBe('recovered')
      const refused = await bounded('two thousand ports', { ready: '' })
      expect(refused.report).toBeUndefined()
      expect(valuesOf(hear(refused.output), 'error')).toEqual([
        expect.stringMatching(/^ports: the image exposes 2000, too many to ask/)
      ])
    },
    HOSTILE_LIMIT_MS
  )
})
