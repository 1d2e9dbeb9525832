import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import axe from 'axe-core'
import { catalogue } from '../../src/faults/catalogue.js'
import { renderHtml } from '../../src/report/html/page.js'
import { makeReport } from '../../src/report/report.js'
import { boot, log, record, result } from '../fixtures/report/record.js'
import { rich } from '../fixtures/report/rich.js'
import { Reports } from './chromium.js'

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

let reports: Reports
beforeAll(async () => {
  reports = await Reports.start()
})
afterAll(() => reports.stop())

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s colours', (colorScheme) => {
  test.each([
    ['of a run with every verdict', rich],
    ['of a run that passed', passed],
    ['of a run whose control failed', failedControl]
  ])('%s, folded and unfolded', async (_, run) => {
    const url = await reports.store('axe', renderHtml(makeReport(run, { faults: catalogue })))
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
