import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import { copiesOf } from '../../../src/locate/dockerfile.js'
import { ignoredBy } from '../../../src/locate/pattern.js'
import { placeFiles } from '../../../src/locate/placed-files.js'
import { anyText } from '../report/any-text.js'

const FILES = [
  'app.py',
  'start.sh',
  'a file.py',
  'src/app.py',
  'src/lib/cache.py',
  'web/src/app.py',
  'docs/x.md'
]

/** Where the Dockerfile puts the files, by path. */
function placed(lines: readonly string[], target?: string, workdir = '/'): Record<string, string> {
  return Object.fromEntries(placeFiles(copiesOf(lines.join('\n'), { target, workdir }), FILES))
}

describe('a file of the repository', () => {
  const SRC = { '/app/app.py': 'src/app.py', '/app/lib/cache.py': 'src/lib/cache.py' }
  const cases: [words: string, lines: string[], expected: Record<string, string>][] = [
    ['in a directory whose content is copied', ['COPY src /app'], SRC],
    ['with slashes', ['COPY ./src/ /app/'], SRC],
    ['relative to the working directory', ['WORKDIR /app', 'COPY src .'], SRC],
    [
      'relative to two of them',
      ['WORKDIR /srv', 'WORKDIR web', 'COPY app.py ./'],
      { '/srv/web/app.py': 'app.py' }
    ],
    ['by ADD', ['ADD src /app'], SRC],
    ['by JSON', ['COPY ["a file.py", "/app/"]'], { '/app/a file.py': 'a file.py' }],
    ['with flags', ['COPY --chown=1:1 --chmod=755 --link src /app'], SRC],
    ['over two lines', ['COPY \\', '  src \\', '  /app'], SRC],
    ['several at a time', ['COPY app.py start.sh /x/'], { '/x/app.py': 'app.py', '/x/start.sh': 'start.sh' }],
    // Without a slash it may be a file or a directory: the comparison tells.
    ['renamed', ['COPY start.sh /run'], { '/run': 'start.sh', '/run/start.sh': 'start.sh' }],
    ['by a pattern', ['COPY *.py /x/'], { '/x/app.py': 'app.py', '/x/a file.py': 'a file.py' }],
    ['by a pattern for directories', ['COPY */src /x'], { '/x/app.py': 'web/src/app.py' }],
    ['by ENV and ARG', ['ARG DIR=app', 'ENV ROOT=/', 'WORKDIR ${ROOT}${DIR}', 'COPY src .'], SRC],
    ['from outside of the context, which is inside of it', ['COPY ../src /app'], SRC],
    ['copied over by another', ['COPY app.py /x/', 'COPY src/app.py /x/'], { '/x/app.py': 'src/app.py' }],
    ['not from another stage', ['COPY --from=b src /app'], {}],
    [
      'hidden by another stage',
      ['COPY src /app', 'COPY --from=b /y /app/lib'],
      { '/app/app.py': 'src/app.py' }
    ],
    ['not from a heredoc', ['COPY <<EOF /app/app.py', 'print()', 'EOF'], {}],
    ['hidden by a heredoc', ['COPY src/app.py /app/', 'COPY <<EOF /app/app.py', 'print()', 'EOF'], {}],
    ['not from a URL or an archive', ['ADD https://x.example/app.py /app/', 'ADD app.tar.gz /app/'], {}],
    ['not by a variable without a value', ['COPY $NONE/app.py /app/', 'COPY app.py $NONE/'], {}],
    ['not below a working directory that is not known', ['COPY src .', 'WORKDIR /x'], {}],
    ['not by flags that change where it goes', ['COPY --parents src/app.py /app/'], {}],
    ['not in an image that is built on this one', ['ONBUILD COPY src /app'], {}]
  ]
  test.each(cases)('is placed: %s', (_, lines, expected) => {
    expect(placed(['FROM base', ...lines])).toEqual(expected)
  })

  test('goes below the image’s own working directory when the Dockerfile names none', () => {
    expect(placed(['FROM base', 'COPY src .'], undefined, '/app')).toEqual(SRC)
  })

  const STAGES = [
    'FROM a AS base',
    'COPY app.py /x/',
    'FROM base AS test',
    'COPY start.sh /x/',
    'FROM other',
    'COPY src /app'
  ]
  test.each<[string | undefined, Record<string, string>]>([
    [undefined, SRC],
    ['test', { '/x/app.py': 'app.py', '/x/start.sh': 'start.sh' }],
    ['TEST', { '/x/app.py': 'app.py', '/x/start.sh': 'start.sh' }],
    ['0', { '/x/app.py': 'app.py' }],
    ['none', {}]
  ])('counts in the stage %s and in those that it is based on', (target, expected) => {
    expect(placed(STAGES, target)).toEqual(expected)
  })

  test('is in the context whatever the context is called', () => {
    expect(placed(['FROM base', 'COPY . /srv'])).toEqual(
      Object.fromEntries(FILES.map((file) => [`/srv/${file}`, file]))
    )
  })
})

