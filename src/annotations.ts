export type AnnotationKind = 'notice' | 'warning' | 'error'

/** Shows at most ten annotations of a kind: GitHub drops further ones of a step without a word. */
export interface Annotations {
  add(kind: AnnotationKind, text: string): void
  /** Shows one that must not be lost, after what was held back of its kind. */
  conclude(kind: AnnotationKind, text: string): void
  /** Shows what was held back: one more, or how many more there are. */
  flush(): void
}

const MOST = 10

/**
 * @param show shows an annotation
 * @param print prints to the log what is over the limit
 */
export function annotations(
  show: (kind: AnnotationKind, text: string) => void,
  print: (line: string) => void
): Annotations {
  const shown: Record<AnnotationKind, number> = { notice: 0, warning: 0, error: 0 }
  const held: Record<AnnotationKind, string[]> = { notice: [], warning: [], error: [] }

  const showOne = (kind: AnnotationKind, text: string): void => {
    shown[kind] += 1
    show(kind, text)
  }
  const release = (kind: AnnotationKind): void => {
    const [first, ...others] = held[kind].splice(0)
    if (first === undefined) return
    showOne(
      kind,
      others.length === 0 ? first : `${others.length + 1} more like these are in the job summary and the log.`
    )
  }
  return {
    add: (kind, text) => {
      // One place is kept for the number of the others, one for the conclusion.
      if (shown[kind] < MOST - 2) showOne(kind, text)
      else {
        held[kind].push(text)
        print(`${kind}: ${text}`)
      }
    },
    conclude: (kind, text) => {
      release(kind)
      showOne(kind, text)
    },
    flush: () => {
      release('notice')
      release('warning')
      release('error')
    }
  }
}
