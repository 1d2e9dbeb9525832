import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import axe from 'axe-core'
import { catalogue } from '../../src/faults/catalogue.js'
import { renderHtml } from '../../src/report/html/page.js'
import { mergeReports } from '../../src/report/merge.js'
import { makeReport, type Report } from '../../src/report/report.js'
import { boot, log, record, result } from '../fixtures/report/record.js'
import { rich } from '../fixtures/report/rich.js'
import { Reports } from './chromium.js'
import type { RunRecord } from '../../src/model.js'

const passed = record({
  results: [result({}, { kind: 'recovered', detail: '/root/.cache is a directory again' })]
})
const failedControl = record({
  control: {
    kind: 'failed',
    stage: 'first-boot',
    blame: 'image',
    message: 'it exited 1',
    boot: boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false }, { log: log(['no database']) })
  }
})

const reportOf = (run: RunRecord): Report => makeReport(run, { faults: catalogue })
const joined = mergeReports(
  [rich, passed, failedControl].map((run, index) => ({ directory: `leg-${index}`, report: reportOf(run) })),
  { version: '0.1.0', strict: false }
)

let reports: Reports
beforeAll(async () => {
  reports = await Reports.start()
})
afterAll(() => reports.stop())

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s colours', (colorScheme) => {
  test.each([
    ['of a run with every verdict', reportOf(rich)],
    ['of a run that passed', reportOf(passed)],
    ['of a run whose control failed', reportOf(failedControl)],
    ['of legs that were joined', joined]
  ])('%s, folded and unfolded', async (_, report) => {
    const url = await reports.store('axe', renderHtml(report))
    // The page's own policy lets not even axe in.
    const { page } = await reports.open(url, { colorScheme, bypassCSP: true })
    await page.evaluate(axe.source)
    const violations = (): Promise<string[]> =>
      page.evaluate(async () => {
        const inPage = (globalThis as unknown as { axe: typeof axe }).axe
        const { violations: found } = await inPage.run(document, { resultTypes: ['violations'] })
        return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`))
      })
    expect(await violations()).toEqual([])
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
    })
    expect(await violations()).toEqual([])
  })
})
