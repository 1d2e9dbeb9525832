import { createHash } from 'node:crypto'
import type { Scenario } from '../model.js'

/**
 * Whether this shard runs the scenario. A scenario's shard follows from its id alone, so shards that plan on their own
 * agree: none is run twice and none by nobody.
 *
 * @param shard `index` counts from 1
 */
export function inShard(
  scenario: Pick<Scenario, 'id'>,
  shard: { readonly index: number; readonly total: number } | undefined
): boolean {
  if (shard === undefined) return true
  const bucket = createHash('sha256').update(scenario.id).digest().readUInt32BE(0) % shard.total
  return bucket === shard.index - 1
}
