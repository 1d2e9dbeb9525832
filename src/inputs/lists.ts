/**
 * Splits a list input: one item a line, surrounding blanks removed, empty lines and lines that start with `#` left out.
 * (docker/build-push-action leaves empty lines out too, but has no comments: people write them into YAML block scalars
 * and then wonder. A pattern that starts with `#` can be written as `/#…/`.)
 */
export function parseLines(value: string): string[] {
  return value
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** An item of a list that may span lines, with the line where it starts, counted from 1. */
export interface ListItem {
  readonly text: string
  readonly line: number
}

/**
 * The same for items that may span lines, as docker/build-push-action takes secrets: an item that starts with a double
 * quote goes on to the closing one at the end of a line; a quote inside is doubled.
 *
 * @returns the items, and the line of a quote that is never closed
 */
export function parseQuotedLines(value: string): {
  readonly items: readonly ListItem[]
  readonly unclosedAt?: number
} {
  const items: ListItem[] = []
  let open: { readonly line: number; readonly parts: string[] } | undefined
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    const trimmed = line.trim()
    if (open === undefined && (trimmed === '' || trimmed.startsWith('#'))) continue
    if (open === undefined && !trimmed.startsWith('"')) {
      items.push({ text: trimmed, line: index + 1 })
      continue
    }
    const part = open === undefined ? line.trimStart().slice(1) : line
    open ??= { line: index + 1, parts: [] }
    const closed = /^((?:[^"]|"")*)"\s*$/.exec(part)
    open.parts.push(closed?.[1] ?? part)
    if (closed !== null) {
      items.push({ text: open.parts.join('\n').replaceAll('""', '"'), line: open.line })
      open = undefined
    }
  }
  return open === undefined ? { items } : { items, unclosedAt: open.line }
}
