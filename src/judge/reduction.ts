import type { Plant } from '../model.js'

/** Where a search for the smallest failing set ended. */
export interface Reduced<T> {
  /** A set that failed: the last one that did, or the whole when no part of it failed. */
  readonly items: readonly T[]
  /**
   * `smallest`: without any one of the items it does not fail. `bounded`: the trials were used up before that was known.
   * `unrepeated`: not even the whole failed again.
   */
  readonly outcome: 'smallest' | 'bounded' | 'unrepeated'
}

/**
 * Looks for a smallest set that still fails, by delta debugging (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002): try the halves, then ever smaller parts, and what is left without each of them. One culprit
 * among n is found in at most 2 log₂ n trials, rounded up. Yields each set to try and is told whether it fails; the same
 * answers lead to the same questions.
 *
 * @param all a set that failed once; it is tried again only when neither of its halves fails
 * @param most trials at most
 */
export function* smallestFailing<T>(
  all: readonly T[],
  most: number
): Generator<readonly T[], Reduced<T>, boolean> {
  let items = all
  let parts = 2
  let trials = 0
  let repeated = false
  while (items.length > 1) {
    let failing: Candidate<T> | undefined
    for (const candidate of candidates(items, parts)) {
      if (trials++ === most) return { items, outcome: 'bounded' }
      if (yield candidate.items) {
        failing = candidate
        break
      }
    }
    if (failing !== undefined) {
      items = failing.items
      parts = Math.min(failing.parts, items.length)
    } else {
      if (!repeated) {
        if (trials++ === most) return { items, outcome: 'bounded' }
        if (!(yield items)) return { items, outcome: 'unrepeated' }
      }
      if (parts === items.length) break
      parts = Math.min(parts * 2, items.length)
    }
    repeated = true
  }
  return { items, outcome: 'smallest' }
}

/** A set to try, and in how many parts to look at it when it fails. */
interface Candidate<T> {
  readonly items: readonly T[]
  readonly parts: number
}

/** The parts, then what is left without each of them; of two parts each is what is left without the other. */
function candidates<T>(items: readonly T[], parts: number): Candidate<T>[] {
  const edge = (part: number): number => Math.floor((part * items.length) / parts)
  const ranges = Array.from({ length: parts }, (_, part) => [edge(part), edge(part + 1)] as const)
  const alone = ranges.map(([start, end]) => ({ items: items.slice(start, end), parts: 2 }))
  const without = ranges.map(([start, end]) => ({
    items: [...items.slice(0, start), ...items.slice(end)],
    parts: Math.max(2, parts - 1)
  }))
  return parts === 2 ? alone : [...alone, ...without]
}

/** The files that a plant writes or takes away, each of which could be planted alone. */
export function plantedFiles({ entries, remove }: Plant): string[] {
  return [...entries.map(({ path }) => path), ...(remove ?? [])]
}

/** The same plant at some of its files: the others are as the control left them. */
export function plantOnly(plant: Plant, files: readonly string[]): Plant {
  const chosen = new Set(files)
  const { entries, remove, damaged } = plant
  return {
    ...plant,
    entries: entries.filter(({ path }) => chosen.has(path)),
    ...(remove === undefined ? {} : { remove: remove.filter((path) => chosen.has(path)) }),
    ...(damaged === undefined ? {} : { damaged: damaged.filter(({ path }) => chosen.has(path)) })
  }
}
