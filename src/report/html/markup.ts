import { visibleLines } from '../untrusted.js'

/** A piece of HTML in which everything that others wrote is text: `html` makes it, or nothing of others is in it. */
export class Html {
  readonly #markup: string

  constructor(markup: string) {
    this.#markup = markup
  }

  toString(): string {
    return this.#markup
  }
}

/** What may stand in a template: text, which is escaped, and HTML, which is not; `null` is nothing. */
export type Content = Html | string | number | null | readonly Content[]

/**
 * HTML from a template. Every value is escaped for text and for an attribute in double quotes; nowhere else may one stand.
 * Characters that act invisibly on a reader (bidi overrides, controls) are shown by name.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(
    strings.reduce((markup, part, index) => markup + rendered(values[index - 1] ?? null) + part)
  )
}

function rendered(content: Content): string {
  if (content === null) return ''
  if (content instanceof Html) return content.toString()
  if (typeof content === 'number') return String(content)
  if (typeof content === 'string') return escaped(content)
  return content.map(rendered).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

function escaped(text: string): string {
  return visibleLines(text)
    .join('\n')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
