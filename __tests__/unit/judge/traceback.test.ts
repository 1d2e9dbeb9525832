import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import { lastFailure, type Frame } from '../../../src/judge/traceback.js'
import { log } from '../../fixtures/report/record.js'
import { anyText } from '../report/any-text.js'

const directory = new URL('../../fixtures/tracebacks/', import.meta.url)

function captured(name: string): string[] {
  return readFileSync(new URL(`${name}.log`, directory), 'utf8')
    .trimEnd()
    .split('\n')
}

function places(frames: readonly Frame[] = []): string[] {
  return frames.map(
    ({ path, line, function: name }) => `${path}:${line}${name === undefined ? '' : ` ${name}`}`
  )
}

/** What is the program's own; interpreters and libraries lie elsewhere. */
function own(lines: readonly string[]): string[] {
  const frames = lastFailure(log(lines), true)?.frames ?? []
  return places(frames.filter(({ path }) => /^(?:\/app\/|com\/acme|Single|plain|example)/.test(path)))
}

const LOAD = ['/app/lib/cache.py:7 load']
const CAUSE = [...LOAD, '/app/cause.py:6 main', '/app/cause.py:8 main', '/app/cause.py:11 <module>']
const PLAIN = ['/app/lib/cache.py:11 prepare', '/app/plain.py:5 main', '/app/plain.py:9 <module>']
const SYNTAX = ['/app/lib/broken.py:1', '/app/syntax.py:1 <module>']
const GROUP = [
  ...LOAD,
  '/app/group.py:6 attempt',
  '/app/lib/cache.py:11 prepare',
  '/app/group.py:6 attempt',
  '/app/group.py:16 main',
  '/app/group.py:19 <module>'
]
const GO = ['/app/go/store/store.go:8 store.Prepare', '/app/go/main.go:13 main.(*service).start']

