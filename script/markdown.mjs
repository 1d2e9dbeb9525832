// Photographs Markdown as GitHub shows it, near enough: script/markdown.mjs FILE.md PICTURE.png [light|dark] [WIDTH]
// To look at job summaries and comments; every <details> is open. Charts (Mermaid) are shown as their source.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { launchChromium } from './chromium.mjs'
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

const browser = await launchChromium()
try {
  const viewport = { width: Number(width), height: 600 }
  const opened = await browser.newPage({ colorScheme, viewport, javaScriptEnabled: false })
  await opened.setContent(page)
  await opened.screenshot({ path: picture, fullPage: true })
} finally {
  await browser.close()
}
