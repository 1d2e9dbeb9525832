import type { z } from 'zod'
import { type PlanFile, planFileSchema } from '../plan/plan-file.js'
import { reportSchema, type Report } from './schema.js'

/**
 * A report without secrets, for every format to be rendered from: after rendering, a secret with a character that the
 * format escapes would not be recognised, and half of one that was cut neither. The words of ours that a reader switches on
 * stay, even where a password is the same word.
 * @param mask takes secrets out of a string
 */
export function maskedReport(report: Report, mask: (text: string) => string): Report {
  return masked(report, reportSchema, mask)
}

/** A plan without secrets, as {@link maskedReport} does it. */
export function maskedPlan(plan: PlanFile, mask: (text: string) => string): PlanFile {
  return masked(plan, planFileSchema, mask)
}

/**
 * A masked plan with the ids as they are: the jobs that take it know their scenarios by them, and what is masked in them may be
 * what an image calls a secret.
 */
export function bindingPlan(plan: PlanFile, { scenarios }: PlanFile): PlanFile {
  return {
    ...plan,
    scenarios: plan.scenarios.map((scenario, at) => ({ ...scenario, id: scenarios[at]?.id ?? scenario.id }))
  }
}

function masked<T>(value: T, schema: z.ZodType<T>, mask: (text: string) => string): T {
  const changed = everyString(value, mask)
  // Which words are ours the schema knows; one that decides what else there may be hides those that it decides about.
  for (let depth = 0; depth < DEEPEST; depth++) {
    const parsed = schema.safeParse(changed)
    if (parsed.success) return parsed.data
    for (const { path } of parsed.error.issues) restore(changed, value, path)
  }
  return schema.parse(changed)
}

/** Unions inside of one another, with one to spare. */
const DEEPEST = 3

function everyString(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => everyString(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everyString(item, change)]))
}

function restore(to: unknown, from: unknown, [key, ...rest]: readonly PropertyKey[]): void {
  if (key === undefined || !isObject(to) || !isObject(from)) return
  if (rest.length === 0) to[key] = from[key]
  else restore(to[key], from[key], rest)
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}
