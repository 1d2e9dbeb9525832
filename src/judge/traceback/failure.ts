import type { Language } from '../../model.js'

/** A place in a source file, as a log names it: untrusted. */
export interface Frame {
  readonly language: Language
  /**
   * As printed: absolute in the container, or relative to a directory that the log does not name (Java prints package and
   * file, Go with `-trimpath` module and file).
   */
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly function: string | undefined
}

/** One failure that a log shows, with everything that was printed of its causes. */
export interface Failure {
  readonly language: Language
  /** Where to look first comes first: innermost frames of the root cause, then outwards. */
  readonly frames: readonly Frame[]
  /** Index of its first and of its last line. */
  readonly first: number
  readonly last: number
  /** Only tells that a child of a script died; what the child itself says of it is better. */
  readonly ofChild?: true
}

/** A number as a log prints it; undefined for what no file has. */
export function lineNumber(digits: string | undefined): number | undefined {
  const line = Number(digits)
  return Number.isSafeInteger(line) && line > 0 ? line : undefined
}
