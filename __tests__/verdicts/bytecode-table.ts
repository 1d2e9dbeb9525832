import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { expect } from '@jest/globals'
import { z } from 'zod'
import type { FixtureImages } from '../action/fixture-images.js'
import { execute, root, verdicts } from '../action/runner.js'

/**
 * When CPython runs old bytecode and when it does not: the rules of PEP 3147 and PEP 552 as interpreters of three versions
 * really follow them. Every situation is planted beside a module on a volume, as a fault of a scenario file, and
 * what the image then does is read off its verdict.
 */
export type Outcome = 'old code' | 'new code' | 'dies'

/** An entry as a scenario file writes it. */
type Entry = Readonly<Record<string, string | number>>

/** What bytecode of the old code may look like, in Base64, and what its file is called. */
const Bytecode = z.object({
  file: z.string(),
  equal: z.string(),
  'a second later': z.string(),
  'without a time': z.string(),
  'another size': z.string(),
  unchecked: z.string(),
  checked: z.string(),
  'wrong magic': z.string(),
  'twelve bytes': z.string(),
  'all NUL': z.string(),
  'header only': z.string(),
  'body cut': z.string(),
  'body garbage': z.string()
})
type Bytecode = z.infer<typeof Bytecode>

interface Situation {
  readonly plant: (bytecode: Bytecode) => readonly Entry[]
  readonly outcome: Outcome
}

interface Interpreter {
  readonly name: string
  readonly args: readonly string[]
  readonly situations: Readonly<Record<string, Situation>>
}

/** When the source was last changed, in seconds: what bytecode is compared with. */
const CHANGED = 1_700_000_000
const SOURCE = (says: string): string => `SAYS = "${says}"
if __name__ == "__main__":
    import wait
    wait.start(SAYS)
`
const [CODE, MODULE, LEGACY] = ['/data/code', 'lib/answer.py', 'lib/answer.pyc']

const COMPILE = `
import base64, importlib.util, json, marshal, struct, sys
old = ${JSON.stringify(SOURCE('old'))}.encode()
body = marshal.dumps(compile(old, "${CODE}/${MODULE}", "exec"))
magic = importlib.util.MAGIC_NUMBER
head = lambda flags, *rest: magic + struct.pack("<I", flags) + b"".join(rest)
stamp = lambda time, size: head(0, struct.pack("<II", time, size))
hashed = importlib.util.source_hash(old)
forms = {
    "equal": stamp(${CHANGED}, len(old)) + body,
    "a second later": stamp(${CHANGED} + 1, len(old)) + body,
    "without a time": stamp(0, len(old)) + body,
    "another size": stamp(${CHANGED}, len(old) + 1) + body,
    "unchecked": head(1, hashed) + body,
    "checked": head(3, hashed) + body,
    "wrong magic": b"\\x00\\x0c\\r\\n" + stamp(${CHANGED}, len(old))[4:] + body,
    "twelve bytes": stamp(${CHANGED}, len(old))[:12],
    "all NUL": bytes(len(body) + 16),
    "header only": stamp(${CHANGED}, len(old)),
    "body cut": stamp(${CHANGED}, len(old)) + body[: len(body) // 2],
    "body garbage": stamp(${CHANGED}, len(old)) + b"\\xff" * len(body),
}
forms = {name: base64.b64encode(form).decode() for name, form in forms.items()}
print(json.dumps({"file": f"answer.{sys.implementation.cache_tag}.pyc", **forms}))
`

const file = (path: string, base64: string, more: Entry = {}): Entry => ({
  type: 'file',
  path,
  base64,
  ...more
})
const missing = (path: string): Entry => ({ type: 'missing', path })
const changedAt = (seconds: number): Entry => ({
  type: 'file',
  path: MODULE,
  modified: new Date(seconds * 1000).toISOString().replace('.000', '')
})
/** Where Python keeps bytecode beside its source. */
const CACHED = 'lib/__pycache__'
const cached = (form: Exclude<keyof Bytecode, 'file'>, directory = CACHED): Situation['plant'] => {
  return (bytecode) => [file(`${directory}/${bytecode.file}`, bytecode[form])]
}
const also =
  (plant: Situation['plant'], ...more: readonly Entry[]): Situation['plant'] =>
  (bytecode) => [...more, ...plant(bytecode)]
