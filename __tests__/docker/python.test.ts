import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { ContainerBody, Engine } from '../../src/engine/engine.js'
import { canaryStatement } from '../../src/canary.js'
import { PIDS_LIMIT } from '../../src/image/container-config.js'
import { codeDirectory, codeEntries, compareCode, type CodePair } from '../../src/image/old-code.js'
import { runOneOff } from '../../src/image/one-off.js'
import { compileBytecode } from '../../src/image/bytecode.js'
import { chooseModules } from '../../src/image/modules.js'
import { readPythonFacts, type PythonAnswer } from '../../src/image/python-facts.js'
import { parseVerboseImports } from '../../src/image/verbose-imports.js'
import type { ModuleBytecode, PythonFacts, TreeEntry } from '../../src/model.js'
import { directoriesBetween } from '../../src/paths.js'
import { buildShop, type ShopImage } from './shop-image.js'

const key = 'cache-crash-test.python-test'
const labels = { [key]: `${process.pid}` }
const canary = 'canary-2f6c1d'

let engine: Engine

beforeAll(async () => {
  engine = await connect(process.env)
})

afterAll(() => {
  engine.close()
})

const required = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('expected a value')
  return value
}

async function pythonOf(...asked: Parameters<typeof readPythonFacts>): Promise<PythonFacts | undefined> {
  return (await readPythonFacts(...asked)).python
}

describe.each([
  ['cache-crash-test-base:python3.9', '3.9'],
  ['cache-crash-test-base:python3.11', '3.11'],
  ['cache-crash-test-base:python3.13', '3.13']
])('%s', (base, version) => {
  let shop: ShopImage

  beforeAll(async () => {
    shop = await buildShop(base, labels)
  })
  afterAll(async () => {
    await shop.remove()
  })

  const learned = new Map<string, ReturnType<typeof boots>>()

  /** Boots with a verbose interpreter, and compiles what it imported; once for each list of options. */
  async function learn(options: string[]) {
    const key = options.join(' ')
    const result = learned.get(key) ?? boots(options)
    learned.set(key, result)
    return result
  }

  async function boots(options: string[]) {
    const body = await engine.createBody(options, shop.tag, undefined, labels)
    const python = required(await pythonOf(engine, body, { labels }))
    const verbose = await boot({ ...body, Env: [...environmentOf(body), 'PYTHONVERBOSE=1'] }, [])
    const notes: string[] = []
    const bytecode = required(
      await compileBytecode(
        engine,
        body,
        python,
        chooseModules(parseVerboseImports(verbose).records, python),
        canary,
        { labels, note: (text) => notes.push(text) }
      )
    )
    return { body, python, bytecode, notes }
  }

  test('its interpreter says what it is', async () => {
    const { python } = await learn(['--env', 'PYTHONPYCACHEPREFIX=/data/pc/'])
    expect(python).toMatchObject({
      executable: 'python3',
      version: expect.stringMatching(`^${version.replace('.', '\\.')}\\.`),
      cacheTag: `cpython-${version.replace('.', '')}`,
      pycachePrefix: '/data/pc',
      // Debian's own interpreter is in /usr, that of the public images in /usr/local.
      stdlib: [expect.stringMatching(`^/usr/(local/)?lib/python${version}$`)]
    })
    expect(python.sysPath.slice(0, 2)).toEqual(['/plugins', '/lib-of-shop'])
    expect(python.sysPath).toEqual(
      expect.arrayContaining([expect.stringMatching(`^/usr/(local/)?lib/python${version}$`)])
    )
  })

  test('its application is compiled, whatever is in its modules', async () => {
    const { bytecode, notes } = await learn([])
    expect(bytecode.map(({ module, source, cached }) => [module, source, cached])).toEqual(
      [
        ['helper', '/lib-of-shop/helper.py'],
        ['shop', '/app/shop/__init__.py'],
        ['shop.loader', '/app/shop/loader.py'],
        ['shop.encoded', '/app/shop/encoded.py']
      ].map(([module, source = '']) => [module, source, cachedFor(source, version)])
    )
    expect(notes).toEqual([])
  })

  test.each<[string, string[], (module: ModuleBytecode) => TreeEntry, boolean]>([
    ['equal mtime and size', [], (module) => file(module.cached, module.timestamp), true],
    ['an unchecked hash', [], (module) => file(module.cached, module.uncheckedHash), true],
    [
      'equal mtime and size below a prefix',
      ['--env', 'PYTHONPYCACHEPREFIX=/data/pc'],
      (module) => file(module.cached, module.timestamp),
      true
    ],
    [
      'an unchecked hash, for an optimising interpreter',
      ['--env', 'PYTHONOPTIMIZE=2'],
      (module) => file(module.cached, module.uncheckedHash),
      true
    ],
    ['another mtime', [], (module) => file(module.cached, withOtherMtime(module.timestamp)), false]
  ])('bytecode with %s', async (_, options, plant, runs) => {
    const { body, bytecode } = await learn(options)
    const log = await boot(body, bytecode.map(plant))
    expect(log).toContain('answer 42 636166c3a9')
    expect(log.split('\n').filter((line) => line === canary)).toHaveLength(runs ? bytecode.length : 0)
    expect(bytecode).toHaveLength(4)
  })

  test('legacy bytecode in an earlier directory of the search path runs instead of the source', async () => {
    const { body, bytecode } = await learn([])
    const helper = required(bytecode.find(({ module }) => module === 'helper'))
    const log = await boot(body, [file('/plugins/helper.pyc', helper.uncheckedHash)])
    expect(log).toContain('answer 42')
    expect(log).toContain(canary)
  })

  test('bytecode is written nowhere while looking', async () => {
    const body = await engine.createBody(['--user', 'root'], shop.tag, undefined, labels)
    const python = required(await pythonOf(engine, body, { labels }))
    const volume = `cache-crash-test-python-${process.pid}`
    const withVolume = {
      ...body,
      Env: [...environmentOf(body), 'PYTHONPYCACHEPREFIX=/data/pc'],
      HostConfig: { ...body.HostConfig, Binds: [`${volume}:/data`] }
    }
    const container = await engine.createContainer(withVolume)
    try {
      await pythonOf(engine, withVolume, { labels })
      const modules = [{ module: 'shop.loader', source: '/app/shop/loader.py', cached: undefined }]
      const bytecode = await compileBytecode(engine, withVolume, python, modules, canary, { labels })
      expect(bytecode).toMatchObject([{ cached: `/data/pc/app/shop/loader.${python.cacheTag}.pyc` }])
      const tree = await engine.read(container, '/data', { entries: 100, bytes: 1e6, keepContent: false })
      expect([...required(tree).entries.keys()]).toEqual(['/data'])
    } finally {
      await engine.removeContainer(container)
      await engine.removeVolume(volume)
    }
  })
})

