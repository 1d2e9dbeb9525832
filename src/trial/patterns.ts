import vm from 'node:vm'
import { codeOf } from '../thrown.js'

/** A user's regular expression over log lines. */
export interface LinePattern {
  readonly pattern: string
  readonly flags: string
}

/** Up to so many characters of a line, what takes quadratic time is quick. */
const SHORT_LINE = 4096

/** Far above what any sane pattern needs for a batch of lines, far below a job's patience. */
const BUDGET_MS = 5000

/** A pattern that backtracks without end on some line. */
export class PatternTimeout extends Error {
  override readonly name = 'PatternTimeout'

  constructor(patterns: readonly LinePattern[], budgetMs: number) {
    const all = patterns.map(({ pattern, flags }) => `/${pattern}/${flags}`).join(', ')
    super(`matching the log against ${all} took longer than ${budgetMs / 1000} s: simplify the pattern`)
  }
}

/** Patterns that are matched, in their order, against lines. */
export class LinePatterns {
  readonly #patterns: readonly LinePattern[]
  readonly #compiled: readonly RegExp[]
  readonly #quick: boolean
  readonly #budgetMs: number

  /** @throws SyntaxError when a pattern or its flags are not valid */
  constructor(patterns: readonly LinePattern[], budgetMs = BUDGET_MS) {
    this.#patterns = patterns
    // `g` and `y` would make a match depend on the one before.
    this.#compiled = patterns.map(({ pattern, flags }) => new RegExp(pattern, flags.replace(/[gy]/g, '')))
    this.#quick = patterns.every(({ pattern }) => isQuick(pattern))
    this.#budgetMs = budgetMs
  }

  /**
   * @returns the first line that matches, and the first pattern that it matches
   * @throws PatternTimeout when a pattern takes too long
   */
  firstMatch(lines: readonly string[]): { readonly pattern: LinePattern; readonly line: string } | undefined {
    if (this.#patterns.length === 0) return undefined
    if (this.#quick && lines.every(({ length }) => length <= SHORT_LINE)) return this.#match(lines)
    return withinBudget(
      this.#budgetMs,
      () => this.#match(lines),
      () => new PatternTimeout(this.#patterns, this.#budgetMs)
    )
  }

  #match(lines: readonly string[]): { readonly pattern: LinePattern; readonly line: string } | undefined {
    for (const line of lines) {
      const pattern = this.#patterns[this.#compiled.findIndex((compiled) => compiled.test(line))]
      if (pattern) return { pattern, line }
    }
    return undefined
  }
}

/**
 * Whether a pattern is quick on every short line, by a rule that is simple and errs on the safe side: at most one quantifier, and
 * that not on a group, takes at most quadratic time.
 */
export function isQuick(pattern: string): boolean {
  const plain = pattern.replace(/\\./gs, '').replaceAll('(?', '(')
  return !/\)[*+?{]/.test(plain) && (plain.match(/[*+?{]/g) ?? []).length <= 1
}

const sandbox: { work: () => void } = { work: () => undefined }
const script = new vm.Script('work()')
let context: vm.Context | undefined

/**
 * Runs work that might not end: `vm` is the only way in Node.js to interrupt a regular expression, since V8 checks for
 * termination while it backtracks. Costs about 0.2 ms, whatever the work.
 */
function withinBudget<T>(budgetMs: number, work: () => T, timeoutError: () => Error): T | undefined {
  let result: T | undefined
  context ??= vm.createContext(sandbox)
  sandbox.work = () => {
    result = work()
  }
  try {
    script.runInContext(context, { timeout: budgetMs })
  } catch (error) {
    if (codeOf(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw timeoutError()
    throw error
  } finally {
    sandbox.work = () => undefined
  }
  return result
}