const old = (plant: Situation['plant']): Situation => ({ plant, outcome: 'old code' })
const fresh = (plant: Situation['plant']): Situation => ({ plant, outcome: 'new code' })
const dead = (plant: Situation['plant']): Situation => ({ plant, outcome: 'dies' })

/** With a prefix, bytecode is below it at the path of the source. */
const PREFIX = 'prefix'
const PREFIXED = `${PREFIX}${CODE}/lib`

export const INTERPRETERS: readonly Interpreter[] = [
  {
    name: 'python3 start.py',
    args: [],
    situations: {
      'equal-time-and-size': old(cached('equal')),
      'another-time-in-the-same-second': old(
        also(cached('equal'), { type: 'file', path: 'half-a-second-later', content: '' })
      ),
      'two-to-the-32-seconds-later': old(also(cached('equal'), changedAt(CHANGED + 2 ** 32))),
      'a-second-later': fresh(also(cached('equal'), changedAt(CHANGED + 1))),
      'a-second-earlier': fresh(also(cached('equal'), changedAt(CHANGED - 1))),
      'another-size': fresh(cached('another size')),
      'no-times-at-all': old(also(cached('without a time'), changedAt(0))),
      'unchecked-hash': old(cached('unchecked')),
      'checked-hash': fresh(cached('checked')),
      'legacy-beside-its-source': fresh(({ unchecked }) => [file(LEGACY, unchecked)]),
      'legacy-in-an-earlier-directory': old(({ unchecked }) => [file('earlier/answer.pyc', unchecked)]),
      'legacy-of-a-deleted-source': old(({ unchecked }) => [missing(MODULE), file(LEGACY, unchecked)]),
      'package-beside-the-source': old(({ unchecked }) => [file('lib/answer/__init__.pyc', unchecked)]),
      'cached-of-a-deleted-source': dead(also(cached('equal'), missing(MODULE))),
      'cached-in-an-earlier-directory': fresh(cached('equal', 'earlier/__pycache__')),
      'wrong-magic': fresh(cached('wrong magic')),
      'no-bytes': fresh(({ file: name }) => [file(`${CACHED}/${name}`, '')]),
      'twelve-bytes': fresh(cached('twelve bytes')),
      'all-nul': fresh(cached('all NUL')),
      'wrong-magic-of-a-deleted-source': dead((bytecode) => [
        missing(MODULE),
        file(LEGACY, bytecode['wrong magic'])
      ]),
      'no-bytes-of-a-deleted-source': dead(() => [missing(MODULE), file(LEGACY, '')]),
      'header-only': dead(cached('header only')),
      'body-cut': dead(cached('body cut')),
      'body-garbage': dead(cached('body garbage')),
      'cache-is-a-file': fresh(() => [file(CACHED, '')]),
      'cache-is-a-dangling-link': fresh(() => [{ type: 'link', path: CACHED, to: '/nonexistent' }]),
      'cache-is-a-loop': fresh(() => [{ type: 'link', path: CACHED, to: '__pycache__' }]),
      'bytecode-is-a-directory': fresh(({ file: name }) => [
        { type: 'directory', path: `${CACHED}/${name}` }
      ]),
      'cache-cannot-be-written': fresh(({ file: name }) => [
        { type: 'directory', path: CACHED, mode: '0555', owner: 0 },
        missing(`${CACHED}/${name}`)
      ]),
      'bytecode-cannot-be-read': fresh((bytecode) => [
        file(`${CACHED}/${bytecode.file}`, bytecode.equal, { mode: '0000', owner: 0 })
      ])
    }
  },
  {
    name: 'PYTHONPYCACHEPREFIX',
    args: ['--env', `PYTHONPYCACHEPREFIX=${CODE}/${PREFIX}`],
    situations: {
      'equal-time-and-size': old(cached('equal', PREFIXED)),
      'a-second-later': fresh(cached('a second later', PREFIXED)),
      'cached-beside-the-source-only': fresh((bytecode) => [
        missing(`${PREFIXED}/${bytecode.file}`),
        ...cached('equal')(bytecode)
      ]),
      'prefix-is-a-file': fresh(() => [file(PREFIX, '')]),
      'prefix-is-missing': fresh(() => [missing(PREFIX)]),
      'prefix-is-a-dangling-link': fresh(() => [{ type: 'link', path: PREFIX, to: '/nonexistent' }])
    }
  },
  {
    name: 'python3 -B',
    args: ['--command', 'python3 -B start.py'],
    situations: {
      'equal-time-and-size': old(cached('equal')),
      'unchecked-hash': old(cached('unchecked')),
      'body-cut': dead(cached('body cut'))
    }
  },
  {
    name: 'PYTHONDONTWRITEBYTECODE',
    args: ['--env', 'PYTHONDONTWRITEBYTECODE=1'],
    situations: { 'equal-time-and-size': old(cached('equal')) }
  },
  {
    name: 'python3 -I',
    args: ['--command', 'python3 -I start.py'],
    situations: { 'equal-time-and-size': old(cached('equal')) }
  },
  {
    name: '--check-hash-based-pycs always',
    args: ['--command', 'python3 --check-hash-based-pycs always start.py'],
    situations: {
      'equal-time-and-size': old(cached('equal')),
      'unchecked-hash': fresh(cached('unchecked'))
    }
  },
  {
    name: '--check-hash-based-pycs never',
    args: ['--command', 'python3 --check-hash-based-pycs never start.py'],
    situations: { 'checked-hash': old(cached('checked')) }
  },
  {
    name: 'python3 -m answer',
    args: ['--command', 'python3 -m answer', '--env', `PYTHONPATH=${CODE}/lib:/app`],
    situations: { 'equal-time-and-size': old(cached('equal')) }
  },
  {
    name: 'python3 answer.py',
    args: ['--command', `python3 ${CODE}/${MODULE}`, '--env', 'PYTHONPATH=/app'],
    situations: { 'equal-time-and-size': fresh(cached('equal')) }
  }
]

