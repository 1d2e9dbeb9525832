// Photographs an HTML report: script/screenshots.mjs REPORT.html DIRECTORY
import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

/** Of a picture in the README. */
const MOST_BYTES = 200_000

const [report, directory] = process.argv.slice(2).map((path) => resolve(path))
const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]
const executablePath = places.find((place) => place !== undefined && existsSync(place))
if (executablePath === undefined) throw new Error('no Chromium: run script/setup-chromium')

await mkdir(directory, { recursive: true })
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  for (const [name, colorScheme, part] of [
    ['report-light', 'light', undefined],
    ['report-dark', 'dark', '#scenarios']
  ]) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 770 } })
    await page.goto(pathToFileURL(report).href)
    if (part !== undefined) await page.evaluate(`document.querySelector('${part}').scrollIntoView()`)
    const path = join(directory, `${name}.png`)
    await page.screenshot({ path })
    const { size } = await stat(path)
    console.log(`${path}: ${size} bytes`)
    if (size > MOST_BYTES) throw new Error(`${path} has more than ${MOST_BYTES} bytes`)
  }
} finally {
  await browser.close()
}
