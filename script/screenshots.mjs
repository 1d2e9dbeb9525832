// Photographs an HTML report: script/screenshots.mjs REPORT.html DIRECTORY
import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launchChromium } from './chromium.mjs'

/** Of a picture in the README. */
const MOST_BYTES = 200_000

const [report, directory] = process.argv.slice(2).map((path) => resolve(path))

await mkdir(directory, { recursive: true })
const browser = await launchChromium()
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
