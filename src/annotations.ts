export type AnnotationKind = 'notice' | 'warning' | 'error'

/** The line of a file that an annotation stands on. */
export interface AnnotationPlace {
  /** Relative to the top of the repository. */
  readonly file: string
  readonly line: number
  readonly title: string
}

/** Shows at most ten annotations of a kind: GitHub drops further ones of a step without a word. */
export interface Annotations {
  add(kind: AnnotationKind, text: string, place?: AnnotationPlace): void
  /** Shows one that must not be lost, after what was held back of its kind. */
  conclude(kind: AnnotationKind, text: string, place?: AnnotationPlace): void
  /** Shows what was held back: one more, or how many more there are. */
  flush(): void
}

const MOST = 10

/**
 * @param show shows an annotation
 * @param print prints to the log what is over the limit
 */
export function annotations(
  show: (kind: AnnotationKind, text: string, place?: AnnotationPlace) => void,
  print: (line: string) => void
): Annotations {
  const shown: Record<AnnotationKind, number> = { notice: 0, warning: 0, error: 0 }
  const held: Record<AnnotationKind, { text: string; place: AnnotationPlace | undefined }[]> = {
    notice: [],
    warning: [],
    error: []
  }

  const showOne = (kind: AnnotationKind, text: string, place?: AnnotationPlace): void => {
    shown[kind] += 1
    show(kind, text, place)
  }
  const release = (kind: AnnotationKind): void => {
    const [first, ...others] = held[kind].splice(0)
    if (first === undefined) return
    if (others.length === 0) showOne(kind, first.text, first.place)
    else showOne(kind, `${others.length + 1} more like these are in the job summary and the log.`)
  }
  return {
    add: (kind, text, place) => {
      // One is kept for the number of the others, one for the conclusion.
      if (shown[kind] < MOST - 2) showOne(kind, text, place)
      else {
        held[kind].push({ text, place })
        print(`${kind}: ${text}`)
      }
    },
    conclude: (kind, text, place) => {
      release(kind)
      showOne(kind, text, place)
    },
    flush: () => {
      release('notice')
      release('warning')
      release('error')
    }
  }
}
