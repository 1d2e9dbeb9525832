import { createHash } from 'node:crypto'
import type { Plan, PlannedPart, Scenario } from '../model.js'

/** A part of a plan, `index` counted from 1. */
export interface Shard {
  readonly index: number
  readonly total: number
}

/** What one job runs of a plan. */
export interface Share {
  /** In the order in which they run. */
  readonly scenarios: readonly Scenario[]
  /** What the job was given to run and cannot plan itself, with the reason. */
  readonly unplannable: readonly { readonly id: string; readonly reason: string }[]
  /** How many scenarios of the job's own plan are in no part of the one that it was given. */
  readonly unlisted: number
}

/**
 * Whether this shard runs the scenario. A scenario's shard follows from its id alone, so shards that plan on their own
 * agree: none is run twice and none by nobody.
 */
export function inShard(scenario: Pick<Scenario, 'id'>, shard: Shard | undefined): boolean {
  if (shard === undefined) return true
  const bucket = createHash('sha256').update(scenario.id).digest().readUInt32BE(0) % shard.total
  return bucket === shard.index - 1
}

/**
 * What this job runs. A plan that it was given decides which scenarios, by whom and in which order; what is planted follows
 * from this job's own control. Without one, ids decide.
 */
export function shareOf(own: Plan, shard: Shard | undefined, given: PlannedPart | undefined): Share {
  if (given === undefined) {
    const scenarios = own.scenarios.filter((scenario) => inShard(scenario, shard))
    return { scenarios, unplannable: [], unlisted: 0 }
  }
  const planned = new Map(own.scenarios.map((scenario) => [scenario.id, scenario]))
  const asked = given.scenarios.filter((one) => shard === undefined || one.shard === shard.index)
  const listed = new Set(given.scenarios.map(({ id }) => id))
  return {
    scenarios: asked.flatMap(({ id }) => planned.get(id) ?? []),
    unplannable: asked
      .filter(({ id }) => !planned.has(id))
      .map(({ id }) => ({ id, reason: whyNot(id, own) })),
    unlisted: own.scenarios.filter(({ id }) => !listed.has(id)).length
  }
}

function whyNot(id: string, { omissions }: Plan): string {
  const withoutMode = id.slice(0, id.lastIndexOf('/'))
  const omission = omissions.find(({ fault, path }) => withoutMode === `${fault}@${path}`)
  return `the plan has it, and this job cannot plan it: ${omission?.reason ?? 'its own control and inputs give no such scenario'}`
}
