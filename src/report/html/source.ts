import type { Report, ReportLocation } from '../schema.js'
import { SAFE_RUN_URL, sourceUrl } from '../source-link.js'
import { visible } from '../untrusted.js'
import { place } from '../words.js'
import { html, type Html } from './markup.js'

/** The proven line of the repository: a link to it where the run tells on which server it is, and the line itself. */
export function sourceLine(location: ReportLocation, origin: Report['origin']): Html {
  // What is not shown as it is has no address either.
  const isShown = visible(location.file) === location.file
  const url = isShown ? sourceUrl(location, origin, encodeURIComponent) : undefined
  const words = html`<code>${place(location)}</code>`
  return html`${url === undefined ? words : html`<a href="${url}" rel="noreferrer">${words}</a>`}
    <pre class="source">${location.source}</pre>`
}

/** The page of a run, if it is one of GitHub's or of a server of the same kind. */
export function runUrl({ runUrl: url }: Report['origin']): string | undefined {
  return url !== null && SAFE_RUN_URL.test(url) ? url : undefined
}
