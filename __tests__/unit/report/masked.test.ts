import { expect, test } from '@jest/globals'
import { bindingPlan, maskedPlan, maskedReport } from '../../../src/report/masked.js'
import type { PlanFile } from '../../../src/plan/plan-file.js'
import { makeReport } from '../../../src/report/report.js'
import { masker } from '../../../src/report/secrets.js'
import { rich } from '../../fixtures/report/rich.js'

const report = makeReport(rich)

test('nothing to hide leaves the report as it is', () => {
  expect(maskedReport(report, masker([]))).toEqual(report)
})

test('a secret is taken out wherever text is', () => {
  const masked = JSON.stringify(maskedReport(report, masker(['docling-v2', '/workspace/models'])))
  expect(JSON.stringify(report)).toContain('docling-v2')
  expect(masked).not.toContain('docling-v2')
  expect(masked).not.toContain('/workspace/models')
})

test('what an image calls a secret is no reason to give its scenarios other ids', () => {
  const plan: PlanFile = {
    schemaVersion: 1,
    tool: { name: 'cache-crash-test', version: '1.0.0' },
    image: { reference: 'shop', id: 'sha256:1' },
    controlSeconds: 1,
    estimatedSeconds: 1,
    shards: [{ shard: 1, estimatedSeconds: 1 }],
    scenarios: [
      {
        id: 'killed@/root/.cache/recreate',
        shard: 1,
        planted: 'a file at /root/.cache',
        expectation: 'recover',
        estimatedSeconds: 1
      }
    ],
    omissions: []
  }
  const shown = maskedPlan(plan, masker([], ['/root/.cache']))
  expect(shown.scenarios[0]).toMatchObject({ id: 'killed@***/recreate', planted: 'a file at ***' })
  expect(bindingPlan(shown, plan).scenarios[0]).toMatchObject({
    id: 'killed@/root/.cache/recreate',
    planted: 'a file at ***'
  })
})

test('a password that is one of our own words takes no verdict away', () => {
  const words = ['failed', 'crashed', 'cache', 'restart', 'passed', 'ready', 'second-boot']
  const masked = maskedReport(report, masker(words))
  expect(masked.verdict).toBe('failed')
  expect(
    masked.scenarios.map(({ verdict, reason, role, mode }) => ({ verdict, reason, role, mode }))
  ).toEqual(report.scenarios.map(({ verdict, reason, role, mode }) => ({ verdict, reason, role, mode })))
  expect(masked.control.result).toBe('passed')
  expect(masked.scenarios.map(({ detail }) => detail).join()).not.toContain('crashed')
})
