import type { Report, ReportLocation } from '../schema.js'
import { isBelow, SAFE_RUN_URL } from '../source-link.js'
import { visible } from '../untrusted.js'
import { place } from '../words.js'
import { html, type Html } from './markup.js'

/** The proven line of the repository: a link to it where the run tells on which server it is, and the line itself. */
export function sourceLine(location: ReportLocation, origin: Report['origin']): Html {
  const url = urlOf(location, origin)
  const words = html`<code>${place(location)}</code>`
  return html`${url === undefined ? words : html`<a href="${url}" rel="noreferrer">${words}</a>`}
    <pre class="source">${location.source}</pre>`
}

/** The page of a run, if it is one of GitHub's or of a server of the same kind. */
export function runUrl({ runUrl: url }: Report['origin']): string | undefined {
  return url !== null && SAFE_RUN_URL.test(url) ? url : undefined
}

function urlOf({ file, line }: ReportLocation, origin: Report['origin']): string | undefined {
  const server = SAFE_RUN_URL.exec(origin.runUrl ?? '')?.[1]
  if (server === undefined || origin.sha === null || !/^[0-9a-f]+$/i.test(origin.sha)) return undefined
  // What is not shown as it is has no address either.
  if (visible(file) !== file || !isBelow(file)) return undefined
  return `${server}/blob/${origin.sha}/${file.split('/').map(encodeURIComponent).join('/')}#L${line}`
}
