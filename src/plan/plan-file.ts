import { z } from 'zod'
import { MOST_JOBS } from '../matrix.js'
import { planSeconds, trialSeconds } from './estimate.js'
import type { Pace } from './pace.js'
import type { Plan, PlannedPart, Scenario } from '../model.js'

/**
 * A plan as one job hands it to others. Binding for a job that takes it are the ids and who runs them; the rest is for
 * readers, since every job corrupts what its own control left.
 */

const text = z.string().max(4_096)
const seconds = z.number().nonnegative()

export const planFileSchema = z
  .object({
    schemaVersion: z.literal(1),
    tool: z.object({ name: z.literal('cache-crash-test'), version: text }),
    image: z.object({ reference: text, id: text }),
    controlSeconds: seconds.describe('Time to ready of the control.'),
    estimatedSeconds: seconds.describe('Of all trials together, in one job.'),
    shards: z
      .array(z.object({ shard: z.int().min(1).max(MOST_JOBS), estimatedSeconds: seconds }))
      .min(1)
      .max(MOST_JOBS)
      .describe('The parts, counted from 1.'),
    scenarios: z
      .array(
        z.object({
          id: text.describe('`fault@path/mode`.'),
          shard: z.int().min(1).max(MOST_JOBS).describe('The part that runs it.'),
          planted: text,
          expectation: text,
          estimatedSeconds: seconds
        })
      )
      .max(20_000)
      .describe('In the order in which they run.'),
    omissions: z.array(z.object({ fault: text, path: text, reason: text })).max(100_000)
  })
  .describe('Plan of one run of Cache Crash Test.')

/** What `plan.json` holds. */
export type PlanFile = z.infer<typeof planFileSchema>

/** What a plan is written down with, beside itself. */
export interface PlanOrigin {
  readonly version: string
  readonly image: PlanFile['image']
  readonly pace: Pace
  /** How many parts were asked for; undefined chooses by the estimate. */
  readonly shards: number | undefined
  /** Makes text of others fit to be shown: no secrets, nothing that acts on a terminal. */
  readonly clean: (text: string) => string
}

/** Trials of a shard take about this long: less would not be worth a build and a control of its own. */
const SHARD_SECONDS = 300

/**
 * Writes a plan down, parted into shards of about equal duration. Without a number given there are as many as it takes for
 * each to have about five minutes of trials.
 */
export function planFile({ scenarios, omissions }: Plan, origin: PlanOrigin): PlanFile {
  const { version, image, pace, clean } = origin
  const total = planSeconds(scenarios, pace)
  const wanted = origin.shards ?? Math.min(MOST_JOBS, Math.ceil(total / SHARD_SECONDS))
  const parts = balanced(scenarios, Math.max(1, Math.min(wanted, scenarios.length)), pace)
  const shardOf = new Map(parts.flatMap((part, index) => part.map(({ id }) => [id, index + 1] as const)))
  return {
    schemaVersion: 1,
    tool: { name: 'cache-crash-test', version },
    image: { reference: clean(image.reference), id: image.id },
    controlSeconds: rounded(pace.ready),
    estimatedSeconds: rounded(total),
    shards: parts.map((part, index) => ({
      shard: index + 1,
      estimatedSeconds: rounded(planSeconds(part, pace))
    })),
    scenarios: scenarios.map((scenario) => ({
      id: scenario.id,
      shard: shardOf.get(scenario.id) ?? 1,
      planted: clean(scenario.plant.summary),
      expectation: scenario.expectation,
      estimatedSeconds: rounded(trialSeconds(scenario, pace))
    })),
    omissions: omissions.map(({ fault, path, reason }) => ({
      fault,
      path: clean(path),
      reason: clean(reason)
    }))
  }
}

/**
 * Parts scenarios among shards: each one, the longest first, goes to the shard that has least to do so far (Graham 1969: at
 * most a third longer than the best way there is). Every shard keeps the order of the plan.
 */
function balanced(scenarios: readonly Scenario[], count: number, pace: Pace): Scenario[][] {
  const loads = Array.from({ length: count }, () => 0)
  const home = new Map<Scenario, number>()
  const bySeconds = scenarios
    .map((scenario) => ({ scenario, seconds: trialSeconds(scenario, pace) }))
    .sort((a, b) => b.seconds - a.seconds)
  for (const { scenario, seconds: long } of bySeconds) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] = (loads[least] ?? 0) + long
    home.set(scenario, least)
  }
  return loads.map((_, index) => scenarios.filter((scenario) => home.get(scenario) === index))
}

/** The job matrix that runs a plan: `{"shard":["1/4","2/4",…]}`, for `strategy.matrix`. */
export function matrixOf({ shards }: PlanFile): { readonly shard: readonly string[] } {
  return { shard: shards.map(({ shard }) => `${shard}/${shards.length}`) }
}

/** What a file says that should hold a plan: its parts, or what is wrong with it. */
export function readPlan(
  content: string
):
  | { readonly kind: 'plan'; readonly part: PlannedPart }
  | { readonly kind: 'problem'; readonly complaint: string } {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    return { kind: 'problem', complaint: 'is not JSON' }
  }
  const parsed = planFileSchema.safeParse(value)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    const where = first === undefined || first.path.length === 0 ? '' : ` (${first.path.join('.')})`
    return { kind: 'problem', complaint: `is not a plan of this version${where}` }
  }
  const { shards, scenarios } = parsed.data
  const ids = scenarios.map(({ id }) => id)
  if (new Set(ids).size < ids.length) return { kind: 'problem', complaint: 'has a scenario twice' }
  if (shards.some(({ shard }, index) => shard !== index + 1))
    return { kind: 'problem', complaint: 'does not count its shards from 1' }
  if (scenarios.some(({ shard }) => shard > shards.length))
    return { kind: 'problem', complaint: 'gives a scenario to a shard that it does not have' }
  return {
    kind: 'plan',
    part: { shards: shards.length, scenarios: scenarios.map(({ id, shard }) => ({ id, shard })) }
  }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
