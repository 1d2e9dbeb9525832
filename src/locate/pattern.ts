/**
 * A path pattern of a Dockerfile or a .dockerignore as a function: Go's `filepath.Match` with `**` for any number of directories,
 * which only .dockerignore has (moby/patternmatcher). A pattern that cannot be read matches nothing.
 */
export function pathPattern(pattern: string): (path: string) => boolean {
  if (!/[*?[\\]/.test(pattern)) return (path) => path === pattern
  const source = pattern.replace(TOKEN, (token: string, escaped?: string) => {
    if (escaped !== undefined) return literal(escaped)
    if (token.startsWith('**/')) return '(?:[^/]+/)*'
    if (token === '**') return '.*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    return token.length > 1 && token.startsWith('[') ? token : literal(token)
  })
  try {
    const expression = new RegExp(`^${source}$`, 'u')
    return (path) => expression.test(path)
  } catch {
    return () => false
  }
}

const TOKEN = /\\(.)|(?:\*\*\/)+|\*\*|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|[^\\*?[]+|[\\[]/gu

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

/**
 * What a .dockerignore keeps out of the context: a path is ignored with the directory that holds it, and of several rules the
 * last that matches counts.
 * @param text of the file, untrusted
 */
export function ignoredBy(text: string): (path: string) => boolean {
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
    return rules.findLast(({ matches }) => withParents.some(matches))?.keeps === false
  }
}
