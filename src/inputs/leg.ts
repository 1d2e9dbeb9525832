import { z } from 'zod'
import { parseJson } from '../json.js'
import type { ProblemList } from './problems.js'
import type { PlanInputs } from '../model.js'

const LONGEST_NAME = 200

/**
 * The name of this job among those of its matrix, as GitHub shows it: the values of the matrix between commas. The shard is
 * left out, as `2/4` or as the `2` of a dimension called `shard`, so that shards of one leg share its name.
 *
 * @param value text, or the matrix as JSON; `null` outside of one
 * @returns undefined when nothing tells this job from others, and after a problem
 */
export function parseLeg(
  value: string,
  shard: PlanInputs['shard'],
  problems: ProblemList
): string | undefined {
  const name = nameOf(value, shard)
  if (name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name)) return name === '' ? undefined : name
  problems.add(
    'leg',
    name,
    'is not a name',
    `one line of up to ${LONGEST_NAME} characters, or the matrix as JSON`
  )
  return undefined
}

const matrixSchema = z.record(z.string(), z.unknown()).nullable()

function nameOf(value: string, shard: PlanInputs['shard']): string {
  // What is no JSON is somebody's own words.
  const { data: matrix } = matrixSchema.safeParse(parseJson(value))
  if (matrix === undefined) return value
  return Object.entries(matrix ?? {})
    .filter(([key, one]) => !isShard(key, text(one), shard))
    .map(([, one]) => text(one))
    .filter((one) => one !== '')
    .join(', ')
}

function isShard(key: string, value: string, shard: PlanInputs['shard']): boolean {
  if (shard === undefined) return false
  return value === `${shard.index}/${shard.total}` || (key === 'shard' && value === String(shard.index))
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
