import { describe, expect, test } from '@jest/globals'
import { interpreterCandidates } from '../../../src/image/python-facts.js'

describe('the programs that may be the interpreter', () => {
  test.each<[string, string[], string[], string[]]>([
    ['nothing known', [], [], ['python3', 'python']],
    ['a Python by name', [], ['python3.12', 'app.py'], ['python3.12', 'python3', 'python']],
    ['the usual Python', [], ['python3', 'app.py'], ['python3', 'python']],
    [
      'a Python behind an init',
      ['tini', '--'],
      ['/opt/v/bin/python', '-m', 'x'],
      ['/opt/v/bin/python', 'python3', 'python']
    ],
    [
      'a program of an environment',
      ['/opt/venv/bin/gunicorn'],
      ['app:app'],
      ['/opt/venv/bin/python', 'python3', 'python']
    ],
    [
      'a shell command',
      ['/bin/sh', '-c'],
      ['python startup.py && exec /venv/bin/uvicorn app:app'],
      ['python', '/venv/bin/python', 'python3']
    ],
    ['a script elsewhere', ['/entrypoint.sh'], ['serve'], ['python3', 'python']],
    ['PyPy', [], ['pypy3', 'x.py'], ['pypy3', 'python3', 'python']],
    [
      'an argument that only looks like one',
      ['nginx'],
      ['--python=x', 'pythonic', '../python'],
      ['python3', 'python']
    ]
  ])('%s', (_, entrypoint, cmd, expected) => {
    expect(interpreterCandidates({ entrypoint, cmd })).toEqual(expected)
  })

  test('are few, whatever the command', () => {
    const cmd = Array.from({ length: 100 }, (_, at) => `/opt/v${at}/bin/x`)
    expect(interpreterCandidates({ entrypoint: [], cmd })).toHaveLength(8)
  })
})
