import { resolve } from 'node:path'
import { readPlan } from '../plan/plan-file.js'
import type { PlannedPart, RunMode } from '../model.js'
import type { WorkspaceFiles } from './image-source.js'
import type { ProblemList } from './problems.js'

/** Far more than the largest plan has. */
const LARGEST_PLAN = 32 * 1024 * 1024

/**
 * Reads the plan that another job wrote.
 * @returns what is binding of it, or undefined after a problem
 */
export function parsePlanFile(
  value: string,
  files: WorkspaceFiles,
  problems: ProblemList
): PlannedPart | undefined {
  const accepted = 'the path of a plan.json that the mode plan wrote, relative to the workspace'
  const content = files.readText(resolve(files.workspace, value), LARGEST_PLAN)
  if (content.kind !== 'text') {
    problems.add('plan-file', value, content.complaint, accepted)
    return undefined
  }
  const read = readPlan(content.text)
  if (read.kind === 'plan') return read.part
  problems.add('plan-file', value, read.complaint, accepted)
  return undefined
}

/** Inputs that speak of a plan and its parts. */
export interface Parting {
  readonly mode: RunMode
  readonly shard: { readonly index: number; readonly total: number } | undefined
  readonly shards: number | undefined
  readonly planFile: PlannedPart | undefined
}

/** A shard is a part of the plan that it was given; and a job makes a plan or runs one. */
export function checkParting(
  { mode, shard, shards, planFile }: Parting,
  isGiven: (name: 'plan-file') => boolean,
  problems: ProblemList
): void {
  if (shards !== undefined && mode !== 'plan')
    problems.add('shards', String(shards), 'is for the mode plan', 'shard: I/N for the others')
  if (shard !== undefined && mode !== 'test')
    problems.add('shard', `${shard.index}/${shard.total}`, 'is for the mode test', 'shards: N to part a plan')
  if (isGiven('plan-file') && mode !== 'test')
    problems.add('plan-file', undefined, 'is for the mode test, which runs a plan')
  if (shard === undefined || planFile === undefined || shard.total === planFile.shards) return
  const complaint = `is a part of ${shard.total}, and the plan in plan-file has ${planFile.shards}`
  problems.add('shard', `${shard.index}/${shard.total}`, complaint, `I/${planFile.shards}`)
}
