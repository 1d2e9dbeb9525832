/** A step of a pattern, by which it is matched from left to right. */
type Step =
  /** One character. */
  | { readonly kind: 'one'; readonly matches: (character: string) => boolean }
  /** Any number of characters: `*` within a name, `**` over directories, too. */
  | { readonly kind: 'any'; readonly matches: (character: string) => boolean }
  /** Any number of whole directories, each with its slash. */
  | { readonly kind: 'directories' }
  /** Within one of those directories: back to them behind the slash. */
  | { readonly kind: 'directory' }

/** Linux has no longer paths. */
const LONGEST_PATTERN = 4096

/**
 * A path pattern of a Dockerfile or a .dockerignore as a function: Go's `filepath.Match` with `**` for any number of directories,
 * which only .dockerignore has (moby/patternmatcher). A pattern that cannot be read matches nothing. It takes no more time than
 * the product of both lengths, whatever a stranger wrote: a regular expression with several stars would.
 */
export function pathPattern(pattern: string): (path: string) => boolean {
  if (pattern.length > LONGEST_PATTERN) return () => false
  if (!/[*?[\\]/.test(pattern)) return (path) => path === pattern
  const steps = stepsOf(pattern)
  return steps === undefined ? () => false : (path) => isMatch(steps, path)
}

const TOKEN = /\\(.)|(?:\*\*\/)+|\*\*|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|[^\\*?[]+|[\\[]/gu

function stepsOf(pattern: string): Step[] | undefined {
  try {
    return [...pattern.matchAll(TOKEN)].flatMap(([token, escaped]): Step[] => {
      if (escaped !== undefined) return literal(escaped)
      if (token.startsWith('**/')) return [{ kind: 'directories' }, { kind: 'directory' }]
      if (token === '**') return [{ kind: 'any', matches: () => true }]
      if (token === '*') return [{ kind: 'any', matches: isNoSlash }]
      if (token === '?') return [{ kind: 'one', matches: isNoSlash }]
      if (token.length === 1 || !token.startsWith('[')) return literal(token)
      const expression = new RegExp(`^${token}$`, 'u')
      return [{ kind: 'one', matches: (character) => expression.test(character) }]
    })
  } catch {
    return undefined
  }
}

function literal(text: string): Step[] {
  return Array.from(text).map((one) => ({ kind: 'one', matches: (character) => character === one }))
}

function isNoSlash(character: string): boolean {
  return character !== '/'
}

/** Keeps all places in the pattern that what was read so far may have led to. */
function isMatch(steps: readonly Step[], path: string): boolean {
  let places = withSkipped(steps, [0])
  for (const character of path) {
    const next = [...places].flatMap((at) => {
      const step = steps[at]
      switch (step?.kind) {
        case undefined:
          return []
        case 'one':
          return step.matches(character) ? [at + 1] : []
        case 'any':
          return step.matches(character) ? [at] : []
        case 'directories':
          return isNoSlash(character) ? [at + 1] : []
        case 'directory':
          return [isNoSlash(character) ? at : at - 1]
      }
    })
    if (next.length === 0) return false
    places = withSkipped(steps, next)
  }
  return places.has(steps.length)
}

/** The places, and those that are reached without a character. */
function withSkipped(steps: readonly Step[], places: readonly number[]): Set<number> {
  const all = new Set<number>()
  for (const place of places) {
    let at = place
    while (!all.has(at)) {
      all.add(at)
      const kind = steps[at]?.kind
      if (kind === 'any') at += 1
      else if (kind === 'directories') at += 2
    }
  }
  return all
}

/**
 * What a .dockerignore keeps out of the context: a path is ignored with the directory that holds it, and of several rules the
 * last that matches counts.
 * @param text of the file, untrusted
 * @param spend called for each rule and path; it throws when that took too long
 */
export function ignoredBy(text: string, spend: () => void = () => undefined): (path: string) => boolean {
  const rules = text.split(/\r?\n/).flatMap((line) => {
    const rule = line.trim()
    if (rule === '' || line.startsWith('#')) return []
    const keeps = rule.startsWith('!')
    const pattern = rule
      .slice(keeps ? 1 : 0)
      .trim()
      .replace(/^(?:\.?\/)+/, '')
      .replace(/\/+$/, '')
    return pattern === '' ? [] : [{ keeps, matches: pathPattern(pattern) }]
  })
  return (path) => {
    const withParents = path.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'))
    const isMeant = ({ matches }: (typeof rules)[number]): boolean =>
      withParents.some((parent) => {
        spend()
        return matches(parent)
      })
    return rules.findLast(isMeant)?.keeps === false
  }
}