/** Every capture, with the places of the program that it names, in the order in which they are to be looked at. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'python-plain': PLAIN,
  'python-plain-3.9': PLAIN,
  'python-plain-3.13': PLAIN,
  // The cause is where it went wrong.
  'python-cause': CAUSE,
  'python-cause-3.9': CAUSE,
  'python-cause-3.13': CAUSE,
  // The handler is what failed.
  'python-handling': [
    '/app/handling.py:6 heal',
    '/app/handling.py:13 main',
    '/app/handling.py:16 <module>',
    ...LOAD,
    '/app/handling.py:11 main'
  ],
  'python-group': GROUP,
  'python-group-3.13': GROUP,
  'python-syntax': SYNTAX,
  'python-syntax-3.9': SYNTAX,
  'python-syntax-3.13': SYNTAX,
  'python-indent': ['/app/indent.py:2'],
  'python-logged': [...LOAD, '/app/logged.py:7 <module>'],
  'python-json': [...LOAD, '/app/json_log.py:6 <module>'],
  'python-recursion': [
    ...Array.from({ length: 3 }, () => '/app/recursion.py:2 down'),
    '/app/recursion.py:5 <module>'
  ],
  'python-thread': ['/app/lib/cache.py:11 prepare'],
  'python-relative': ['/app/lib/cache.py:11 prepare', 'plain.py:5 main', 'plain.py:9 <module>'],
  'python-prefixed': CAUSE,
  'node-cjs': [
    '/app/node_modules/store/index.js:2 exports.open',
    '/app/server.js:4 start',
    '/app/server.js:7 Object.<anonymous>'
  ],
  'node-esm': ['/app/server.mjs:4 load', '/app/server.mjs:9 Service.start', '/app/server.mjs:13'],
  'node-cause': [
    '/app/cause.js:4 read',
    '/app/cause.js:9 load',
    '/app/cause.js:15 Object.<anonymous>',
    '/app/cause.js:11 load',
    '/app/cause.js:15 Object.<anonymous>'
  ],
  'node-syntax': ['/app/broken.js:2', '/app/syntax.js:1 Object.<anonymous>'],
  'node-esm-syntax': ['/app/broken.mjs:1'],
  'node-anonymous': ['/app/anonymous.js:3', '/app/anonymous.js:2 Timeout._onTimeout'],
  'node-class': [
    '/app/typed.js:6 Cache.open',
    '/app/typed.js:3 new Cache',
    '/app/typed.js:1 Object.<anonymous>'
  ],
  // An error of fs/promises has no stack in Node 18.
  'node-rejection': [],
  'go-panic': [...GO, '/app/go/main.go:25 main.main'],
  'go-goroutine': [...GO, '/app/go/main.go:22 main.main'],
  'go-nil': ['/app/go/main.go:13 main.(*service).start', '/app/go/main.go:19 main.main'],
  'go-trimpath': [
    'example.com/worker/store/store.go:8 store.Prepare',
    'example.com/worker/main.go:13 main.(*service).start',
    'example.com/worker/main.go:25 main.main'
  ],
  'java-cause': [
    'com/acme/Store.java:10 Store.prepare',
    'com/acme/Store.java:12 Store.prepare',
    'com/acme/App.java:19 App.main'
  ],
  'java-suppressed': [
    'com/acme/Store.java:10 Store.prepare',
    'com/acme/Store.java:12 Store.prepare',
    'com/acme/App.java:16 App.lambda$main$0',
    'com/acme/App.java:16 App.main',
    'com/acme/App.java:9 App$Closing.close',
    'com/acme/App.java:15 App.main'
  ],
  'java-single': ['Single.java:3 Single.main'],
  'bash-missing': ['/app/missing.sh:5'],
  'bash-redirect': ['/app/redirect.sh:5'],
  'bash-half': ['/app/half.sh:4'],
  'bash-unset': ['/app/unset.sh:3'],
  'bash-unset-sh': ['/app/unset-sh.sh:3'],
  'bash-cd': ['/app/cd.sh:3'],
  'bash-killed': ['/app/killed.sh:4'],
  'bash-sources': ['/app/lib/helper.sh:2'],
  'bash-sources-bash': ['/app/lib/helper.sh:2'],
  'dash-missing': ['/app/missing.sh:5'],
  'dash-redirect': ['/app/redirect.sh:5'],
  'dash-half': ['/app/half.sh:4'],
  'dash-unset-sh': ['/app/unset-sh.sh:3'],
  'dash-cd': ['/app/cd.sh:3'],
  // dash and ash give a line of helper.sh and the name of the script that sourced it: told apart where the file is read.
  'dash-sources': ['/app/sources.sh:2'],
  'ash-sources': ['/app/sources.sh:2'],
  'ash-missing': ['/app/missing.sh:5'],
  'ash-redirect': ['/app/redirect.sh:5'],
  'ash-half': ['/app/half.sh:4'],
  'ash-unset-sh': ['/app/unset-sh.sh:3'],
  'ash-cd': ['/app/cd.sh:3'],
  // A command that fails under `set -e` names no line; a script given by -c has no file.
  'bash-silent': [],
  'dash-silent': [],
  'ash-silent': [],
  'bash-inline': [],
  'dash-inline': []
}

describe('what a real interpreter prints', () => {
  test('is expected of every capture', () => {
    const names = readdirSync(directory).filter((name) => name.endsWith('.log'))
    expect(names.sort()).toEqual(
      Object.keys(EXPECTED)
        .map((name) => `${name}.log`)
        .sort()
    )
  })

  test.each(Object.entries(EXPECTED))('%s', (name, expected) => {
    expect(own(captured(name))).toEqual(expected)
  })

  const prefixed = Object.keys(EXPECTED).filter(
    (name) => /^(?:python|node-[ac]|java|go)/.test(name) && !name.includes('json')
  )
  test.each(prefixed)('%s is understood with a time and a name before each line', (name) => {
    const lines = captured(name).map(
      (line, at) => `2026-01-12T08:30:${String(at).padStart(2, '0').slice(-2)}.123Z [app] ${line}`
    )
    expect(own(lines)).toEqual(EXPECTED[name])
  })
})

describe('the failure that counts', () => {
  const handled = captured('python-logged')
  const died = captured('bash-redirect')

  test('is the last one', () => {
    expect(own([...handled, 'going on', ...died])).toEqual(EXPECTED['bash-redirect'])
    expect(own([...died, ...handled])).toEqual(EXPECTED['python-logged'])
    expect(own([...captured('java-cause'), 'retrying', ...captured('node-cjs')])).toEqual(
      EXPECTED['node-cjs']
    )
    expect(
      own([...captured('java-cause'), 'Exception in thread "x" y', ...captured('java-single').slice(1)])
    ).toEqual(EXPECTED['java-single'])
  })

  test('is the child’s own word rather than the shell’s of its death', () => {
    const shell = '/app/start.sh: line 3:    12 Killed                  python3 /app/plain.py'
    expect(own([...captured('python-plain'), shell])).toEqual(PLAIN)
    expect(own(['loading', shell])).toEqual(['/app/start.sh:3'])
  })

  test('was survived when a process that ended said much more afterwards', () => {
    const lines = [...handled, ...Array.from({ length: 51 }, (_, at) => `request ${at}`)]
    expect(lastFailure(log(lines), true)).toBeUndefined()
    expect(lastFailure(log(lines), false)?.language).toBe('python')
    expect(lastFailure(log(lines.slice(0, -1)), true)?.language).toBe('python')
  })

  test('is not put together over what a flood left out', () => {
    const lines = captured('python-plain')
    const cut = log(lines.slice(0, 3), { tail: lines.slice(5), omittedLines: 1000 })
    expect(lastFailure(cut, true)).toBeUndefined()
    const apart = { ...cut, omittedLines: 0 }
    expect(lastFailure(apart, true)?.frames.length).toBeGreaterThan(0)
  })

  test('is not known of a process that ended where the end of its log is missing', () => {
    const cut = log(captured('python-plain'), { endMissing: true })
    expect(lastFailure(cut, true)).toBeUndefined()
    expect(lastFailure(log(captured('python-plain')), true)).toBeDefined()
  })

  test('comes with the lines that show it', () => {
    const shown = lastFailure(log(['loading', ...captured('python-plain'), 'bye']), true)
    expect(shown?.lines).toEqual(captured('python-plain'))
  })

  test.each([
    [['listening on /app/x.sock: 3']],
    [['at home (see 10:20:30)']],
    [['nginx: [emerg] bind() to 0.0.0.0:80 failed']],
    [['goroutine 1 [running]:', 'main.main()', '\t/app/main.go:1 +0x1']],
    [['  File "/app/x.py", line 3', 'no error']],
    [['line 3: foo', 'sh: line 3: foo']]
  ])('is none in %j', (lines) => {
    expect(lastFailure(log(lines), true)).toBeUndefined()
  })
})

describe('a hostile log', () => {
  const pieces = [
    'Traceback (most recent call last):',
    '  File "/a", line 1, in f',
    '  + Exception Group ',
    '+---------------- 1 ----------------',
    'During handling of the above exception, another exception occurred:',
    '    at f (/a.js:1:2)',
    '  [cause]: Error: x',
    '\tat a.B.c(B.java:1)',
    'Caused by: x',
    '\tSuppressed: y',
    'panic: x',
    'goroutine 1 [running]:',
    'main.main()',
    '\t/a.go:1 +0x1',
    '/a.sh: line 3: x',
    '/a.sh: 3: x',
    '/a.js:1',
    '^',
    'Error: x',
    '{"a":"b\\nc"}',
    'file:///%E0%A4%A:1:1',
    '| '
  ]
  const line = fc
    .array(fc.oneof(fc.constantFrom(...pieces), anyText), { maxLength: 4 })
    .map((all) => all.join(''))

  test('yields lines of files or nothing, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.boolean(), (lines, ended) => {
        const { frames = [], first = 0, last = 0 } = lastFailure(log(lines), ended) ?? {}
        expect(first).toBeLessThanOrEqual(last)
        expect(frames.every(({ line: at }) => Number.isInteger(at) && at > 0)).toBe(true)
      }),
      { numRuns: 500 }
    )
  })

  test.each([...pieces, 'at ', ': ', '(', ': line 1', '/', ' {', '    ', ':1:1', '"', '\\n', '\u001b['])(
    'takes bounded time on lines full of %j',
    (piece) => {
      const long = piece.repeat(Math.ceil(16_384 / piece.length))
      const lines = Array.from({ length: 400 }, (_, at) =>
        at % 2 === 0 ? long : `{"x":"${'\\n'.repeat(8_000)}"}`
      )
      const began = performance.now()
      lastFailure(log(lines), true)
      expect(performance.now() - began).toBeLessThan(10_000)
    }
  )
})
