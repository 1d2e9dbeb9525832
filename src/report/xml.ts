/** An element to be written; what is undefined among its attributes or children is left out. */
export interface XmlElement {
  readonly name: string
  readonly attributes?: Readonly<Record<string, string | number | undefined>>
  readonly children?: readonly (XmlElement | string | undefined)[]
}

/** Writes a document (XML 1.0, UTF-8). Text may hold anything: what XML cannot hold becomes U+FFFD. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, '')}\n`
}

function element({ name, attributes = {}, children = [] }: XmlElement, indent: string): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${attribute(String(value))}"`]
  )
  const start = `${indent}<${name}${given.join('')}`
  const parts = children.filter((child) => child !== undefined)
  if (parts.length === 0) return `${start}/>`
  // Text is not indented: blanks would become a part of it.
  if (parts.some((child) => typeof child === 'string')) {
    const content = parts.map((child) => (typeof child === 'string' ? text(child) : element(child, '')))
    return `${start}>${content.join('')}</${name}>`
  }
  const content = parts.map((child) => (typeof child === 'string' ? '' : element(child, `${indent}  `)))
  return `${start}>\n${content.join('\n')}\n${indent}</${name}>`
}

/** XML 1.0 (fifth edition), production 2, Char. */
const NOT_A_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

/** `>` as well, for the sake of `]]>`; a parser makes a line feed of a plain CR (2.11). */
function text(value: string): string {
  return value.replace(NOT_A_CHARACTER, '\ufffd').replace(/[&<>\r]/g, reference)
}

/** A parser makes blanks of plain tabs and line ends in a value (3.3.3). */
function attribute(value: string): string {
  return value.replace(NOT_A_CHARACTER, '\ufffd').replace(/[&<>"\t\n\r]/g, reference)
}

function reference(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`
}
