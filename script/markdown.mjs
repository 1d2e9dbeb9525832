// Photographs Markdown as GitHub shows it, near enough: script/markdown.mjs FILE.md PICTURE.png [light|dark] [WIDTH]
// To look at job summaries and comments; every <details> is open. Charts (Mermaid) are shown as their source.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import { marked } from 'marked'

const [file, picture, colorScheme = 'light', width = '1012'] = process.argv.slice(2)
const css = readFileSync(
  createRequire(import.meta.url).resolve('github-markdown-css/github-markdown.css'),
  'utf8'
)
// GitHub makes a link neither of what we defused nor of anything else here, and lets no script run.
const body = marked.parse(readFileSync(file, 'utf8'), { gfm: true }).replaceAll('<details>', '<details open>')
const page = `<!doctype html><meta charset="utf-8"><style>${css}
  body { margin: 0; padding: 24px; background: var(--bgColor-default, #fff); }
</style><body class="markdown-body">${body}`

const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]
const executablePath = places.find((place) => place !== undefined && existsSync(place))
if (executablePath === undefined) throw new Error('no Chromium: run script/setup-chromium')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const viewport = { width: Number(width), height: 600 }
  const opened = await browser.newPage({ colorScheme, viewport, javaScriptEnabled: false })
  await opened.setContent(page)
  await opened.screenshot({ path: picture, fullPage: true })
} finally {
  await browser.close()
}