describe('an image without a shell', () => {
  test.each([
    ['open', '', true],
    ['closed', 'os.close(2)', false]
  ])('runs the canary’s statement, and goes on, where stderr is %s', async (_, before, isSeen) => {
    const code = `import os\n${before}\n${canaryStatement(canary)}\nos.write(1, b'on')`
    const body = await engine.createBody([], 'cache-crash-test-base:no-shell', undefined, labels)
    const bounds = { labels, deadlineMs: 60_000, maximumBytes: 1000 }
    const run = await runOneOff(engine, body, ['python3', '-c', code], bounds)
    expect(run).toMatchObject({ kind: 'finished', exitCode: 0, output: expect.stringContaining('on') })
    expect(run.kind === 'finished' && run.output.includes(canary)).toBe(isSeen)
  })

  test('has a Python that answers and compiles', async () => {
    const body = await engine.createBody(
      [],
      'cache-crash-test-base:no-shell',
      ['python3', '-c', 'pass'],
      labels
    )
    const python = required(await pythonOf(engine, body, { labels }))
    const modules = [
      {
        module: 'json',
        source: posix.join(required(python.stdlib[0]), 'json/__init__.py'),
        cached: undefined
      }
    ]
    expect(await compileBytecode(engine, body, python, modules, canary, { labels })).toHaveLength(1)
  })
})

