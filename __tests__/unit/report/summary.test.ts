import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { makeReport } from '../../../src/report/report.js'
import { renderSummary, SUMMARY_LIMIT } from '../../../src/report/summary.js'
import { golden } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import { boot, log, record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'

const report = makeReport(rich, { faults: catalogue })

describe('the job summary', () => {
  test('shows every verdict as it did', async () => {
    const summary = renderSummary(report)
    expect(summary).toBe(await golden('summary.md', summary))
  })

  test('names the log of a control that failed and whom it blames', async () => {
    const summary = renderSummary(
      makeReport(
        record({
          control: {
            kind: 'failed',
            stage: 'first-boot',
            blame: 'image',
            message: 'the container exited 1 after 0.2 s on clean state',
            boot: boot(
              { kind: 'exited', seconds: 0.2, exitCode: 1, oomKilled: false },
              {
                log: log([
                  'Traceback (most recent call last):',
                  "ModuleNotFoundError: No module named 'flask'"
                ])
              }
            )
          }
        })
      )
    )
    expect(summary).toBe(await golden('summary-control.md', summary))
  })

  test('of a run that passed is short', async () => {
    const passed = record({
      results: ['file-for-directory', 'dangling-symlink', 'symlink-loop'].map((fault) =>
        result({ fault }, { kind: 'recovered', detail: '/root/.cache is a directory again' })
      )
    })
    const summary = renderSummary(makeReport(passed))
    expect(summary).toBe(await golden('summary-passed.md', summary))
  })
})

describe('a summary that would be too large', () => {
  const huge = makeReport(hostile)

  test.each([SUMMARY_LIMIT, 400_000, 100_000, 65_536, 20_000, 500])(
    'fits %i bytes and says what was cut',
    (limit) => {
      const summary = renderSummary(huge, limit)
      expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(limit)
      expect(summary).toMatch(/## ❌ Start-up failed 270 of 300 scenarios/)
      expect(summary).toMatch(/Cut to fit GitHub's limit|larger than what GitHub shows/)
    }
  )

  test('loses logs before it loses rows, and rows that passed before rows that failed', () => {
    const size = (limit: number) => renderSummary(huge, limit)
    const full = Buffer.byteLength(renderSummary(huge, Infinity))
    const withoutSomeLog = size(full - 1)
    expect(withoutSomeLog).toContain('lines of each log')
    expect(withoutSomeLog.match(/\n\| ✅/g)).toHaveLength(30)
    const folded = size(SUMMARY_LIMIT)
    expect(folded).toContain('the rows of scenarios that passed')
    expect(folded.match(/\n\| ❌/g)).toHaveLength(270)
  })
})
