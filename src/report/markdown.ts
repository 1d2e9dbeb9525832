import { oneLine, visible, visibleLines } from './untrusted.js'

/**
 * Untrusted text as GitHub-flavoured Markdown. Special characters become numeric entities rather than backslash
 * escapes: entities cannot be structure (CommonMark 0.31 §2.5), and they mean the same in a paragraph, in a table cell and
 * in the HTML of `<summary>`.
 */

/** Breaks what GitHub would make a mention, a reference or a link of: it does so after entities are decoded. */
const GAP = '&#8203;'

/** Text for a paragraph, a table cell, a heading or HTML: shown as it is, and nothing else. */
export function markdownText(text: string): string {
  return (
    oneLine(text)
      .replace(/[\\`*[\]<>&|~$"]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, entity)
      .replace(/^(?=[-+=#]|\d+[.)](?:\s|$))/, GAP)
      .replace(/@(?=[\p{L}\p{N}_-])/gu, `@${GAP}`)
      .replace(/(?<!&)#(?=\d)/g, `#${GAP}`)
      .replace(/\bGH-(?=\d)/gi, `GH-${GAP}`)
      .replace(/:(?=\/\/)/g, `:${GAP}`)
      .replace(/(www|mailto|xmpp)(?=[.:])/gi, `$1${GAP}`)
      // What follows the text may begin with the second colon of an emoji.
      .replace(/:(?=[\w+-]+(?::|$))/g, `:${GAP}`)
  )
}

/** Text as inline code, also in table cells and in `<summary>`. */
export function code(text: string): string {
  const shown = visible(text)
  // A pipe ends a table cell even inside backticks, and its escape is ambiguous after a backslash: spell those as HTML.
  if (shown.trim() === '' || /[`|\\]|^\s|\s$/.test(shown)) return htmlCode(shown)
  return `\`${shown}\``
}

/** Text as a `<code>` element, for the places where Markdown is not read, such as `<summary>`. */
export function htmlCode(text: string): string {
  return `<code>${visible(text).replace(/[\\`*_[\]<>&|~$"':@#.]/g, entity)}</code>`
}

/** Prose of ours that may quote others: absolute paths in it are set as code, the rest is escaped. */
export function prose(text: string): string {
  return oneLine(text)
    .split(/((?<=^|[\s('"])\/[\w./@+-]*[\w/])/)
    .map((part, index) => (index % 2 === 1 ? code(part) : escapeKeepingSpace(part)))
    .join('')
}

function escapeKeepingSpace(part: string): string {
  const [lead = ''] = /^ */.exec(part) ?? []
  const [trail = ''] = part.trim() === '' ? [] : (/ *$/.exec(part) ?? [])
  return `${lead}${markdownText(part)}${trail}`
}

/** Lines in a fence that none of them can close. */
export function fence(text: string, language = 'text'): string {
  const lines = visibleLines(text)
  const longest = Math.max(0, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)))
  const mark = '`'.repeat(Math.max(3, longest + 1))
  return [`${mark}${language}`, ...lines, mark].join('\n')
}

function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`
}
