import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseCommandLine } from '../../../src/cli-options.js'
import { splitWords } from '../../../src/inputs/words.js'
import { fence } from '../../../src/report/markdown.js'
import { reproduceCommand } from '../../../src/report/reproduce.js'
import { inputs, scenario } from '../../fixtures/report/record.js'
import { richInputs } from '../../fixtures/report/rich.js'
import type { Inputs } from '../../../src/model.js'

/** The words that a real shell makes of a command line. */
function shellWords(command: string, environment: Record<string, string> = {}, shell = 'bash'): string[] {
  const output = execFileSync(shell, ['-c', `printf '%s\\0' ${command}`], {
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', ...environment },
    // A bash whose input is a socket takes itself for a remote shell and reads ~/.bashrc.
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return output.toString().split('\0').slice(0, -1)
}

function words(overrides: Partial<Inputs>, environment?: Record<string, string>): string[] {
  return shellWords(reproduceCommand(inputs(overrides), scenario()), environment)
}

const HOSTILE_VALUES = [
  `it's`,
  `"; rm -rf / #`,
  '$(id) `id` $HOME ${HOME}',
  '\\',
  'a\\\nb',
  '!history !!',
  '~/x *.py [a-z]? {a,b}',
  ' leading and trailing ',
  '-n',
  '',
  'tab\tand\nlines\n\n',
  'red \u001b[31m bell \u0007 cr \r',
  'bidi \u202e zero \u200b nbsp \u00a0 nel \u0085',
  '日本 🙂',
  'emoji ⚠\ufe0f 👩\u200d🚀',
  '%s %d \\n \\045'
]

describe('the command that reproduces a scenario', () => {
  test('names the fault, the path and the mode, and nothing that is a default', () => {
    expect(reproduceCommand(inputs(), scenario())).toBe(
      [
        'cache-crash-test',
        '--context gpu-worker',
        '--cache-paths /root/.cache',
        '--faults file-for-directory',
        '--boot-modes restart'
      ].join(' \\\n  ')
    )
  })

  test('starts with whatever calls the tool', () => {
    const command = reproduceCommand(inputs(), scenario(), 'npx --yes github:o/r#v1')
    expect(shellWords(command).slice(0, 4)).toEqual(['npx', '--yes', 'github:o/r#v1', '--context'])
  })

  test('is understood by the command line tool, every input as it was', () => {
    const given: Partial<Inputs> = {
      image: { kind: 'reference', reference: 'shop/app:1' },
      env: { GREETING: 'hello "you" and $HOME' },
      ports: [8000, 9000],
      options: ['--memory', '1g', '--label', `it's "quoted" words`],
      command: ['python3', '-c', 'print("a b")'],
      ready: [
        { kind: 'http', port: 8000, path: '/health?x=1&y=2' },
        { kind: 'tcp', port: 9000 },
        { kind: 'log', pattern: 'it.s (ready|up)$', flags: 'i' },
        { kind: 'exec', command: ['sh', '-c', 'test -e /ready'] },
        { kind: 'healthcheck' }
      ],
      startupTimeoutMs: 90_000,
      stableForMs: 500,
      smokeTest: `set -e\ncurl -fsS "$BASE_URL/it's"\n`,
      forbidLogs: [{ pattern: 'fatal|"panic"', flags: 'i' }],
      volumes: ['/data'],
      dataPaths: ['/data/my uploads'],
      cachePaths: ['/data/cache'],
      secondBoot: false,
      seed: 'another'
    }
    const parsed = parseCommandLine(words(given).slice(1), '0')
    expect(parsed).toEqual({
      kind: 'run',
      keep: false,
      raw: {
        image: 'shop/app:1',
        volumes: '/data',
        'cache-paths': '/data/cache\n/root/.cache',
        'data-paths': '/data/my uploads',
        env: 'GREETING=hello "you" and $HOME',
        ports: '8000\n9000',
        options: expect.any(String),
        command: expect.any(String),
        ready: [
          'http://:8000/health?x=1&y=2',
          'tcp://:9000',
          'log:/it.s (ready|up)$/i',
          `exec:sh -c 'test -e /ready'`,
          'healthcheck'
        ].join('\n'),
        'startup-timeout': '90s',
        'stable-for': '500ms',
        'smoke-test': given.smokeTest,
        'forbid-logs': '/fatal|"panic"/i',
        faults: 'file-for-directory',
        'boot-modes': 'restart',
        'second-boot': 'false',
        seed: 'another'
      }
    })
    const raw = parsed.kind === 'run' ? parsed.raw : {}
    expect(splitWords(raw.options ?? '')).toEqual({ kind: 'words', words: given.options })
    expect(splitWords(raw.command ?? '')).toEqual({ kind: 'words', words: given.command })
  })

  test('builds with the same file, target and arguments, by paths of the checkout', () => {
    const image = { ...buildOf(richInputs), file: '/work/shop/docker/gpu.Dockerfile' }
    expect(words({ image }, { PIP_TOKEN: 'mine' }).slice(1, 11)).toEqual([
      ...['--context', 'gpu-worker', '--file', 'docker/gpu.Dockerfile', '--target', 'runtime'],
      ...['--build-args', 'BASE_IMAGE=python:3.11-slim', '--build-args', 'PIP_TOKEN=mine']
    ])
  })

  test('leaves the paths alone for a fault that has none, and data paths data', () => {
    const command = (path: string, role: 'cache' | 'data') =>
      reproduceCommand(inputs(), scenario({ target: { path, role } }))
    expect(command('container', 'cache')).not.toContain('--cache-paths')
    expect(command('/data/uploads', 'data')).not.toContain('-paths')
  })

  test('does not say what is so by default', () => {
    const command = reproduceCommand(inputs(), scenario())
    expect(command).not.toMatch(/--(?:seed|stable-for|scenario-file) /)
  })
})

describe('secrets in the command', () => {
  const secret = 'p\'w$(id)"x'

  test('are references to variables that the reader sets', () => {
    const build = {
      ...buildOf(richInputs),
      buildArgs: [],
      secrets: { 'npm-token': secret, '2nd': 'multi\nline' }
    }
    const env = { API_KEY: secret, PLAIN: `url?k=${secret}&v=1`, SHORT_TOKEN: 'ab' }
    const command = reproduceCommand(inputs({ image: build, env }), scenario())
    expect(command).not.toContain(secret)
    expect(command).not.toContain("p'")
    expect(command).toContain(`--env SHORT_TOKEN="$SHORT_TOKEN"`)
    const set = { NPM_TOKEN: 'one', API_KEY: 'two', _2ND: 'three\nfour', SHORT_TOKEN: 'five' }
    const replaced = shellWords(command, set).join(' ')
    expect(replaced).toMatch(/--secrets npm-token=(?:one|two) --secrets "2nd=three\nfour"/)
    expect(replaced).toMatch(/--env API_KEY=two --env PLAIN=url\?k=(?:one|two)&v=1/)
  })

  test('are none of those that the input options gave the container', () => {
    const options = ['--env', `API_KEY=${secret}`, '--memory', '1g']
    const command = reproduceCommand(inputs({ options }), scenario())
    expect(command).not.toContain(secret)
    expect(command).not.toContain("p'")
    expect(shellWords(command, { API_KEY: 'two' }).join(' ')).toContain('API_KEY=two')
  })
})

describe('quoting', () => {
  test.each(HOSTILE_VALUES)('%j survives bash and a POSIX shell', (value) => {
    const command = reproduceCommand(
      inputs({ env: { A: value }, smokeTest: value }),
      scenario({ fault: value })
    )
    for (const shell of ['bash', 'sh']) {
      const got = shellWords(command, {}, shell)
      expect(got.slice(5, 11)).toEqual(['--env', `A=${value}`, '--smoke-test', value, '--faults', value])
    }
  })

  test('any value survives, and is shown in Markdown as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (one, two) => {
        const value = `${one}${two}`.replace(/\0|\p{Cs}/gu, '')
        const command = reproduceCommand(inputs({ smokeTest: value }), scenario())
        expect(fence(command, 'sh').split('\n').slice(1, -1).join('\n')).toBe(command)
        expect(shellWords(command)[6]).toBe(value)
      }),
      { numRuns: 150 }
    )
  })
})

function buildOf({ image }: Inputs): Inputs['image'] & { kind: 'build' } {
  if (image.kind !== 'build') throw new Error('the fixture builds its image')
  return image
}
