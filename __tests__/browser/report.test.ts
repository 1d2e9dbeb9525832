import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { catalogue } from '../../src/faults/catalogue.js'
import { renderHtml } from '../../src/report/html/page.js'
import { makeReport } from '../../src/report/report.js'
import { rich } from '../fixtures/report/rich.js'
import { Reports } from './chromium.js'

const html = renderHtml(makeReport(rich, { faults: catalogue }))
const CRASHED = 'dangling-symlink@/root/.cache/restart'
const TIMED_OUT = 'symlink-loop@/root/.cache/restart'

let reports: Reports
let url = ''
beforeAll(async () => {
  reports = await Reports.start()
  url = await reports.store('rich', html)
})
afterAll(() => reports.stop())

const section = (page: Page, id: string): Locator => page.locator(`[id="${id}"]`)
const isOpen = (page: Page, id: string): Promise<boolean> =>
  section(page, id)
    .locator('> details')
    .evaluate((details) => details.hasAttribute('open'))
const shownIds = (page: Page): Promise<string[]> =>
  page.locator('.scenario:visible').evaluateAll((all) => all.map(({ id }) => id))
const status = (page: Page): Promise<string> => page.locator('#found').innerText()
const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => document.activeElement?.id)

describe('the page', () => {
  test('asks for nothing and complains of nothing', async () => {
    const { page, complaints } = await reports.open(url)
    await page.waitForLoadState('networkidle')
    expect(complaints).toEqual([])
    expect(await page.title()).toBe('✕ Start-up failed 8 of 14 scenarios · gpu-worker:dev')
  })

  test('can be read without a script', async () => {
    const { page } = await reports.open(url, { javaScriptEnabled: false })
    expect(await page.locator('#filters').isVisible()).toBe(false)
    const passed = section(page, 'file-for-directory@/workspace/models/recreate')
    await passed.locator('summary').first().click()
    expect(await passed.innerText()).toContain('Start-up works around it; the fault is still in place.')
    await passed.getByText('Log of the boot').click()
    expect(await passed.innerText()).toContain('listening on :8000')
  })

  test.each([
    [1280, 900],
    [390, 844]
  ])('never scrolls sideways at %i × %i', async (width, height) => {
    const { page } = await reports.open(url, { viewport: { width, height } })
    await page.click('#open-all')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  })
})

describe('filters', () => {
  test('narrow by verdict, reason and path, say how many are left, and can be cleared', async () => {
    const { page } = await reports.open(url)
    expect(await status(page)).toBe('14 of 14 scenarios')
    await page.check('input[value=inconclusive]')
    await page.check('input[value=refused]')
    expect(await status(page)).toBe('2 of 14 scenarios')
    await page.uncheck('input[value=inconclusive]')
    await page.uncheck('input[value=refused]')
    await page.selectOption('select[name=reason]', 'crashed')
    expect(await shownIds(page)).toEqual([CRASHED])
    await page.selectOption('select[name=path]', '/workspace/models')
    expect(await status(page)).toBe('0 of 14 scenarios')
    await page.locator('#nothing-found').getByRole('button').click()
    expect(await shownIds(page)).toHaveLength(14)
  })

  test('search ids, details and logs; Enter opens the log of the next match', async () => {
    const { page } = await reports.open(url)
    await page.fill('#search', 'RETRY 4099')
    expect(await shownIds(page)).toEqual([TIMED_OUT])
    expect(await isOpen(page, TIMED_OUT)).toBe(false)
    await page.press('#search', 'Enter')
    expect(await status(page)).toBe('Match 1 of 1')
    expect(await page.getByText('retry 4099').isVisible()).toBe(true)
    expect(await page.evaluate(() => [...CSS.highlights.keys()])).toEqual(['found', 'current'])
    await page.press('#search', 'Escape')
    expect(await shownIds(page)).toHaveLength(14)
  })
})

describe('links', () => {
  test('to a scenario open it, also where a filter hides it', async () => {
    const { page } = await reports.open(`${url}#${TIMED_OUT}`)
    expect(await isOpen(page, TIMED_OUT)).toBe(true)
    expect(await focused(page)).toBe(TIMED_OUT)
    await page.fill('#search', 'no scenario has this')
    await page.locator('.matrix').getByTitle('failed: stale-code').click()
    const id = 'stale-bytecode@/workspace/pycache/recreate'
    expect(await isOpen(page, id)).toBe(true)
    expect(await section(page, id).isVisible()).toBe(true)
    expect(page.url()).toBe(`${url}#${id}`)
  })

  test('from a cell that was left out lead to the reason', async () => {
    const { page } = await reports.open(url)
    await page.getByTitle('mode bits do not bind a root process').click()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Mode bits do not bind')
  })
})

