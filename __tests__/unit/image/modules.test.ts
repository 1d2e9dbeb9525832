import { describe, expect, test } from '@jest/globals'
import { chooseModules } from '../../../src/image/modules.js'
import type { ImportRecord } from '../../../src/image/verbose-imports.js'
import { foreignCacheTag } from '../../../src/image/modules.js'
import type { PythonFacts } from '../../../src/model.js'

const python: PythonFacts = {
  executable: 'python3',
  version: '3.11.2',
  cacheTag: 'cpython-311',
  sysPath: ['/plugins', '/app', '/usr/lib/python3.11', '/usr/lib/python3/dist-packages'],
  pycachePrefix: undefined,
  stdlib: ['/usr/lib/python3.11', '/opt/py/lib/python3.11']
}

const record = (module: string, source: string | undefined, bytecode?: string): ImportRecord => ({
  module,
  source,
  bytecode,
  from: 'source'
})
const names = (imports: ImportRecord[], places?: string[], facts = python) =>
  chooseModules(imports, facts, places).map((choice) => choice.module)

const bootstrap = ['encodings', 'encodings.utf_8', 'codecs', 'os', 'site', 'sitecustomize', 'importlib.abc']
const standard = [
  ...bootstrap.map((name) => record(name, `/usr/lib/python3.11/${name.replace('.', '/')}.py`)),
  record('json', '/usr/lib/python3.11/json/__init__.py'),
  record('heapq', '/usr/lib/python3.11/heapq.py')
]
const installed = [record('flask', '/opt/py/lib/python3.11/site-packages/flask/__init__.py')]
const application = [record('main', '/app/main.py'), record('shop.loader', '/app/shop/loader.py')]

describe('the modules that bytecode is compiled for', () => {
  test.each([
    ['the application', [...standard, ...installed, ...application], ['main', 'shop.loader']],
    ['installed packages where there is no application', [...standard, ...installed], ['flask']],
    ['else plain modules of the standard library', standard, ['json', 'heapq']],
    ['nothing where there is nothing', [], []],
    ['no bytecode without source', [record('legacy', undefined, '/plugins/legacy.pyc')], []],
    ['no main module', [record('__main__', '/app/__main__.py')], []],
    ['each source once', [...application, ...application], ['main', 'shop.loader']]
  ])('%s', (_, imports, expected) => {
    expect(names(imports)).toEqual(expected)
  })

  test('are at most 20, the first imported first', () => {
    const many = Array.from({ length: 50 }, (_, at) => record(`m${at}`, `/app/m${at}.py`))
    expect(names(many)).toEqual(many.slice(0, 20).map(({ module }) => module))
  })

  test('keep the place that the log told', () => {
    const [choice] = chooseModules([record('m', '/app/m.py', '/data/pc/app/m.cpython-311.opt-1.pyc')], python)
    expect(choice).toEqual({
      module: 'm',
      source: '/app/m.py',
      cached: '/data/pc/app/m.cpython-311.opt-1.pyc'
    })
  })

  test('are looked for beside the source where the log says so, whatever the environment of the image', () => {
    const taken = { ...record('m', '/app/m.py'), bytecodeDirectory: '/app/__pycache__' }
    const facts = { ...python, pycachePrefix: '/data/pc' }
    expect(chooseModules([taken], facts)[0]?.cached).toBe('/app/__pycache__')
    expect(names([taken], ['/data'], facts)).toEqual([])
    expect(names([record('m', '/app/m.py')], ['/data'], facts)).toEqual(['m'])
  })
})

describe('the modules for given places', () => {
  test('only those whose bytecode lies there', () => {
    const onVolume = record('plugin', '/data/plugin.py')
    expect(names([...application, onVolume], ['/data'])).toEqual(['plugin'])
  })

  test('a prefix puts all of them there', () => {
    expect(names(application, ['/data'], { ...python, pycachePrefix: '/data/pc' })).toEqual([
      'main',
      'shop.loader'
    ])
  })

  test('each place gets its share', () => {
    const many = Array.from({ length: 50 }, (_, at) => record(`m${at}`, `/data/m${at}.py`))
    const few = [record('a', '/cache/site-packages/a.py'), record('b', '/cache/site-packages/b.py')]
    expect(names([...many, ...few], ['/data', '/cache'])).toEqual(
      expect.arrayContaining(['m0', 'a', 'm1', 'b'])
    )
    expect(names([...many, ...few], ['/data', '/cache'])).toHaveLength(20)
  })

  test('top-level modules behind a directory of the search path that lies there are added, but none of the standard library', () => {
    expect(names([...standard, ...application], ['/plugins'])).toEqual(['main'])
    expect(names(standard, ['/plugins'])).toEqual([])
    expect(names(application, ['/elsewhere'])).toEqual([])
  })
})

test.each([
  ['of another version', ['/usr/lib/python3.12/__pycache__/os.cpython-312.pyc'], 'cpython-312'],
  ['of an optimising one', ['/pc/usr/lib/os.cpython-312.opt-2.pyc'], 'cpython-312'],
  ['of both', ['/pc/a.cpython-312.pyc', '/pc/b.cpython-311.pyc'], undefined],
  ['of this one', ['/pc/a.cpython-311.opt-1.pyc'], undefined],
  ['of nobody knows which', ['/data/legacy.pyc'], undefined],
  ['of none', [], undefined]
])('start-up’s interpreter is told by its bytecode: %s', (_, files, tag) => {
  const imports = files.map((file) => record('m', undefined, file))
  expect(foreignCacheTag(imports, python)).toBe(tag)
})
