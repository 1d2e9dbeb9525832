import type { ReportScenario } from '../../src/report/schema.js'
import { verdicts } from '../action/runner.js'
import type { SoakEntry } from './soak-record.js'

/** What a run of the soak came to, as far as it is judged. */
export interface SoakOutcome {
  /** None where there is no report. */
  readonly scenarios: readonly Pick<ReportScenario, 'id' | 'verdict' | 'reason' | 'detail'>[]
  /** The action's output; undefined when there was none. */
  readonly verdict: string | undefined
  readonly exitCode: number | null
  /** What the run wrote. */
  readonly output: string
}

/**
 * Counts what is right and unknown of a run, and says what is wrong. What is unknown, be it a scenario or the whole run, is right
 * nowhere without its cause.
 *
 * @param expected what each scenario must come out as, as `verdicts` gives it
 * @param mayBeUnknown whether requests fail, so that not everything can be known
 */
export function judgeSoak(
  { scenarios, verdict, exitCode, output }: SoakOutcome,
  expected: Readonly<Record<string, string>>,
  mayBeUnknown: boolean
): Pick<SoakEntry, 'right' | 'inconclusive' | 'wrong'> {
  const outcomes = verdicts({ scenarios })
  const found = scenarios.map(({ id, detail }) => ({
    id,
    came: outcomes[id] ?? '',
    detail: detail.slice(0, 500)
  }))
  const unknown = found.filter(({ came }) => came === 'inconclusive')
  const right = found.filter(({ id, came }) => came === expected[id]).length
  const wrong = found.flatMap(({ id, came, detail }) => {
    if (came === expected[id]) return []
    if (came !== 'inconclusive' || !mayBeUnknown)
      return [`${id} came out as ${came}, not ${expected[id] ?? 'planned'}: ${detail}`]
    return namesCause(detail) ? [] : [`${id} is inconclusive, and does not say why: ${detail}`]
  })
  if (verdict !== undefined && (!mayBeUnknown || verdict === 'passed')) {
    const ran = new Set(found.map(({ id }) => id))
    const missing = Object.keys(expected).filter((id) => !ran.has(id))
    wrong.push(...missing.map((id) => `${id} was not run`))
  }
  if (verdict !== 'inconclusive' && (exitCode === 0) !== (verdict === 'passed'))
    wrong.push(`the exit code is ${exitCode ?? 'none'} where the verdict is ${verdict ?? 'missing'}`)
  const expectedVerdict = Object.values(expected).some((each) => each.startsWith('failed'))
    ? 'failed'
    : 'passed'
  const known =
    verdict === undefined || verdict === 'inconclusive' ? mayBeUnknown : verdict === expectedVerdict
  if (!known)
    wrong.push(`the verdict is ${verdict ?? 'missing'}, not ${expectedVerdict}: ${output.slice(-500)}`)
  else if (verdict === undefined && !errorsOf(output).some(namesCause))
    wrong.push(`there is no verdict, and no error says why: ${output.slice(-500)}`)
  else if (verdict === 'inconclusive' && unknown.length === 0)
    wrong.push('the verdict is inconclusive, and no scenario is')
  return { right, inconclusive: unknown.length, wrong }
}

/** What stands for a cause, and is none. */
const NO_CAUSE = /the engine failed|inconclusive|undefined|null|\[object Object\]|unknown|error/gi

/** Whether words say of what: more than that something failed, or where. */
export function namesCause(words: string): boolean {
  const said = words
    .replace(/\(HTTP \d+\)/g, '')
    .replace(NO_CAUSE, '')
    .trim()
  // Where the engine's words are missing, what was asked of it still stands before their colon.
  return !said.endsWith(':') && (said.match(/\p{L}{2,}/gu) ?? []).length > 1
}

/** The errors of a run's log, which a runner shows. */
function errorsOf(output: string): string[] {
  return [...output.matchAll(/^::error(?: [^:]*)?::(.*)$/gm)].map(([, words = '']) => words)
}