describe('a command', () => {
  test('is copied where the browser allows it', async () => {
    const { page } = await reports.open(url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await section(page, CRASHED).locator('.copy').first().click()
    await section(page, CRASHED).getByRole('button', { name: 'Copied' }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toMatch(/^cache-crash-test \\\n {2}--context gpu-worker \\\n[\s\S]*--boot-modes restart$/)
  })

  test('is selected where there is no clipboard, in a page that the browser does not trust', async () => {
    const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    try {
      const { page, complaints } = await reports.open(`http://report.test:${port}/`)
      await section(page, CRASHED).locator('.copy').first().click()
      await section(page, CRASHED).getByRole('button', { name: 'Selected: press Ctrl+C' }).waitFor()
      expect(await page.evaluate(() => getSelection()?.toString())).toMatch(/^cache-crash-test \\\n/)
      expect(await page.locator('#announcement').textContent()).toBe('Selected: press Ctrl+C')
      expect(complaints).toEqual([])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

describe('keys', () => {
  test('go to the search, from failure to failure, and to the help', async () => {
    const { page } = await reports.open(url)
    await page.keyboard.press('/')
    expect(await focused(page)).toBe('search')
    await page.keyboard.type('j?')
    expect(await page.inputValue('#search')).toBe('j?')
    await page.keyboard.press('Escape')
    await page.locator('#search').blur()
    const failing = await page
      .locator('.scenario.failed, .scenario.inconclusive')
      .evaluateAll((all) => all.map(({ id }) => id))
    for (const [key, id] of [
      ['j', failing[0]],
      ['n', failing[1]],
      ['k', failing[0]],
      ['p', failing.at(-1)]
    ] as const) {
      await page.keyboard.press(key)
      await page.waitForFunction((wanted) => document.activeElement?.id === wanted, id)
    }
    await page.keyboard.press('?')
    expect(await page.locator('#help').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.locator('#help').isVisible()).toBe(false)
  })

  test('Tab comes first to the link that skips to the scenarios', async () => {
    const { page } = await reports.open(url)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.id === 'scenarios-title')
    expect(await focused(page)).toBe('scenarios-title')
  })
})

describe('colours', () => {
  const ground = (page: Page): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const [WHITE, DARK] = ['rgb(255, 255, 255)', 'rgb(15, 18, 22)']

  test('follow the system until the reader chooses, and stay chosen', async () => {
    const { page } = await reports.open(url, { colorScheme: 'dark' })
    expect(await ground(page)).toBe(DARK)
    await page.click('#theme-button')
    expect(await ground(page)).toBe(WHITE)
    await page.reload()
    expect(await ground(page)).toBe(WHITE)
    await page.click('#theme-button')
    expect(await page.locator('#theme-button').innerText()).toBe('Theme: dark')
    expect(await ground(page)).toBe(DARK)
  })

  test('of a log are those of the terminal', async () => {
    const id = 'state-foreign-owner@/workspace/models/recreate'
    const { page } = await reports.open(`${url}#${id}`)
    const word = section(page, id).locator('.lines .ansi-bold.ansi-red').first()
    const colour = (locator: Locator): Promise<string> =>
      locator.evaluate((element) => getComputedStyle(element).color)
    expect(await word.innerText()).toBe('ERROR')
    expect(await colour(word)).not.toBe(await colour(section(page, id).locator('.lines').first()))
  })
})

describe('on paper', () => {
  test('are no controls and no dark ground, and what failed is open', async () => {
    const { page } = await reports.open(url, { colorScheme: 'dark' })
    const open = page.locator('.scenario.failed > details[open]')
    // What a browser dispatches when its reader prints; printing from outside does not.
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
    expect(await open.count()).toBe(8)
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
    expect(await open.count()).toBe(1)

    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    for (const control of ['#filters', '.tools', '.copy', '.permalink'])
      expect(await page.locator(control).first().isVisible()).toBe(false)
    const shown = await page.evaluate(() => [
      getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector('.lines') ?? document.body).maxHeight
    ])
    expect(shown).toEqual(['rgb(255, 255, 255)', 'none'])
  })
})
