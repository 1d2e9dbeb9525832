import { code } from './markdown.js'
import type { Report, ReportLocation } from './schema.js'
import { cut } from './untrusted.js'

/** A page of a run on GitHub, with the repository's. */
export const SAFE_RUN_URL = /^(https?:\/\/[\w.:-]+\/[\w.-]+\/[\w.-]+)\/actions\/runs\/\d+$/

/** The line of the repository, as a link to it at the commit that was tested. */
export function sourceLink(location: ReportLocation, { origin }: Report): string {
  const text = code(`${cut(location.file, 200)}:${location.line}`)
  const url = sourceUrl(location, origin, encoded)
  return url === undefined ? text : `[${text}](${url})`
}

/**
 * The address of a line of the repository.
 * @param encode makes a part of its path fit for where the address is written
 * @returns undefined where the run does not tell on which server it is, or a browser would follow the path out of the repository
 */
export function sourceUrl(
  { file, line }: ReportLocation,
  { runUrl, sha }: Report['origin'],
  encode: (part: string) => string
): string | undefined {
  const repository = SAFE_RUN_URL.exec(runUrl ?? '')?.[1]
  if (repository === undefined || sha === null || !/^[0-9a-f]{40,64}$/.test(sha)) return undefined
  const parts = file.split('/')
  if (parts.some((part) => ['', '.', '..'].includes(part))) return undefined
  return `${repository}/blob/${sha}/${parts.map(encode).join('/')}#L${line}`
}

/** With what encodeURIComponent leaves and Markdown would read. */
function encoded(part: string): string {
  const escape = (character: string): string => `%${(character.codePointAt(0) ?? 0).toString(16)}`
  return encodeURIComponent(part.replace(/\p{Cs}/gu, '\ufffd')).replace(/[!'()*_~]/g, escape)
}
