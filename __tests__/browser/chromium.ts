import { accessSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

/** Where distributions put it; the environment variable CHROMIUM is for everybody else. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A page of a report, with everything that it did beside showing itself. */
export interface Opened {
  readonly page: Page
  /** Messages on the console, uncaught errors, dialogs, other pages, downloads, requests for anything but the page. */
  readonly complaints: string[]
}

/** Headless Chromium, and reports as files on a disk. */
export class Reports {
  readonly #browser: Browser
  readonly #directory: string

  private constructor(browser: Browser, directory: string) {
    this.#browser = browser
    this.#directory = directory
  }

  /** @throws when there is no Chromium: the tests must not pass without one */
  static async start(): Promise<Reports> {
    const args = [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP report.test 127.0.0.1']
    ]
    const browser = await chromium.launch({ executablePath: executable(), headless: true, args })
    return new Reports(browser, await mkdtemp(join(tmpdir(), 'report-html-')))
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await rm(this.#directory, { recursive: true })
  }

  /** Stores a report, and gives its address. */
  async store(name: string, html: string): Promise<string> {
    const file = join(this.#directory, `${name}.html`)
    await writeFile(file, html)
    return pathToFileURL(file).href
  }

  /** Opens an address in a browser that knows nothing of earlier ones. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Opened> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const complaints: string[] = []
    const [address] = url.split('#')
    const isOwn = (asked: string): boolean => asked.split('#')[0] === address || asked.startsWith('data:')
    page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    context.on('page', (other) => complaints.push(`page: ${other.url()}`))
    page.on('download', (download) => complaints.push(`download: ${download.url()}`))
    page.on('framenavigated', (frame) => {
      if (frame.url().split('#')[0] !== address) complaints.push(`navigation: ${frame.url()}`)
    })
    page.on('request', (request) => {
      if (!isOwn(request.url())) complaints.push(`request: ${request.url()}`)
    })
    // Whatever else is asked for gets no answer, so that nothing of it could go on.
    await context.route(
      (asked) => !isOwn(asked.href),
      (route) => route.abort()
    )
    await page.goto(url)
    return { page, complaints }
  }
}

function executable(): string {
  const places = process.env.CHROMIUM === undefined ? PLACES : [process.env.CHROMIUM]
  const found = places.find((place) => {
    try {
      accessSync(place)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined)
    throw new Error(`no Chromium at ${places.join(', ')}: run script/setup, or say in CHROMIUM where it is`)
  return found
}