describe('a Python that is none', () => {
  let directory = ''

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'python-test-'))
  })
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  /** The facts of an image whose every `python3` and `python` is this script. */
  async function ask(
    name: string,
    script: string,
    mode = 0o755,
    command = ['python3', '-c', 'pass']
  ): Promise<{ facts: PythonAnswer; notes: string[] }> {
    const path = join(directory, name)
    await writeFile(path, script, { mode })
    const mounts = ['python3', 'python'].flatMap((program) => ['-v', `${path}:/usr/local/bin/${program}:ro`])
    const options = [...mounts, '--env', 'PATH=/usr/local/bin']
    const body = await engine.createBody(options, 'cache-crash-test-base:python3.11', command, labels)
    const notes: string[] = []
    const facts = await readPythonFacts(engine, body, {
      labels,
      deadlineMs: 5000,
      note: (text) => notes.push(text)
    })
    return { facts, notes }
  }

  test.each([
    [
      'prints garbage',
      '#!/bin/sh\necho "$5 1/1 bm90IGpzb24="; echo "$4 1/1 e30="; printf "\\377\\376"',
      /exited with 0/
    ],
    [
      'answers with other types',
      `#!/bin/sh\necho "$4 1/1 ${Buffer.from('{"version":[],"sysPath":{}}').toString('base64')}"`,
      /exited with 0/
    ],
    ['fails', '#!/bin/sh\nexit 7', /exited with 7/],
    ['floods', '#!/bin/sh\nexec /usr/bin/yes $(printf %09999d)', /flooded/],
    ['hangs', '#!/bin/sh\nexec /usr/bin/sleep 1000', /timed out/],
    // 9 where there is a limit of processes, 8 where it could have gone on.
    [
      'forks',
      `#!/usr/bin/python3
import os, signal
for n in range(${PIDS_LIMIT + 1}):
    try:
        if os.fork() == 0: signal.pause()
    except OSError: os._exit(9)
os._exit(8)`,
      /exited with 9/
    ]
  ])('%s', async (name, script, note) => {
    const { facts, notes } = await ask(name.replaceAll(' ', '-'), script)
    expect(facts).toEqual({ python: undefined, hasSilentPython: true })
    expect(notes[0]).toMatch(note)
  })

  test('is only on the PATH, and not what starts', async () => {
    const { facts } = await ask('not-named', '#!/bin/sh\nexit 7', 0o755, ['/bin/true'])
    expect(facts).toEqual({ python: undefined, hasSilentPython: false })
  })

  test('is no program', async () => {
    const { facts, notes } = await ask('no-program', 'garbage')
    expect(facts).toEqual({ python: undefined, hasSilentPython: true })
    expect(notes).toHaveLength(2)
  })

  test('cannot be executed', async () => {
    expect(await ask('not-executable', 'garbage', 0o644)).toEqual({
      facts: { python: undefined, hasSilentPython: false },
      notes: []
    })
  })
})

test('an image without Python has none, without a note', async () => {
  const notes: string[] = []
  const body = await engine.createBody(
    ['--env', 'PATH=/nowhere'],
    'cache-crash-test-base:python3.11',
    ['/bin/true'],
    labels
  )
  expect(await readPythonFacts(engine, body, { labels, note: (text) => notes.push(text) })).toEqual({
    python: undefined,
    hasSilentPython: false
  })
  expect(notes).toEqual([])
})

describe('code that start-up loaded, and the image’s own', () => {
  const same: CodePair = {
    ran: Buffer.from('a = 1\n'),
    file: '/data/a.py',
    source: Buffer.from('a = 1\n'),
    own: '/app/a.py'
  }
  const other: CodePair = { ...same, file: '/data/b.py', ran: Buffer.from('a = 2\n') }
  const foreign: CodePair = {
    ...same,
    file: '/data/d.pyc',
    ran: Buffer.from('\x00\x00\r\n and more of another version')
  }
  const neither: CodePair = { ...same, file: '/data/c.py', ran: Buffer.from('no Python') }

  test.each([
    ['is the same', [same], { differing: [], isWhole: true }],
    ['differs', [same, other], { differing: [other], isWhole: true }],
    ['cannot be compared', [same, neither], { differing: [], isWhole: false }],
    ['is of another interpreter', [same, foreign], { differing: [], isWhole: false }],
    ['differs, beside some that cannot be compared', [neither, other], { differing: [other], isWhole: false }]
  ])('%s', async (_, pairs, comparison) => {
    const volume = `cache-crash-test-code-${process.pid}`
    const image = await engine.createBody([], 'cache-crash-test-base:python3.11', undefined, labels)
    const body = { ...image, HostConfig: { ...image.HostConfig, Binds: [`${volume}:${codeDirectory}`] } }
    const container = await engine.createContainer(body)
    try {
      await engine.write(container, codeEntries(pairs))
      const python = required(await pythonOf(engine, body, { labels }))
      expect(await compareCode(engine, body, python, pairs, labels)).toEqual(comparison)
    } finally {
      await engine.removeContainer(container)
      await engine.removeVolume(volume)
    }
  })
})

