import { MOST_JOBS } from '../matrix.js'
import type { ProblemList } from './problems.js'

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

type DurationUnit = keyof typeof UNIT_MS

/**
 * Parses a duration such as `500ms`, `90s`, `2m` or `1h`: a whole number and one unit.
 *
 * @param bounds both ends included, as durations
 * @returns milliseconds, or undefined after a problem
 */
export function parseDuration(
  input: string,
  value: string,
  bounds: { readonly min: string; readonly max: string },
  problems: ProblemList
): number | undefined {
  const accepted = `a duration from ${bounds.min} to ${bounds.max}, e.g. 500ms, 90s, 2m, 1h`
  const parsed = durationMs(value)
  if (parsed === undefined) {
    const complaint = /^\d+$/.test(value) ? `has no unit (did you mean "${value}s"?)` : 'is not a duration'
    problems.add(input, value, complaint, accepted)
    return undefined
  }
  if (parsed < (durationMs(bounds.min) ?? 0)) problems.add(input, value, 'is too short', accepted)
  else if (parsed > (durationMs(bounds.max) ?? 0)) problems.add(input, value, 'is too long', accepted)
  else return parsed
  return undefined
}

/** @returns milliseconds, or undefined when the text is not a whole number and one unit */
export function durationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text)
  const unit = match?.[2]
  return unit === undefined || !isUnit(unit) ? undefined : Number(match?.[1]) * UNIT_MS[unit]
}

function isUnit(text: string): text is DurationUnit {
  return Object.hasOwn(UNIT_MS, text)
}

/**
 * Parses a boolean exactly as GitHub's own actions do: the spellings of YAML 1.2's core schema
 * (https://yaml.org/spec/1.2/spec.html#id2804923), which `getBooleanInput` of @actions/core takes.
 *
 * @returns undefined after a problem
 */
export function parseBoolean(input: string, value: string, problems: ProblemList): boolean | undefined {
  if (['true', 'True', 'TRUE'].includes(value)) return true
  if (['false', 'False', 'FALSE'].includes(value)) return false
  problems.add(input, value, 'is not a boolean', 'true, false')
  return undefined
}

/** @returns a whole number within the bounds (both included), or undefined after a problem */
export function parseWholeNumber(
  input: string,
  value: string,
  bounds: { readonly min: number; readonly max: number },
  problems: ProblemList
): number | undefined {
  const parsed = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
  if (parsed >= bounds.min && parsed <= bounds.max) return parsed
  const complaint = Number.isNaN(parsed) ? 'is not a whole number' : 'is out of range'
  problems.add(input, value, complaint, `a whole number from ${bounds.min} to ${bounds.max}`)
  return undefined
}

/** @returns the part of the plan to run, counted from 1, or undefined after a problem */
export function parseShard(
  value: string,
  problems: ProblemList
): { readonly index: number; readonly total: number } | undefined {
  const accepted = `I/N with I from 1 to N and N up to ${MOST_JOBS}, e.g. 2/4`
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(value)
  const [index, total] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null) problems.add('shard', value, 'is not a shard', accepted)
  else if (total > MOST_JOBS) problems.add('shard', value, 'has too many parts', accepted)
  else if (index < 1 || index > total) problems.add('shard', value, 'is not a part of the plan', accepted)
  else return { index, total }
  return undefined
}

const LONGEST_SEED = 200

/** @returns the seed, any printable text, or undefined after a problem */
export function parseSeed(value: string, problems: ProblemList): string | undefined {
  if (value.length <= LONGEST_SEED && !/\p{Cc}/u.test(value)) return value
  problems.add('seed', value, 'is not a seed', `one line of up to ${LONGEST_SEED} characters`)
  return undefined
}
