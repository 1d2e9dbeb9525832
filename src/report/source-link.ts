import { code } from './markdown.js'
import type { Report, ReportLocation } from './schema.js'
import { cut } from './untrusted.js'

/** A page of a run on GitHub, with the repository's. */
export const SAFE_RUN_URL = /^(https?:\/\/[\w.:-]+\/[\w.-]+\/[\w.-]+)\/actions\/runs\/\d+$/

/** The line of the repository, as a link to it at the commit that was tested. */
export function sourceLink(location: ReportLocation, { origin: { runUrl, sha } }: Report): string {
  const text = code(`${cut(location.file, 200)}:${location.line}`)
  const repository = runUrl === null ? undefined : SAFE_RUN_URL.exec(runUrl)?.[1]
  if (repository === undefined || sha === null || !/^[0-9a-f]{40,64}$/.test(sha)) return text
  if (!isBelow(location.file)) return text
  const path = location.file.split('/').map(encoded).join('/')
  return `[${text}](${repository}/blob/${sha}/${path}#L${location.line})`
}

/** Whether it is a path that leads to nothing but what is below the repository, as a browser follows it. */
export function isBelow(file: string): boolean {
  return file.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/** With what encodeURIComponent leaves and Markdown would read. */
function encoded(part: string): string {
  const escape = (character: string): string => `%${(character.codePointAt(0) ?? 0).toString(16)}`
  return encodeURIComponent(part.replace(/\p{Cs}/gu, '\ufffd')).replace(/[!'()*_~]/g, escape)
}
