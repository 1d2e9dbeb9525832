import { afterAll, expect, test } from '@jest/globals'
import { FixtureImages, scenarioOf } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

/** What the image does, as published and hardened, and what the diagnosis of the first one says. */
const CELLS: Readonly<Record<string, { fragile: string; hardened: string; cause?: RegExp }>> = {
  'hf-blob-empty@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /model file/
  },
  'hf-blob-missing@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /snapshot/
  },
  'hf-ref-empty@/data/cache/recreate': { fragile: 'failed: crashed', hardened: 'recovered' },
  'lock-of-other-host@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /lock/
  },
  'torch-checkpoint-cut@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /checkpoint/
  },
  'tiktoken-cut@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /encoding/
  },
  'model-directory-empty@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /directory of a model/
  },
  'ollama-blob-zeroed@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /blob/
  },
  'triton-json-empty@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /kernel/
  },
  'vllm-compile-cut@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /compilation/
  },
  'numba-index-cut@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /numba/
  },
  'numba-code-cut@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /numba/
  },
  'server-pid@/app/tmp/pids/server.pid/restart': {
    fragile: 'failed: crashed',
    hardened: 'tolerated',
    cause: /pid file/
  },
  'rocksdb-current-empty@/data/recreate': { fragile: 'failed: data-lost', hardened: 'refused' },
  'rocksdb-manifest-missing@/data/recreate': { fragile: 'failed: data-lost', hardened: 'refused' },
  'shadowed-code@/code/recreate': { fragile: 'failed: stale-code', hardened: 'recovered' },
  'nested-link@/data/cache/recreate': { fragile: 'failed: data-lost', hardened: 'recovered' },
  'directory-for-file@/data/cache/recreate': {
    fragile: 'failed: crashed',
    hardened: 'recovered',
    cause: /directory stands/
  }
}

const SETS = ['huggingface', 'torch', 'models', 'tiktoken-cut', 'jit', 'server-pid', 'G5', 'C4', 'A5', 'A7']

test.concurrent.each(['fragile', 'hardened'] as const)(
  'software that cannot be had here, %s: every fault of its files does what it must',
  async (variant) => {
    const run = await images.crashTest('imitates-software', [
      ...['--cache-paths', '/data/cache', '--command', `python3 start.py ${variant}`],
      ...SETS.flatMap((name) => ['--faults', name])
    ])
    const expected = Object.fromEntries(Object.entries(CELLS).map(([id, cell]) => [id, cell[variant]]))
    expect(verdicts(run.report)).toMatchObject(expected)
    expect(run.exitCode).toBe(variant === 'fragile' ? 1 : 0)
    const explained = Object.entries(CELLS).filter(
      ([, { cause }]) => cause !== undefined && variant === 'fragile'
    )
    for (const [id, { cause }] of explained) {
      expect(scenarioOf(run, id).diagnosis?.cause).toMatch(cause ?? /^$/)
    }
  }
)
