import { StringDecoder } from 'node:string_decoder'

/** Turns a stream of output into lines; a character or a CRLF that a chunk cuts in two stays whole. */
export interface LineSplitter {
  readonly write: (chunk: Buffer | string) => void
  /** Hands on what stands after the last line end. */
  readonly end: () => void
}

/** A line that is longer is handed on in pieces, so that memory stays bounded. */
const LONGEST = 65_536

/** @param onLine receives each line without its end; LF, CRLF and CR all end a line, as they do for the runner */
export function lineSplitter(onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string): void => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
    while (rest.length > LONGEST) {
      onLine(rest.slice(0, LONGEST))
      rest = rest.slice(LONGEST)
    }
  }
  return {
    write: (chunk) => {
      take(typeof chunk === 'string' ? chunk : decoder.write(chunk))
    },
    end: () => {
      take(decoder.end())
      if (rest !== '') onLine(rest.replace(/\r$/, ''))
      rest = ''
    }
  }
}
