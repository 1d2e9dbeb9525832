import { expect, test } from '@jest/globals'
import type { BoundedTree, PythonFacts, TreeEntry } from '../../../src/model.js'
import type { ImportRecord } from '../../../src/image/verbose-imports.js'
import { Bench, type Lab } from '../../../src/trial/lab.js'
import { findOldCode } from '../../../src/trial/old-code.js'
import { file, tree } from '../judge/cases.js'
import { FakeDocker } from './fake-docker.js'

const CANARY = 'canary of a run'
const BOOT = {
  checks: [{ kind: 'log', pattern: '^ready$', flags: '' }],
  limits: { deadlineMs: 1_000, smokeTestMs: 1_000 }
} as const

const loads = (module: string, source: string): string =>
  `# code object from ${source}\nimport '${module}' # <_frozen_importlib_external.SourceFileLoader object at 0x1>`

const known = (module: string, source: string): ImportRecord => ({
  module,
  source,
  bytecode: undefined,
  from: 'source'
})

/** A lab whose containers say what they load, and what is read of which container. */
function labThat(
  says: string,
  read: (container: string, path: string) => BoundedTree | undefined | Promise<BoundedTree | undefined>
): { readonly lab: Lab; readonly written: (readonly TreeEntry[])[] } {
  const written: (readonly TreeEntry[])[] = []
  // A container that is only asked for a comparison gives no answer.
  const docker = new FakeDocker((name) =>
    name.includes('one-off') ? { exitCode: 1 } : { isReadyAfter: says }
  )
  const lab = docker.lab({ mounts: ['/data'] })
  const engine: Lab['engine'] = Object.assign(Object.create(lab.engine) as Lab['engine'], {
    read: async (container: string, path: string) => await read(container, path),
    write: (_: string, entries: readonly TreeEntry[]) => {
      written.push(entries)
      return Promise.resolve()
    }
  })
  return { lab: { ...lab, engine }, written }
}

async function compared(
  says: string,
  imports: readonly ImportRecord[],
  left: readonly TreeEntry[],
  image: readonly TreeEntry[],
  after = left
): Promise<readonly string[]> {
  const { lab, written } = labThat(says, (_, path) => ({
    entries: path === '/data' ? tree(...after) : tree(...image),
    truncated: false
  }))
  const python = { facts: { executable: 'python3' } as PythonFacts, imports }
  await findOldCode(lab, new Bench(lab, 'old'), python, {
    ...BOOT,
    entries: left,
    cleanState: [],
    canary: CANARY
  })
  return written
    .flat()
    .filter(({ path }) => /\.(?:ran|own)$/.test(path))
    .map(({ content }) => String(content))
}

test('of two modules of one name each is compared with its own source, and none with another one’s', async () => {
  const [api, worker] = ['/app/api/config.py', '/app/worker/config.py']
  const imports = [known('config', api), known('config', worker)]
  const image = [file(api, 'of api'), file(worker, 'of worker')]
  const pyc = '/data/pycache/app/worker/config.cpython-311.pyc'
  const says = `# ${pyc} matches ${worker}\n# code object from '${pyc}'\nimport 'config' # <_frozen_importlib_external.SourceFileLoader object at 0x1>`
  expect(await compared(says, imports, [file(pyc, 'ran')], image)).toEqual(['ran', 'of worker'])
  // Nothing tells whose it is.
  const aside = '/data/config.py'
  expect(await compared(loads('config', aside), imports, [file(aside, 'ran')], image)).toEqual([])
})

test('sources are read a few at a time, however many there are', async () => {
  const modules = Array.from({ length: 300 }, (_, at) => `m${at}`)
  let now = 0
  let most = 0
  const { lab } = labThat(
    modules.map((name) => loads(name, `/data/${name}.py`)).join('\n'),
    async (_, path) => {
      if (path === '/data') return undefined
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now -= 1
      return undefined
    }
  )
  const python = {
    facts: { executable: 'python3' } as PythonFacts,
    imports: modules.map((name) => known(name, `/app/${name}.py`))
  }
  const entries = modules.map((name) => file(`/data/${name}.py`, name))
  const left = { ...BOOT, entries, cleanState: [], canary: CANARY }
  expect(await findOldCode(lab, new Bench(lab, 'old'), python, left)).toBeUndefined()
  expect(most).toBe(8)
})
