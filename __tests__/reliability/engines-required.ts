/** What came of a row of the table of engines. */
export interface Row {
  readonly name: string
  /** Begins with `not run` where the way to the engine could not be set up. */
  readonly result: string
}

/**
 * Finds the rows that somebody relies on.
 * @param asked parts of their names, by commas; `all` for every one, and nothing for none
 * @returns their names, or the part that is in no name
 */
export function requiredRows(
  asked: string,
  names: readonly string[]
): { readonly required: readonly string[] } | { readonly unknown: string } {
  if (asked === 'all') return { required: names }
  const parts = asked.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  const unknown = parts.find((part) => !names.some((name) => name.includes(part)))
  if (unknown !== undefined) return { unknown }
  return { required: names.filter((name) => parts.some((part) => name.includes(part))) }
}

/** Says in one line which required rows did not run, and why; undefined when all of them did. */
export function notRun(required: readonly string[], rows: readonly Row[]): string | undefined {
  const missing = required.flatMap((name) => {
    const row = rows.find((candidate) => candidate.name === name)
    if (row === undefined) return [`${name} (not chosen)`]
    return row.result.startsWith('not run') ? [`${name} (${row.result.replace(/^not run:?\s*/, '')})`] : []
  })
  return missing.length === 0 ? undefined : `Required, and not run: ${missing.join('; ')}`
}

/** Whether something ran, and nothing came out as it must not. */
export function isGood(rows: readonly Row[]): boolean {
  return (
    rows.every(({ result }) => !result.startsWith('FAIL')) &&
    rows.some(({ result }) => !result.startsWith('not run'))
  )
}
