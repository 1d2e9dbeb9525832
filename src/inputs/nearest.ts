/**
 * Finds what a mistyped word was probably meant to be.
 *
 * @returns the candidate with the fewest edits, or one that contains the word; undefined when none is near
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase()
  if (lower.length < 3) return undefined
  const allowed = Math.min(3, Math.max(1, Math.floor(lower.length / 3)))
  let best: string | undefined
  let fewest = allowed + 1
  for (const candidate of candidates) {
    const edits = editDistance(lower, candidate.toLowerCase())
    if (edits < fewest) {
      best = candidate
      fewest = edits
    }
  }
  if (best !== undefined || lower.length < 4) return best
  return candidates.find((candidate) => candidate.includes(lower))
}

/** @returns ` (did you mean "X"?)`, or nothing where no candidate is near */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates)
  return candidate === undefined ? '' : ` (did you mean "${candidate}"?)`
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1)
      let edits = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced)
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (row > 1 && column > 1 && swapped) edits = Math.min(edits, at(beforeLast, column - 2) + 1)
      current.push(edits)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
