import type { ProblemList } from './problems.js'
import { messageOf } from '../thrown.js'

/** A regular expression in parts, as it is passed on. */
export interface Regex {
  readonly pattern: string
  readonly flags: string
}

const ACCEPTED = '/PATTERN/FLAGS with any of the flags i, m, s, u, or a bare pattern'

/**
 * Parses `/pattern/flags` or a bare pattern, and compiles it to see that it is one. The flags `g` and `y` are refused:
 * they make `test` depend on earlier calls.
 *
 * @param shown the whole item as the user wrote it, for the message
 * @returns undefined after a problem
 */
export function parseRegex(
  input: string,
  text: string,
  shown: string,
  problems: ProblemList
): Regex | undefined {
  const match = /^\/(.*)\/([A-Za-z]*)$/s.exec(text)
  const regex: Regex = { pattern: match?.[1] ?? text, flags: match?.[2] ?? '' }
  const complaint = findFault(regex)
  if (complaint === undefined) return regex
  problems.add(input, shown, complaint, ACCEPTED)
  return undefined
}

function findFault({ pattern, flags }: Regex): string | undefined {
  const unknown = /[^imsu]/.exec(flags)?.[0]
  if (unknown !== undefined) return `has the flag "${unknown}"`
  const repeated = /(.).*\1/.exec(flags)?.[1]
  if (repeated !== undefined) return `has the flag "${repeated}" twice`
  let compiled: RegExp
  try {
    compiled = new RegExp(pattern, flags)
  } catch (error) {
    const hint = /^\(\?[a-z]+\)/.test(pattern) ? '; flags go behind the closing slash' : ''
    return `is not a regular expression (${reasonOf(error)}${hint})`
  }
  return SAMPLES.every((line) => compiled.test(line)) ? 'matches every line' : undefined
}

/** Lines that have nothing in common: what matches all of them says nothing about a line. */
const SAMPLES: readonly string[] = ['', '\u0000', '{"level": "info"}', '<6>a started']

/** V8 says `Invalid regular expression: /(/: Unterminated group`: the last part is the reason. */
function reasonOf(error: unknown): string {
  const message = messageOf(error)
  return message.slice(message.lastIndexOf(': ') + 1).trim()
}