test('any text is a Dockerfile without placing a file outside of the root', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'FROM',
      'COPY',
      'ADD',
      'WORKDIR',
      '\n',
      '..',
      '/',
      '.',
      '[',
      '"',
      '$X',
      '<<E',
      '--from=x',
      '*',
      '\\'
    ),
    anyText
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const paths = Object.keys(placed([words.join(' ')]))
      expect(paths.filter((path) => !path.startsWith('/') || path.split('/').includes('..'))).toEqual([])
    }),
    { numRuns: 300 }
  )
})

describe('a .dockerignore', () => {
  const paths = [
    'a.pyc',
    'x/b.pyc',
    'x/y/c.pyc',
    'keep.pyc',
    'node_modules/p/i.js',
    'docs/a.md',
    'README.md',
    'a[1].py'
  ]
  test.each([
    ['*.pyc', ['a.pyc', 'keep.pyc']],
    ['**/*.pyc', ['a.pyc', 'x/b.pyc', 'x/y/c.pyc', 'keep.pyc']],
    ['*.pyc\n!keep.pyc', ['a.pyc']],
    ['!keep.pyc\n*.pyc', ['a.pyc', 'keep.pyc']],
    ['# *.pyc\n\nnode_modules', ['node_modules/p/i.js']],
    ['/docs/\r\n', ['docs/a.md']],
    ['x/?.pyc', ['x/b.pyc']],
    ['[Rr]EADME.md', ['README.md']],
    ['a\\[1\\].py', ['a[1].py']],
    ['*\n!docs', paths.filter((path) => path !== 'docs/a.md')],
    ['**', paths],
    ['**/y', ['x/y/c.pyc']],
    ['x/**/c.pyc', ['x/y/c.pyc']],
    ['x/**', ['x/b.pyc', 'x/y/c.pyc']],
    ['**/**/i.js', ['node_modules/p/i.js']],
    ['x*c', []],
    ['x**c', ['x/b.pyc', 'x/y/c.pyc']],
    ['[', []]
  ])('%j keeps out %j', (text, expected) => {
    expect(paths.filter(ignoredBy(text))).toEqual(expected)
  })

  test('asks for leave at every step, which may be refused', () => {
    const enough = new Error('enough')
    const refuse = (): never => {
      throw enough
    }
    expect(() => ignoredBy('*.py', refuse)('a.py')).toThrow(enough)
    const copy = { from: 'context', sources: ['*'], destination: '/app', intoDirectory: true } as const
    expect(() => placeFiles([copy], ['a.py'], refuse)).toThrow(enough)
  })

  test('is read in linear time, however many stars are in it', () => {
    const isIgnored = ignoredBy(['*a'.repeat(30), '**/a'.repeat(30), '**a'.repeat(30)].join('b\n'))
    // With a regular expression that goes back, this would not end at all.
    expect(isIgnored('a'.repeat(2_000))).toBe(true)
    expect(isIgnored('a/'.repeat(1_000))).toBe(true)
    expect(isIgnored('c'.repeat(2_000))).toBe(false)
  })
})
