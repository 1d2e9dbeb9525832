import type { Failure, Frame } from './failure.js'

/** What a line is to a stack trace of frames that begin with `at`. */
export type StackLine =
  | { readonly kind: 'frame'; readonly frame: Frame; readonly indent: number }
  /** The frames that follow are those of the cause. */
  | { readonly kind: 'cause' }
  /** Belongs to the stack without being a frame: `... 3 more`. */
  | { readonly kind: 'part' }
  | { readonly kind: 'other' }

/** One failure as it was printed. */
export interface Stacks {
  /** An exception's, then its cause's, then the cause's cause's. */
  readonly stacks: { readonly frame: Frame; readonly indent: number }[][]
  /** Columns before its first frame. */
  readonly indent: number
  readonly first: number
  last: number
}

/** Lines that may stand between a stack and its cause: properties of an error, a message. */
const LONGEST_GAP = 40

/**
 * Reads stack traces of the kind that V8 and Java print.
 * @param classify takes a line and the columns before the first frame of the failure that it may belong to
 */
export function readStacks(
  lines: readonly string[],
  classify: (text: string, indent: number | undefined) => StackLine
): Stacks[] {
  const found: Stacks[] = []
  let open: Stacks | undefined
  // Of a line that is no frame: whether the next frame still belongs to the same stack.
  let place: 'in-stack' | 'below-cause' | 'outside' = 'outside'
  for (const [at, text] of lines.entries()) {
    if (open !== undefined && at - open.last > LONGEST_GAP) open = undefined
    const line = classify(text, open?.indent)
    switch (line.kind) {
      case 'frame':
        if (open === undefined || place === 'outside') {
          open = { stacks: [[]], indent: line.indent, first: Math.max(0, at - 1), last: at }
          found.push(open)
        }
        open.stacks.at(-1)?.push(line)
        place = 'in-stack'
        break
      case 'cause':
        open?.stacks.push([])
        place = open === undefined ? 'outside' : 'below-cause'
        break
      case 'part':
        break
      case 'other':
        if (place === 'in-stack') place = 'outside'
    }
    if (open !== undefined && line.kind !== 'other') open.last = at
  }
  return found
}

/** The root cause's frames first. */
export function fromRootCause({ stacks }: Stacks): { readonly frame: Frame; readonly indent: number }[] {
  return stacks.toReversed().flat()
}

/** The failures of one language in the order of the log. */
export function byPosition(failures: readonly Failure[]): Failure[] {
  return failures.toSorted((a, b) => a.last - b.last)
}
