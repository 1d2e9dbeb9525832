import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseVerboseImports } from '../../../src/image/verbose-imports.js'

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/python-imports/${name}.log`, import.meta.url), 'utf8')

const versions = [
  ['3.9', '39'],
  ['3.11', '311'],
  ['3.13', '313']
] as const

describe.each(versions)('imports of CPython %s', (version, tag) => {
  const application = (mode: string) =>
    parseVerboseImports(fixture(`${version}-${mode}`))
      .records.filter((record) => /^\/(app|plugins)\//.test(record.source ?? record.bytecode ?? ''))
      .map(({ module, source, bytecode, from }) => [module, source, bytecode, from])

  test('a first start compiles from source and writes bytecode', () => {
    expect(application('first')).toEqual([
      ['shop', '/app/shop/__init__.py', `/app/shop/__pycache__/__init__.cpython-${tag}.pyc`, 'source'],
      ['shop.loader', '/app/shop/loader.py', `/app/shop/__pycache__/loader.cpython-${tag}.pyc`, 'source'],
      // Its import failed, so the log does not tell its whole name.
      ['broken', '/app/shop/broken.py', `/app/shop/__pycache__/broken.cpython-${tag}.pyc`, 'source'],
      ['legacy', undefined, '/plugins/legacy.pyc', 'bytecode'],
      ['hashed', '/app/hashed.py', `/app/__pycache__/hashed.cpython-${tag}.pyc`, 'bytecode'],
      ['serve', '/app/serve.py', `/app/__pycache__/serve.cpython-${tag}.pyc`, 'source']
    ])
  })

  test('a second start uses the bytecode', () => {
    expect(application('second')).toEqual(
      application('first').map((record) => [...record.slice(0, 3), 'bytecode'])
    )
  })

  test('bytecode below a prefix is seen where it is', () => {
    expect(application('prefix')).toContainEqual([
      'shop.loader',
      '/app/shop/loader.py',
      `/data/pc/app/shop/loader.cpython-${tag}.pyc`,
      'bytecode'
    ])
  })

  test('the module that python -m runs is seen', () => {
    expect(application('module')[0]).toEqual([
      'main',
      '/app/main.py',
      `/app/__pycache__/main.cpython-${tag}.pyc`,
      'source'
    ])
  })

  test('where bytecode cannot be written, no path is claimed', () => {
    expect(application('readonly')).toEqual([
      ['shop', '/app/shop/__init__.py', undefined, 'source'],
      ['shop.loader', '/app/shop/loader.py', undefined, 'source'],
      ['broken', '/app/shop/broken.py', undefined, 'source'],
      ['legacy', '/app/legacy.py', undefined, 'source'],
      ['hashed', '/app/hashed.py', undefined, 'source'],
      ['serve', '/app/serve.py', undefined, 'source']
    ])
  })

  test('where bytecode cannot be written, the directory that it would be in is told', () => {
    const directories = parseVerboseImports(fixture(`${version}-readonly`))
      .records.filter(({ source }) => source?.startsWith('/app/'))
      .map(({ module, bytecodeDirectory }) => [module, bytecodeDirectory])
    expect(directories).toContainEqual(['shop.loader', '/app/shop/__pycache__'])
    expect(directories).toContainEqual(['serve', '/app/__pycache__'])
  })

  test('the standard library is seen with its names', () => {
    const names = parseVerboseImports(fixture(`${version}-first`)).records.map((record) => record.module)
    expect(names).toEqual(expect.arrayContaining(['encodings', 'encodings.utf_8', 'json', 'json.decoder']))
  })
})

describe('imports of a hostile or crowded log', () => {
  const matches = (name: string) => [
    `# /v/__pycache__/${name}.cpython-311.pyc matches /app/${name}.py`,
    `# code object from '/v/__pycache__/${name}.cpython-311.pyc'`
  ]
  const ends = (name: string) =>
    `import '${name}' # <_frozen_importlib_external.SourceFileLoader object at 0x7f00>`

  test.each<[string, string[], unknown[]]>([
    [
      'text without imports',
      ['hello', '', '#', "import 'os' # <class '_frozen_importlib.FrozenImporter'>"],
      []
    ],
    ['a relative path', ['# code object from app.py', "# code object from 'x/y.pyc'"], []],
    ['an end without a beginning', [ends('ghost')], []],
    ['a path that climbs', ['# code object from /app/../etc/m.py'], [{ module: 'm', source: '/etc/m.py' }]],
    [
      'carriage returns of a terminal',
      ['# code object from /app/m.py\r', `${ends('m')}\r`],
      [{ module: 'm' }]
    ],
    [
      'two processes at once',
      [...matches('a'), ...matches('b'), ends('a'), ends('b')],
      [
        { module: 'a', source: '/app/a.py' },
        { module: 'b', source: '/app/b.py' }
      ]
    ],
    [
      'the same module in two processes',
      [
        '# code object from /app/m.py',
        ends('m'),
        '# /v/m.pyc matches /app/m.py',
        "# code object from '/v/m.pyc'",
        ends('m')
      ],
      [
        { module: 'm', source: '/app/m.py', bytecode: undefined, from: 'source' },
        { module: 'm', source: '/app/m.py', bytecode: '/v/m.pyc', from: 'bytecode' }
      ]
    ],
    [
      'processes with bytecode of their own',
      [
        ...matches('m'),
        ends('m'),
        '# code object from /app/m.py',
        `# created '/v/__pycache__/m.cpython-311.opt-1.pyc'`,
        ends('m'),
        ...matches('m'),
        ends('m')
      ],
      [
        { module: 'm', bytecode: '/v/__pycache__/m.cpython-311.pyc', from: 'bytecode' },
        { module: 'm', bytecode: '/v/__pycache__/m.cpython-311.opt-1.pyc', from: 'source' }
      ]
    ],
    [
      'modules of the same last name',
      [
        '# code object from /app/a/util.py',
        '# code object from /app/b/util.py',
        ends('a.util'),
        ends('b.util')
      ],
      [
        { module: 'a.util', source: '/app/a/util.py' },
        { module: 'b.util', source: '/app/b/util.py' }
      ]
    ],
    [
      'a module whose file is elsewhere than its name says',
      ['# code object from /app/vendor/six.py', ends('pip._vendor.six')],
      [{ module: 'pip._vendor.six', source: '/app/vendor/six.py' }]
    ],
    [
      'a quote in a path',
      [
        `# /it's/m.cpython-311.pyc matches /it's/m.py`,
        `# code object from "/it's/m.cpython-311.pyc"`,
        ends('m')
      ],
      [{ module: 'm', source: `/it's/m.py`, bytecode: `/it's/m.cpython-311.pyc` }]
    ],
    [
      'a failed write of another process',
      [
        '# code object from /app/m.py',
        `# could not create '/v/other.cpython-311.pyc': PermissionError(13, 'x')`
      ],
      [{ module: 'm', bytecode: undefined }]
    ],
    [
      'a directory that another process could not make',
      ['# code object from /app/m.py', `# could not create '/other/__pycache__': PermissionError(13, 'x')`],
      [{ module: 'm', bytecodeDirectory: undefined }]
    ],
    [
      'names that are none',
      [...matches('m'), ends('../m'), ends('a/m'), ends('x'.repeat(600))],
      [{ module: 'm' }]
    ]
  ])('%s', (_, lines, expected) => {
    const { records } = parseVerboseImports(lines)
    expect(records).toHaveLength(expected.length)
    expect(records).toMatchObject(expected)
  })

  test('a module that only the last of many workers says is not lost', () => {
    const worker = Array.from({ length: 640 }, (_, at) => `# code object from /usr/lib/m${at}.py`)
    const workers = Array.from({ length: 12 }, () => worker).flat()
    const { records } = parseVerboseImports([...workers, '# code object from /app/urls.py'])
    expect(records).toHaveLength(641)
    expect(records.at(-1)).toMatchObject({ source: '/app/urls.py' })
  })

  test('a flood is cut at 10,000 records, in good time, and says so', () => {
    const flood = (loads: number, modules: number): string[] =>
      Array.from({ length: loads }, (_, at) => `# code object from /app/m${at % modules}.py`)
    const cut = parseVerboseImports(flood(200_000, 200_000))
    expect([cut.records.length, cut.isWhole]).toEqual([10_000, false])
    // The same modules again and again, and one more that was not looked at any more.
    const many = parseVerboseImports([...flood(100_000, 3_000), '# code object from /data/late.py'])
    expect([many.records.length, many.isWhole]).toEqual([3000, false])
    const all = parseVerboseImports(flood(100_000, 10_000))
    expect([all.records.length, all.isWhole]).toEqual([10_000, true])
  })

  test.each([
    ['of ends without a beginning', (at: number) => `/app/m${at}.py`, ends('absent')],
    ['of ends that all fit', (at: number) => `/app/d${at}/m.py`, ends('x.m')],
    ['of written bytecode', (at: number) => `/app/m${at}.py`, `# created '/app/absent.pyc'`]
  ])('a flood %s costs no more than reading it', (_, path, line) => {
    const begins = Array.from({ length: 4999 }, (_, at) => `# code object from ${path(at)}`)
    const flood = Array.from({ length: 100_000 }, () => line)
    const start = performance.now()
    expect(parseVerboseImports([...begins, ...flood]).records).toHaveLength(4999)
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  test.each([
    ['paths', `# /${'.pyc matches /'.repeat(200_000)}\u2028`],
    ['quotes', `# code object from '${"'".repeat(2_000_000)}\u2028`],
    ['endings', `# code object from /${'.a'.repeat(1_000_000)}`],
    ['written bytecode', `# created '${'.pyc'.repeat(500_000)}`],
    ['loaders', `import 'm' # <${'SourceFileLoader'.repeat(150_000)}`]
  ])('a line of megabytes, all %s, costs no more than reading it', (_, line) => {
    const start = performance.now()
    expect(parseVerboseImports([line]).records).toEqual([])
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  test('text and lines are read alike', () => {
    const text = fixture('3.11-first')
    expect(parseVerboseImports(text.split('\n'))).toEqual(parseVerboseImports(text))
  })
})
