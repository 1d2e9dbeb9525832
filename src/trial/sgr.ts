import type { StyledRange, TextStyle } from '../model.js'

/**
 * ECMA-48 control sequences: CSI, OSC (ended by BEL or ST) and two-character escapes. No two neighbouring quantifiers
 * share a character, so that hostile output cannot make it backtrack.
 */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g
// eslint-disable-next-line no-control-regex
const SGR = /^\x1b\[([\d;:]*)m$/

/** Of one line; what comes beyond is shown plain. */
const MOST_RANGES = 200

/** A line without terminal escapes, and what they said of its looks. */
export interface PlainLine {
  readonly text: string
  readonly ranges: readonly Omit<StyledRange, 'line'>[]
}

/**
 * Takes terminal escapes out of lines and keeps what Select Graphic Rendition (ECMA-48 §8.3.117) says of the text. A style
 * lasts until it is reset, over the ends of lines too. Backgrounds are left out: a reader's own may make them unreadable.
 */
export class SgrReader {
  #styles: ReadonlySet<TextStyle> = new Set()

  read(line: string): PlainLine {
    if (!line.includes('\x1b') && this.#styles.size === 0) return { text: line, ranges: [] }
    const ranges: Omit<StyledRange, 'line'>[] = []
    let text = ''
    const add = (piece: string): void => {
      if (piece === '') return
      const start = text.length
      text += piece
      if (this.#styles.size > 0 && ranges.length < MOST_RANGES)
        ranges.push({ start, end: text.length, styles: [...this.#styles] })
    }
    let from = 0
    for (const { 0: escape, index } of line.matchAll(ESCAPES)) {
      add(line.slice(from, index))
      from = index + escape.length
      const parameters = SGR.exec(escape)?.[1]
      if (parameters !== undefined) this.#styles = styled(this.#styles, parameters)
    }
    add(line.slice(from))
    return { text, ranges }
  }
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const
const isColour = (style: TextStyle): boolean => COLOURS.some((colour) => colour === style)

/** The styles after one SGR sequence. */
function styled(before: ReadonlySet<TextStyle>, parameters: string): ReadonlySet<TextStyle> {
  const styles = new Set(before)
  const colour = (name: TextStyle | undefined): void => {
    for (const style of styles) if (isColour(style)) styles.delete(style)
    if (name !== undefined) styles.add(name)
  }
  const numbers = parameters.split(';').map((part) => part.split(':').map(Number))
  for (let at = 0; at < numbers.length; at++) {
    const [code = 0, ...sub] = numbers[at] ?? []
    if (code === 0) styles.clear()
    else if (code === 1) styles.add('bold')
    else if (code === 2) styles.add('faint')
    else if (code === 3) styles.add('italic')
    else if (code === 4) styles.add('underline')
    else if (code === 22) ['bold' as const, 'faint' as const].forEach((style) => styles.delete(style))
    else if (code === 23) styles.delete('italic')
    else if (code === 24) styles.delete('underline')
    else if (code === 39) colour(undefined)
    else if (code >= 30 && code <= 37) colour(COLOURS[code - 30])
    else if (code >= 90 && code <= 97) colour(COLOURS[code - 90])
    else if (code === 38 || code === 48) {
      // `38;5;N` and `38;2;R;G;B`, or the same with colons and, for R, G and B, a colour space before them.
      const colons = sub.length > 0
      const rest = colons ? sub : numbers.slice(at + 1, at + 5).map(([first = 0]) => first)
      const size = rest[0] === 5 ? 2 : rest[0] === 2 ? 4 : 0
      const values = rest[0] === 5 ? rest.slice(1, 2) : colons ? rest.slice(-3) : rest.slice(1, 4)
      if (code === 38) colour(nearest(values))
      if (!colons) at += size
    }
  }
  return styles
}

/** The one of the eight colours that comes nearest to an index of the 256 or to red, green and blue; greys are none. */
function nearest(values: readonly number[]): TextStyle | undefined {
  const [first = 0, ...others] = values
  if (others.length === 0) {
    if (first < 16) return COLOURS[first % 8]
    if (first >= 232) return undefined
    const cube = first - 16
    return ofChannels([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6])
  }
  return ofChannels(values)
}

function ofChannels(channels: readonly number[]): TextStyle | undefined {
  const [least, most] = [Math.min(...channels), Math.max(...channels)]
  if (!(most > 0) || (most - least) / most < 0.2) return undefined
  const index = channels.reduce((sum, value, bit) => sum + (value > (least + most) / 2 ? 2 ** bit : 0), 0)
  return COLOURS[index]
}
