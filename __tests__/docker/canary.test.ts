import { spawnSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { withCanary } from '../../src/canary.js'

const CANARY = 'canary of a run, file 3;'

/** What a Python program prints, with the canary in its source. */
function run(
  base: string,
  source: string
): { readonly says: boolean; readonly stdout: string; readonly status: number | null } {
  const input = withCanary(Buffer.from(source), CANARY)
  const args = [
    'run',
    '--rm',
    '--interactive',
    '--network',
    'none',
    `cache-crash-test-base:${base}`,
    'python3',
    '-'
  ]
  const { stdout, stderr, status } = spawnSync('docker', args, { input, encoding: 'utf8' })
  return { says: stderr.includes(CANARY), stdout, status }
}

describe.each(['python3.9', 'python3.13'])(
  'source with a canary runs as before on %s, and says so',
  (base) => {
    test.each([
      ['nothing', '', ''],
      ['a statement', 'print(1)', '1\n'],
      ['a shebang and an encoding', '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\nprint("é")\n', 'é\n'],
      ['a byte order mark', '\ufeffprint(1)\n', '1\n'],
      ['Windows line ends', '# a\r\nimport sys\r\nprint(1)\r\n', '1\n'],
      ['a docstring and a future', '"""Says 1."""\nfrom __future__ import annotations\nprint(1)\n', '1\n'],
      [
        'futures in brackets',
        'from __future__ import (\n    annotations,\n    division,\n)\nfrom __future__ import generator_stop  # x\nprint(1)\n',
        '1\n'
      ],
      ['an end before its end', 'import os\nprint(1, flush=True)\nos._exit(0)\n', '1\n'],
      ['no line end at its end', 'if True:\n    print(1)', '1\n']
    ])('%s', (_, source, stdout) => {
      expect(run(base, source)).toEqual({ says: true, stdout, status: 0 })
    })
  }
)
