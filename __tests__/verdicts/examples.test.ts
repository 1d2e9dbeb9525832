import { describe, expect, test } from '@jest/globals'
import { cells, everyFault, holdCell } from './examples-table.js'
import { omissions, scenarioOf } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

// Python 3.9 is in the tests with heavy software.
test.concurrent.each(cells(['python3.13', 'no-shell']))(
  '%s on %s comes out as the table says, and leaves nothing on the engine',
  async (name, base) => {
    await holdCell(name, base)
  }
)

describe('incident 001: gpu-worker', () => {
  test.concurrent(
    'a regular file is another error, Errno 20 on a child, and not that of the incident',
    async () => {
      const { log } = scenarioOf(await everyFault('gpu-worker/fragile'), 'file-for-directory@/root/.cache')
      expect(log?.tail.join('\n')).toContain("[Errno 20] Not a directory: '/root/.cache/docstrange'")
      expect(log?.tail.join('\n')).not.toContain('Errno 17')
    }
  )

  test.concurrent(
    'the published fix starts on a regular file, and still dies of the dangling link by Errno 17',
    async () => {
      const run = await everyFault('gpu-worker/published-fix')
      const link = scenarioOf(run, 'dangling-symlink@/root/.cache')
      expect(run.exitCode).toBe(1)
      expect(scenarioOf(run, 'file-for-directory@/root/.cache').verdict).toBe('recovered')
      expect(`${link.verdict}: ${String(link.reason)}`).toBe('failed: crashed')
      expect(link.diagnosis?.lines.join('\n')).toContain("[Errno 17] File exists: '/root/.cache'")
    }
  )

  test.concurrent('the hardened worker passes the job', async () => {
    const run = await everyFault('gpu-worker/hardened')
    expect(run.exitCode).toBe(0)
    expect(run.outputs.get('verdict')).toBe('passed')
  })

  // The words are those of the incident's list.
  test.concurrent.each([
    ['/root/.cache exists as a file', 'file-for-directory@/root/.cache/restart', 'recovered'],
    ['/root/.cache exists as a directory', 'directory-for-symlink@/root/.cache/restart', 'recovered'],
    ['/root/.cache is already a symlink', 'symlink-to-volume@/root/.cache/restart', 'recovered'],
    ['/root/.cache doesn’t exist', 'missing-directory@/root/.cache/recreate', 'recovered'],
    ['symlink creation fails', 'read-only@/root/.cache/recreate', 'tolerated'],
    ['cache write permissions fail', 'read-only@/workspace/docstrange/recreate', 'tolerated']
  ])('edge case "%s" is the scenario %s, and hardened has %s', async (_, id, verdict) => {
    expect(verdicts((await everyFault('gpu-worker/hardened')).report)[id]).toBe(verdict)
  })

  test.concurrent('a link to the volume that is already there is left alone by all', async () => {
    const id = 'symlink-to-volume@/root/.cache/restart'
    for (const variant of ['fragile', 'published-fix', 'hardened']) {
      const scenario = scenarioOf(await everyFault(`gpu-worker/${variant}`), id)
      expect(scenario.detail).toBe('/root/.cache was left alone')
    }
  })
})

describe('incident 000: manual-space', () => {
  test.concurrent(
    'the hardened space never reads bytecode from its volume, and the report says so',
    async () => {
      const run = await everyFault('manual-space/hardened')
      const sentence = 'Python in this image never reads bytecode from /data'
      expect(omissions(run)).toMatchObject({
        'stale-bytecode@/data': sentence,
        'stale-bytecode-unchecked@/data': sentence,
        'truncated-bytecode@/data': sentence
      })
      expect(run.output).toContain(sentence)
      expect(run.summary.replaceAll('`', '')).toContain(sentence)
    }
  )

  test.concurrent('the advice to delete the storage starts the space, and loses the uploads', async () => {
    const scenario = scenarioOf(
      await everyFault('manual-space/published-advice'),
      'file-for-directory@/data/manual_store/ocr_cache'
    )
    expect(scenario.boots.map(({ outcome }) => outcome)).toEqual(['ready'])
    expect(scenario.reason).toBe('data-lost')
    expect(scenario.detail).toBe('/data/uploads/coffee-machine.txt is gone, and 2 more')
  })
})
