import { expect, test } from '@jest/globals'
import { maskedReport } from '../../../src/report/masked.js'
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
