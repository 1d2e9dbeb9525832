import { describe, expect, test } from '@jest/globals'
import { parseCommandLine } from '../../../src/cli-options.js'
import { InputError } from '../../../src/inputs.js'
import { INPUT_DEFINITIONS, INPUT_GROUPS, type InputDefinition } from '../../../src/inputs/definitions.js'

const VERSION = '1.2.3'

const ALL: readonly InputDefinition[] = INPUT_DEFINITIONS
/** Inputs that mean something outside of a workflow. */
const OPTIONS = ALL.filter(({ actionOnly }) => actionOnly !== true)

describe('options', () => {
  test('nothing given is a run with every default', () => {
    expect(parseCommandLine([], VERSION)).toEqual({ kind: 'run', raw: {}, keep: false })
  })

  test('every input is an option of the same name, with its value behind a blank or an equals sign', () => {
    const names = OPTIONS.map(({ name }) => name)
    const raw = Object.fromEntries(names.map((name) => [name, `value-of-${name}`]))
    const apart = names.flatMap((name) => [`--${name}`, `value-of-${name}`])
    const joined = names.map((name) => `--${name}=value-of-${name}`)
    expect(parseCommandLine(apart, VERSION)).toEqual({ kind: 'run', raw, keep: false })
    expect(parseCommandLine(joined, VERSION)).toEqual({ kind: 'run', raw, keep: false })
  })

  const cases: readonly (readonly [argv: readonly string[], raw: Readonly<Record<string, string>>])[] = [
    [['--cache-paths', '/a', '--strict', '--cache-paths=/b'], { 'cache-paths': '/a\n/b', strict: 'true' }],
    [['--options', '--cpus 1', '--options=--init'], { options: '--cpus 1\n--init' }],
    [['--image', 'a', '--image', 'b'], { image: 'b' }],
    [
      ['--strict', '--fail-fast=false', '--second-boot', 'false'],
      { strict: 'true', 'fail-fast': 'false', 'second-boot': 'false' }
    ],
    [['--strict=false', '--strict'], { strict: 'true' }],
    [['--env', 'A=b=c', '--faults', '!killed'], { env: 'A=b=c', faults: '!killed' }]
  ]

  test.each(cases)('%j', (argv, raw) => {
    expect(parseCommandLine(argv, VERSION)).toEqual({ kind: 'run', raw, keep: false })
  })

  test('--keep is for the command line alone', () => {
    expect(parseCommandLine(['--keep'], VERSION)).toEqual({ kind: 'run', raw: {}, keep: true })
  })
})

describe('a wrong command line', () => {
  const cases: readonly (readonly [argv: readonly string[], lines: readonly string[]])[] = [
    [['--cache-path', '/a'], ['--cache-path: there is no such option (did you mean --cache-paths?)']],
    [['--colour=red'], ['--colour: there is no such option; --help lists them']],
    [['-x'], ['-x: there is no such option; --help lists them']],
    [['app'], ['command line: "app" belongs to no option']],
    [['--strict', '--', 'app'], ['command line: "app" belongs to no option']],
    [['--image'], ['--image: needs a value']],
    [['--keep=yes'], ['--keep: takes no value']],
    [
      ['--imag', 'a', 'b', '--strict', '--volume', '/c'],
      [
        '--imag: there is no such option (did you mean --image?)',
        'command line: "b" belongs to no option',
        '--volume: there is no such option (did you mean --volumes?)'
      ]
    ]
  ]

  test.each(cases)('%j is refused', (argv, lines) => {
    expect(messageOf(argv)).toBe(lines.join('\n'))
  })
})

describe('--help and --version', () => {
  const help = parseCommandLine(['--help'], VERSION)
  const text = help.kind === 'help' ? help.text : ''
  const lines = text.split('\n')

  test('the help fits into 100 columns and ends with one newline', () => {
    expect(lines.filter((line) => line.length > 100)).toEqual([])
    expect(text).toMatch(/[^\n]\n$/)
  })

  test('it has a heading for each group, in order', () => {
    const headings = lines.filter((line) => /^[A-Z][a-z]+:$/.test(line))
    expect(headings).toEqual([...INPUT_GROUPS.map((group) => `${group}:`), 'More:'])
  })

  test.each(OPTIONS)('it explains --$name', ({ name }) => {
    expect(lines.filter((line) => line.startsWith(`  --${name} `))).toHaveLength(1)
  })

  test.each(['-h', '--help'])('%s wins over what is wrong beside it', (flag) => {
    expect(parseCommandLine(['--nonsense', flag], VERSION)).toEqual({ kind: 'help', text })
  })

  test.each(['-V', '--version'])('%s says the version', (flag) => {
    expect(parseCommandLine([flag], VERSION)).toEqual({ kind: 'version', text: '1.2.3\n' })
  })
})

function messageOf(argv: readonly string[]): string {
  try {
    parseCommandLine(argv, VERSION)
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('no problem was found')
}
