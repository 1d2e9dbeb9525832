import { describe, expect, test } from '@jest/globals'
import { cells, crashTest, everyFault, holdCell } from './examples-table.js'
import { omissions, scenarioOf } from './fixture-images.js'
import { verdicts } from './runner.js'

// Python 3.9 is in the tests that take long.
test.concurrent.each(cells(['python3.13', 'no-shell']))(
  '%s on %s comes out as the table says, and leaves nothing on the engine',
  async (name, base) => {
    await holdCell(name, base)
  }
)

describe('incident 001: gpu-worker', () => {
  test.concurrent(
    'the fragile worker fails the job, names the dangling link and quotes Errno 17',
    async () => {
      const run = await everyFault('gpu-worker/fragile')
      const scenario = scenarioOf(run, 'dangling-symlink@/root/.cache')
      expect(run.exitCode).not.toBe(0)
      expect(run.outputs.get('verdict')).toBe('failed')
      expect(run.outputs.get('failed-scenarios')).toContain('dangling-symlink@/root/.cache')
      expect(run.output).toContain('dangling-symlink@/root/.cache')
      expect(run.summary).toContain('dangling-symlink@/root/.cache')
      expect(run.summary).toContain('Errno 17')
      expect(scenario.diagnosis?.lines.join('\n')).toContain("[Errno 17] File exists: '/root/.cache'")
    }
  )

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

  describe('with the upload that the incident’s notes verify by', () => {
    const upload = (key: string): string => `node --input-type=module -e '
      const form = new FormData()
      form.set("file", new Blob(["%PDF-1.4 BT (Invoice 4711) Tj ET"]), "test-invoice.pdf")
      const answer = await fetch(process.env.BASE_URL + "/extract", {
        method: "POST", headers: { "X-API-Key": "${key}" }, body: form
      })
      const { text, error } = await answer.json()
      console.log(answer.status, text ?? error)
      process.exitCode = answer.status === 200 && text === "Invoice 4711" ? 0 : 1
    '`

    test.concurrent('the hardened worker extracts the document after every fault at its link', async () => {
      const run = await crashTest('gpu-worker/hardened', 'python3.13', {
        faults: 'file-for-directory\ndangling-symlink\nread-only',
        'smoke-test': upload('demo-key')
      })
      expect(run.exitCode).toBe(0)
      expect(verdicts(run.report)).toEqual({
        'dangling-symlink@/root/.cache/restart': 'recovered',
        'dangling-symlink@/workspace/docstrange/recreate': 'recovered',
        'file-for-directory@/root/.cache/restart': 'recovered',
        'file-for-directory@/workspace/docstrange/recreate': 'recovered',
        'read-only@/root/.cache/recreate': 'tolerated',
        'read-only@/workspace/docstrange/recreate': 'tolerated'
      })
    })

    test.concurrent('a wrong API key fails the control, which says what the smoke test saw', async () => {
      const { exitCode, report } = await crashTest('gpu-worker/hardened', 'python3.13', {
        'smoke-test': upload('wrong-key')
      })
      expect(exitCode).toBe(1)
      expect(report?.control).toMatchObject({
        result: 'failed',
        stage: 'first-boot',
        blame: 'image',
        message: expect.stringContaining(
          'the smoke test exited 1: 401 wrong or missing X-API-Key'
        ) as unknown as string
      })
    })
  })
})

describe('incident 000: manual-space', () => {
  /** Asks about the manual that is on the volume, and is content with the right answer only. */
  const question = `node --input-type=module -e '
    const answer = await fetch(process.env.BASE_URL + "/ask", {
      method: "POST", body: JSON.stringify({ question: "How do I descale the machine?" })
    })
    const { answer: text, manual } = await answer.json()
    console.log(answer.status, manual, text)
    process.exitCode = manual === "coffee-machine.txt" && text.includes("citric acid") ? 0 : 1
  '`

  test.concurrent('the fragile space runs old code while it answers correctly', async () => {
    const run = await crashTest('manual-space/fragile', 'python3.13', {
      faults: 'stale-bytecode\nstale-bytecode-unchecked',
      'smoke-test': question
    })
    expect(run.exitCode).toBe(1)
    expect(verdicts(run.report)).toEqual({
      'stale-bytecode@/data/pycache/recreate': 'failed: stale-code',
      'stale-bytecode-unchecked@/data/pycache/recreate': 'failed: stale-code'
    })
    for (const scenario of run.report?.scenarios ?? []) {
      expect(scenario.also).not.toContain('wrong-answer')
      expect(scenario.smokeTest).toBeNull()
    }
  })

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

  test.concurrent('the hardened space answers from its manuals after every fault at its cache', async () => {
    const run = await crashTest('manual-space/hardened', 'python3.13', {
      faults: 'file-for-directory\nforeign-owner',
      'smoke-test': question
    })
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual({
      'file-for-directory@/data/manual_store/ocr_cache/recreate': 'recovered',
      'foreign-owner@/data/manual_store/ocr_cache/recreate': 'tolerated',
      'file-for-directory@/data/uploads/recreate': 'refused',
      'foreign-owner@/data/uploads/recreate': 'refused'
    })
  })

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
