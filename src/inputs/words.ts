import splitOnBlanks from 'string-argv'

/** The words of a command, or what is wrong with it. */
export type SplitWords =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'wrong'; readonly complaint: string }

/**
 * Splits text into words. Quotes group words, a backslash at a line's end continues the line, and nothing else is
 * special. Where a shell would do something else, the text is refused, since the user could not have meant both.
 */
export function splitWords(text: string): SplitWords {
  const joined = text.replace(/\\\r?\n/g, ' ')
  let open: string | undefined
  for (let index = 0; index < joined.length; index++) {
    const character = joined.charAt(index)
    const next = joined.charAt(index + 1)
    const wouldEscape = open === undefined ? /^["'\s]$/.test(next) : next === '"'
    if (character === '\\' && open !== "'" && wouldEscape) {
      return wrong('has a backslash before a quote or a blank, which escapes nothing here')
    }
    if (open === undefined && (character === '"' || character === "'")) open = character
    else if (character === open) open = undefined
  }
  if (open !== undefined) return wrong('has a quote that is never closed')
  return { kind: 'words', words: splitOnBlanks(joined) }
}

function wrong(complaint: string): SplitWords {
  return { kind: 'wrong', complaint }
}
