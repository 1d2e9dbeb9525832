import { describe, expect, test } from '@jest/globals'
import { scenarioOf } from './fixture-images.js'
import { verdicts } from './runner.js'
import { crashTest } from '../verdicts/examples-table.js'

// The incidents with the faults that they were made of; every other fault is in the tests of verdicts.
describe('incident 001: gpu-worker', () => {
  test.concurrent(
    'the fragile worker fails the job, names the dangling link and quotes Errno 17',
    async () => {
      const run = await crashTest('gpu-worker/fragile', 'python3.13', { faults: 'dangling-symlink' })
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
        blame: 'check',
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
})
