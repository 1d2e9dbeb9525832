import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { catalogue } from '../../src/faults/catalogue.js'
import { makeReport } from '../../src/report/report.js'
import { runAction } from '../action/runner.js'
import { rich } from '../fixtures/report/rich.js'
import { Reports } from './chromium.js'

/** The page runs what functions of ours look like in the bundle, where they are compressed. */

let reports: Reports
let directory = ''
let url = ''
beforeAll(async () => {
  reports = await Reports.start()
  directory = await mkdtemp(join(tmpdir(), 'bundled-'))
  await mkdir(join(directory, 'reports'))
  const report = makeReport(rich, { faults: catalogue })
  await writeFile(join(directory, 'reports/report.json'), JSON.stringify(report))
  const out = join(directory, 'out')
  await runAction(
    { mode: 'merge', 'merge-from': join(directory, 'reports'), 'report-dir': out, comment: 'never' },
    { workspace: directory }
  )
  url = await reports.store('bundled', await readFile(join(out, 'report.html'), 'utf8'))
})
afterAll(async () => {
  await reports.stop()
  await rm(directory, { recursive: true })
})

test('the page that the bundle writes works as a whole, and complains of nothing', async () => {
  const { page, complaints } = await reports.open(url, { permissions: ['clipboard-read', 'clipboard-write'] })
  const found = page.locator('#found')
  expect(await found.innerText()).toBe('14 of 14 scenarios')

  await page.keyboard.press('/')
  await page.keyboard.type('retry 4099')
  expect(await page.locator('.scenario:visible').count()).toBe(1)
  await page.keyboard.press('Enter')
  expect(await found.innerText()).toBe('Match 1 of 1')
  await page.keyboard.press('Escape')
  await page.check('input[value=inconclusive]')
  expect(await found.innerText()).toBe('1 of 14 scenarios')
  await page.locator('#filters .clear').click()

  await page.click('#open-all')
  expect(await page.locator('.scenario > details[open]').count()).toBe(14)
  await page.locator('.copy').first().click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('cache-crash-test \\\n')

  await page.click('#theme-button')
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toMatch(/^(?:light|dark)$/)
  await page.locator('#help-button').click()
  expect(await page.locator('#help').isVisible()).toBe(true)
  expect(complaints).toEqual([])
})