/** Runs all situations of an interpreter on the Python of the images, and holds what each comes to. */
export async function holdTable(images: FixtureImages, { args, situations }: Interpreter): Promise<void> {
  // Seeds are taken from the workspace only.
  await mkdir(join(root, '.test-cache'), { recursive: true })
  const directory = await mkdtemp(join(root, '.test-cache/bytecode-table-'))
  try {
    const seed = await seedIn(directory)
    const scenarioFile = join(directory, 'scenarios.yml')
    const bytecode = await compiled(await images.tag('imports-from-volume'))
    await writeFile(scenarioFile, scenarioFileOf(situations, bytecode))
    const run = await images.crashTest('imports-from-volume', [
      ...['--seed-state', `/data=${relative(root, seed)}`, '--cache-paths', CODE],
      ...['--scenario-file', scenarioFile, '--faults', 'own'],
      ...['--ready', 'log:/^ready$/', '--stable-for', '0s', '--forbid-logs', 'the old code runs'],
      ...['--second-boot', 'false', ...args]
    ])
    const found = Object.entries(verdicts(run.report)).map(([id, verdict]): [string, string] => [
      id.slice(0, id.indexOf('@')),
      OUTCOMES[verdict] ?? verdict
    ])
    const expected = Object.entries(situations).map(([id, { outcome }]): [string, string] => [id, outcome])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
    expect(run.report.omissions).toEqual([])
  } finally {
    await rm(directory, { recursive: true })
  }
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'failed: forbidden-log': 'old code',
  recovered: 'new code',
  tolerated: 'new code',
  'failed: crashed': 'dies'
}

/** An archive, since a directory would not say when the source was changed. */
async function seedIn(directory: string): Promise<string> {
  const [content, archive] = [join(directory, 'content'), join(directory, 'seed.tar')]
  const source = join(content, CODE.slice('/data/'.length), MODULE)
  await mkdir(join(source, '..'), { recursive: true })
  await writeFile(source, SOURCE('new'))
  await utimes(source, CHANGED, CHANGED)
  const owner = ['--numeric-owner', '--owner=1000', '--group=1000']
  const packed = await execute('tar', ['--create', ...owner, '--file', archive, '--directory', content, '.'])
  if (packed.exitCode !== 0) throw new Error(packed.output)
  return archive
}

async function compiled(image: string): Promise<Bytecode> {
  const { exitCode, output } = await execute('docker', ['run', '--rm', image, 'python3', '-c', COMPILE])
  if (exitCode !== 0) throw new Error(output)
  return Bytecode.parse(JSON.parse(output))
}

function scenarioFileOf(situations: Interpreter['situations'], bytecode: Bytecode): string {
  const faults = Object.entries(situations).map(([id, { plant }]) => [
    id,
    { title: id.replaceAll('-', ' '), paths: [CODE], plant: plant(bytecode) }
  ])
  // YAML 1.2 takes JSON as it is.
  return JSON.stringify({ version: 1, faults: Object.fromEntries(faults) as unknown })
}
