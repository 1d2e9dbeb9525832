import { describe, expect, test } from '@jest/globals'
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
    readEntry: async (container: string, path: string) => (await read(container, path))?.entries.get(path),
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
  seedState: readonly TreeEntry[] = []
): Promise<readonly string[]> {
  const { lab, written } = labThat(says, (_, path) => ({
    entries: path === '/data' ? tree(...left) : tree(...image),
    truncated: false
  }))
  const python = { facts: { executable: 'python3' } as PythonFacts, imports }
  await findOldCode(lab, new Bench(lab, 'old'), python, {
    ...BOOT,
    entries: left,
    seedState,
    cleanState: [],
    canary: CANARY
  })
  return written
    .flat()
    .filter(({ path }) => /\.(?:ran|own)$/.test(path))
    .map(({ content }) => String(content))
}

test('of two modules of one name each is compared with its own source, and none with another one’s', async () => {
  const [api, worker] = ['/app/api/loader.py', '/app/worker/loader.py']
  const imports = [known('loader', api), known('loader', worker)]
  const image = [file(api, 'of api'), file(worker, 'of worker')]
  const pyc = '/data/pycache/app/worker/loader.cpython-311.pyc'
  const says = `# ${pyc} matches ${worker}\n# code object from '${pyc}'\nimport 'loader' # <_frozen_importlib_external.SourceFileLoader object at 0x1>`
  expect(await compared(says, imports, [file(pyc, 'ran')], image)).toEqual(['ran', 'of worker'])
  // Nothing tells whose it is.
  const aside = '/data/loader.py'
  expect(await compared(loads('loader', aside), imports, [file(aside, 'ran')], image)).toEqual([])
})

describe('what start-up calls by another name than it lies under', () => {
  const own = '/app/plug.py'
  const imports = [known('plug', own)]
  const image = [file(own, 'of the image')]
  const left = (path: string) => ({ ...file(path, 'of the last release') })
  const linked = (path: string, linkTarget: string, type: 'symlink' | 'hardlink' = 'symlink'): TreeEntry => ({
    ...file(path, ''),
    type,
    linkTarget
  })

  test.each<[string, string, TreeEntry[], TreeEntry[]]>([
    [
      'a second name of it',
      '/data/venv/plug.py',
      [left('/data/cache/plug.py'), linked('/data/venv/plug.py', '/data/cache/plug.py', 'hardlink')],
      []
    ],
    ['a link to it', '/data/plug.py', [linked('/data/plug.py', 'b/x.py'), left('/data/b/x.py')], []],
    [
      'a link of a directory to its own',
      '/data/current/plug.py',
      [linked('/data/current', 'releases/7'), left('/data/releases/7/plug.py')],
      []
    ],
    [
      'a link in the image to the volume',
      '/app/plugins/plug.py',
      [left('/data/plugins/plug.py')],
      [linked('/app/plugins', '/data/plugins')]
    ],
    [
      'a link that leads back from the image',
      '/data/plug.py',
      [linked('/data/plug.py', '/app/link/plug.py'), left('/data/real/plug.py')],
      [linked('/app/link', '/data/real')]
    ]
  ])('%s is compared', async (_, called, entries, links) => {
    const seen = await compared(loads('plug', called), imports, entries, [...image, ...links])
    expect(seen).toEqual(['of the last release', 'of the image'])
  })

  test.each<[string, string, TreeEntry[], TreeEntry[]]>([
    ['a link to the image’s own', '/data/plug.py', [linked('/data/plug.py', own)], []],
    ['a link in circles', '/data/plug.py', [linked('/data/plug.py', 'plug.py')], []],
    ['a link to nothing', '/data/plug.py', [linked('/data/plug.py', 'gone.py')], []],
    ['a file of the image', own, [left('/data/plug.py')], []]
  ])('%s is not', async (_, called, entries, links) => {
    expect(await compared(loads('plug', called), imports, entries, [...image, ...links])).toEqual([])
  })
})

test('settings and seed-state are nobody’s old code, but bytecode of settings in the image is', async () => {
  const image = [file('/app/settings.py', 'of the image'), file('/app/plug.py', 'of the image')]
  const [settings, plug] = ['/data/settings.py', '/data/plug.py']
  const imports = [known('settings', '/app/settings.py'), known('plug', '/app/plug.py')]
  const of = (name: string, path: string, seed: TreeEntry[] = []) =>
    compared(loads(name, path), imports, [file(path, 'of a user')], image, seed)
  expect(await of('settings', settings)).toEqual([])
  expect(await of('plug', plug, [file(plug, 'of a user')])).toEqual([])
  expect(await of('plug', plug, [file(plug, 'replaced by the last release')])).toHaveLength(2)
  const pyc = '/data/pycache/app/settings.cpython-311.pyc'
  const says = `# ${pyc} matches /app/settings.py\n# code object from '${pyc}'\n`
  expect(await compared(says, imports, [file(pyc, 'stale')], image)).toEqual(['stale', 'of the image'])
})

test('a file that is too large to be compared is not passed over in silence', async () => {
  const huge = file('/data/plug.py', '#'.repeat(1_048_577))
  const { lab } = labThat(loads('plug', '/data/plug.py'), () => undefined)
  const python = {
    facts: { executable: 'python3' } as PythonFacts,
    imports: [known('plug', '/app/plug.py')]
  }
  const found = (entries: TreeEntry[]) =>
    findOldCode(lab, new Bench(lab, 'old'), python, {
      ...BOOT,
      entries,
      seedState: [],
      cleanState: [],
      canary: CANARY
    })
  expect(await found([huge])).toBeUndefined()
  // The same where there is nothing to compare.
  expect(await found([file('/data/other.py', '')])).toEqual([])
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
  const left = { ...BOOT, entries, seedState: [], cleanState: [], canary: CANARY }
  expect(await findOldCode(lab, new Bench(lab, 'old'), python, left)).toBeUndefined()
  expect(most).toBe(8)
})