describe('modules that cannot be compiled', () => {
  test.each([
    ['is missing', '/nowhere/m.py'],
    ['is a directory', '/usr/lib'],
    ['is no Python', '/etc/passwd']
  ])('a source that %s is in a note', async (_, source) => {
    const body = await engine.createBody(
      [],
      'cache-crash-test-base:python3.11',
      ['python3', '-c', 'pass'],
      labels
    )
    const python = required(await pythonOf(engine, body, { labels }))
    const notes: string[] = []
    const modules = [
      { module: 'm', source, cached: undefined },
      { module: 'heapq', source: `${python.stdlib[0] ?? ''}/heapq.py`, cached: undefined }
    ]
    const bytecode = await compileBytecode(engine, body, python, modules, canary, {
      labels,
      deadlineMs: 20_000,
      note: (text) => notes.push(text)
    })
    expect(bytecode?.map(({ module }) => module)).toEqual(['heapq'])
    expect(notes).toEqual(['stale bytecode could not be compiled for m'])
  })

  test('an interpreter that gives no answer in time is not one that reads no bytecode', async () => {
    const body = await engine.createBody(
      [],
      'cache-crash-test-base:python3.11',
      ['python3', '-c', 'pass'],
      labels
    )
    const python = {
      ...required(await pythonOf(engine, body, { labels })),
      executable: '/usr/bin/yes'
    }
    const modules = [{ module: 'heapq', source: '/usr/lib/python3.11/heapq.py', cached: undefined }]
    expect(await compileBytecode(engine, body, python, modules, canary, { labels })).toBeUndefined()
  })

  test('bytecode of another interpreter is left alone', async () => {
    const body = await engine.createBody(
      [],
      'cache-crash-test-base:python3.11',
      ['python3', '-c', 'pass'],
      labels
    )
    const python = required(await pythonOf(engine, body, { labels }))
    const modules = [{ module: 'm', source: '/app/m.py', cached: '/app/__pycache__/m.cpython-27.pyc' }]
    expect(await compileBytecode(engine, body, python, modules, canary, { labels })).toEqual([])
  })
})

/** Starts a container of the body with planted files and returns what it printed until its end. */
async function boot(body: ContainerBody, plant: readonly TreeEntry[]): Promise<string> {
  const container = await engine.createContainer(body)
  try {
    const directories = plant.flatMap(({ path }) =>
      directoriesBetween('/', path).map((directory): TreeEntry => ({
        ...file(directory, undefined),
        type: 'directory',
        mode: 0o755
      }))
    )
    // Directories of the image keep their owner: only new ones are made.
    const missing = []
    for (const directory of directories) {
      if ((await engine.readEntry(container, directory.path)) === undefined) missing.push(directory)
    }
    await engine.write(container, [...missing, ...plant])
    await engine.startContainer(container)
    const chunks: Buffer[] = []
    await engine.followLogs(container, (chunk) => chunks.push(chunk), AbortSignal.timeout(60_000))
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    await engine.removeContainer(container)
  }
}

function file(path: string, content: Buffer | undefined): TreeEntry {
  const base = { path, type: 'file', mode: 0o644, uid: 1000, gid: 1000, mtime: 1_700_000_000 } as const
  return content === undefined ? { ...base, size: 0 } : { ...base, size: content.length, content }
}

function cachedFor(source: string, version: string): string {
  const tag = `cpython-${version.replace('.', '')}`
  return posix.join(posix.dirname(source), '__pycache__', `${posix.basename(source, '.py')}.${tag}.pyc`)
}

function withOtherMtime(bytecode: Buffer): Buffer {
  const changed = Buffer.from(bytecode)
  changed.writeUInt32LE((changed.readUInt32LE(8) + 1) >>> 0, 8)
  return changed
}

function environmentOf(body: ContainerBody): string[] {
  const env = body.Env
  return Array.isArray(env) ? env.filter((entry) => typeof entry === 'string') : []
}

test('the one-off container has no network', async () => {
  const body = await engine.createBody(
    ['--publish', '127.0.0.1::80', '--restart', 'always'],
    'cache-crash-test-base:python3.11',
    ['python3', '-c', 'pass'],
    labels
  )
  const script = 'import os; print(sorted(os.listdir("/sys/class/net")))'
  const run = await runOneOff(engine, body, ['python3', '-c', script], {
    labels,
    deadlineMs: 60_000,
    maximumBytes: 1000
  })
  expect(run).toEqual({ kind: 'finished', exitCode: 0, output: "['lo']\n" })
})

test('no container is left behind', async () => {
  const left = await engine.listLabelled(key)
  expect(
    left.filter(({ kind, labels: found }) => kind === 'container' && found[key] === labels[key])
  ).toEqual([])
})
