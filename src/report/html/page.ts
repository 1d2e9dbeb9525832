import { createHash } from 'node:crypto'
import type { Report } from '../schema.js'
import { title } from '../words.js'
import { copying } from './browser/copying.js'
import { filters } from './browser/filters.js'
import { keys } from './browser/keys.js'
import { links } from './browser/links.js'
import { theme } from './browser/theme.js'
import { controlSections, environmentSection, omissionSection } from './circumstances.js'
import { legTable } from './legs.js'
import { html, Html } from './markup.js'
import { matrix } from './matrix.js'
import { masthead, overview } from './overview.js'
import { scenarioList } from './scenarios.js'
import { PAGE } from './styles/page.js'
import { PARTS } from './styles/parts.js'
import { PRINT } from './styles/print.js'
import { TOKENS } from './styles/tokens.js'
import { timelines } from './timelines.js'
import { anchors, RUN_STANDING, SIGN } from './words.js'

const STYLE = [TOKENS, PAGE, PARTS, PRINT].join('')
/** Functions that need nothing but the browser: their source is what the page runs. */
const HEAD_SCRIPT = sourceOf(theme)
const SCRIPT = [filters, links, copying, keys].map(sourceOf).join('\n')

/**
 * The report as one HTML file that needs nothing else: no network, no script to be read. Its policy lets only the style and
 * the scripts of this module run, so that even markup that got out of its place could do nothing.
 */
export function renderHtml(report: Report): string {
  const links = anchors(report.scenarios)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${SIGN[RUN_STANDING[report.verdict]]} ${title(report)} · ${report.image.reference}</title>
        <link rel="icon" href="${icon(report.verdict)}" />
        ${exactly('style', STYLE)} ${exactly('script', HEAD_SCRIPT)}
      </head>
      <body>
        ${skipLink(report)} ${masthead(report)}
        <main>
          ${overview(report, links)} ${legTable(report)} ${matrix(report, links)}
          ${scenarioList(report, links)} ${timelines(report, links)} ${controlSections(report)}
          ${omissionSection(report)} ${environmentSection(report)}
        </main>
        <footer>
          <p>
            Made by Cache Crash Test ${report.tool.version}. <code>report.json</code> beside this file has the
            same for programs.
          </p>
        </footer>
        <p id="announcement" class="unseen" role="status"></p>
        ${help()} ${exactly('script', SCRIPT)}
      </body>
    </html> `
  return page.toString()
}

/** Of ours, not a character more or less: the policy has the hash of what is between the tags. */
function exactly(name: 'style' | 'script', text: string): Html {
  return new Html(`<${name}>${text}</${name}>`)
}

function skipLink({ scenarios }: Report): Html {
  return scenarios.length > 0
    ? html`<a class="skip" href="#scenarios-title">Skip to the scenarios</a>`
    : html`<a class="skip" href="#control-title">Skip to the control</a>`
}

function sourceOf(program: () => void): string {
  return `(${program.toString()})();`
}

function policy(): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return [
    "default-src 'none'",
    `style-src ${hash(STYLE)}`,
    `script-src ${hash(HEAD_SCRIPT)} ${hash(SCRIPT)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'"
  ].join('; ')
}

function icon(verdict: Report['verdict']): string {
  const colour = { passed: '13652f', failed: 'b3201a', inconclusive: '7a4e00' }[verdict]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#${colour}"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

function help(): Html {
  const rows = [
    ['/', 'search'],
    ['j, n', 'next failure'],
    ['k, p', 'previous failure'],
    ['Enter, Shift+Enter', 'in the search: next, previous match'],
    ['Esc', 'in the search: clear'],
    ['?', 'this help']
  ] as const
  return html`<dialog id="help" aria-labelledby="help-title">
    <h2 id="help-title">Keys</h2>
    <table>
      ${rows.map(
        ([key, what]) =>
          html`<tr>
            <th scope="row"><kbd>${key}</kbd></th>
            <td>${what}</td>
          </tr>`
      )}
    </table>
    <button type="button">Close</button>
  </dialog>`
}
