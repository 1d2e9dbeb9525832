import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { catalogue } from '../../src/faults/catalogue.js'
import { renderHtml } from '../../src/report/html/page.js'
import { makeReport } from '../../src/report/report.js'
import { hostile } from '../fixtures/report/hostile.js'
import { boot, log, observation, record, result } from '../fixtures/report/record.js'
import { Reports } from './chromium.js'

let reports: Reports
beforeAll(async () => {
  reports = await Reports.start()
})
afterAll(() => reports.stop())

/** Opens and clicks whatever there is. @returns the names of the page's globals */
async function explored(html: string): Promise<string[]> {
  const { page, complaints } = await reports.open(await reports.store('hostile', html))
  await page.click('#open-all')
  await page.evaluate(() => {
    for (const summary of document.querySelectorAll<HTMLElement>('details:not([open]) > summary'))
      summary.click()
  })
  await page.fill('#search', '<script>')
  await page.press('#search', 'Enter')
  expect(complaints).toEqual([])
  expect(page.context().pages()).toHaveLength(1)
  const live = 'img, iframe, object, embed, form form, base, meta[http-equiv=refresh], a:not([href^="#"])'
  expect(await page.locator(live).count()).toBe(0)
  expect(await page.locator('script').count()).toBe(2)
  return await page.evaluate(() => Object.getOwnPropertyNames(globalThis).sort())
}

describe('a hostile run', () => {
  test('runs nothing, asks for nothing and opens nothing, whatever is clicked', async () => {
    const few = {
      ...hostile,
      results: hostile.results.slice(0, 12),
      omissions: hostile.omissions.slice(0, 5)
    }
    const harmless = record({ results: [result({}, { kind: 'recovered', detail: 'fine' })] })
    const globals = await explored(renderHtml(makeReport(harmless)))
    expect(await explored(renderHtml(makeReport(few, { faults: catalogue })))).toEqual(globals)
  })
})

describe('300 scenarios with 50 MB of logs', () => {
  test('make a file that is bounded, says what it left out, and answers at once', async () => {
    const head = Array.from({ length: 200 }, (_, line) => `${line} head ${'x'.repeat(420)}`)
    const tail = Array.from({ length: 200 }, (_, line) => `${line} tail ${'y'.repeat(420)}`)
    expect(300 * [...head, ...tail].join('\n').length).toBeGreaterThan(50_000_000)
    const flooded = boot(
      { kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false },
      { log: log(head, { tail, omittedLines: 100_000 }) }
    )
    const results = Array.from({ length: 300 }, (_, index) =>
      result(
        { target: { path: `/data/cache-${index}` } },
        { kind: 'failed', reason: 'crashed', detail: `exited 1, number ${index}`, also: [] },
        { observation: observation({ boots: [flooded], secondBoot: undefined }) }
      )
    )
    const html = renderHtml(makeReport(record({ results }), { faults: catalogue }))
    expect(Buffer.byteLength(html)).toBeLessThan(8_000_000)

    const { page, complaints } = await reports.open(await reports.store('large', html))
    /** Milliseconds that the page works until what was asked for is laid out. */
    const took = (action: 'search' | 'open all'): Promise<number> =>
      page.evaluate((what) => {
        const began = performance.now()
        const search = document.querySelector<HTMLInputElement>('#search')
        if (what === 'search' && search !== null) {
          search.value = 'number 299'
          search.dispatchEvent(new Event('input', { bubbles: true }))
        } else document.querySelector<HTMLButtonElement>('#open-all')?.click()
        document.body.getBoundingClientRect()
        return performance.now() - began
      }, action)
    // Some 100 ms on an idle machine: the bound catches what would freeze the page, on a busy one too.
    expect(await took('search')).toBeLessThan(10_000)
    expect(await page.locator('#found').innerText()).toMatch(/^1 of 300 scenarios/)
    await page.locator('.clear').first().click()
    expect(await took('open all')).toBeLessThan(10_000)
    expect(await page.locator('.gap').first().innerText()).toMatch(/… 100,?\d{3} lines left out …/)
    expect(complaints).toEqual([])
  })
})
