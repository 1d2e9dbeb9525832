/** Colours of a terminal (ECMA-48 SGR), or none. */
export interface Paint {
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

/** @param colour false gives functions that return their text */
export function paint(colour: boolean): Paint {
  const sgr = (on: number, off: number) => (text: string) =>
    colour && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text
  return { red: sgr(31, 39), green: sgr(32, 39), yellow: sgr(33, 39), dim: sgr(2, 22), bold: sgr(1, 22) }
}

/** Columns that a text takes, near enough: East Asian wide characters and emoji take two, marks none. */
export function width(text: string): number {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  let columns = 0
  for (const character of text) {
    if (/\p{Mn}|\p{Me}/u.test(character)) continue
    columns += WIDE.test(character) ? 2 : 1
  }
  return columns
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u

/** As much of a text as fits into so many columns; at least one character. */
function start(text: string, columns: number): string {
  let [kept, left] = ['', columns]
  for (const character of text) {
    left -= width(character)
    if (left < 0 && kept !== '') break
    kept += character
  }
  return kept
}

/** Cuts a text to a number of columns, with an ellipsis where something is missing. */
export function fitted(text: string, columns: number): string {
  return width(text) <= columns ? text : `${start(text, columns - 1)}…`
}

/** Pads with blanks on the right. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Breaks prose at blanks into lines of at most so many columns; a longer word is broken too. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  let [line, taken] = ['', 0]
  for (const word of text.split(/ +/)) {
    const parts = pieces(word, columns)
    for (const [index, { text: part, columns: needed }] of parts.entries()) {
      if (line !== '' && (index > 0 || taken + 1 + needed > columns)) {
        lines.push(line)
        ;[line, taken] = ['', 0]
      }
      ;[line, taken] = line === '' ? [part, needed] : [`${line} ${part}`, taken + 1 + needed]
    }
  }
  return line === '' ? lines : [...lines, line]
}

/** A word in parts of at most so many columns, or of one character; read once, however long it is. */
function pieces(word: string, columns: number): { readonly text: string; readonly columns: number }[] {
  const whole = width(word)
  if (whole <= columns) return [{ text: word, columns: whole }]
  const parts = []
  let [text, taken] = ['', 0]
  for (const character of word) {
    const more = width(character)
    if (text !== '' && taken + more > columns) {
      parts.push({ text, columns: taken })
      ;[text, taken] = ['', 0]
    }
    text += character
    taken += more
  }
  return [...parts, { text, columns: taken }]
}
