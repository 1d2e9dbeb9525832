import type { FoundReport } from './merge.js'
import type { Report } from './schema.js'
import { countsOf, gravest, verdictOf } from './verdict.js'

/** One leg of a joined report: a run, or the shards of one plan. */
export interface JoinedLeg extends Pick<
  Report,
  | 'verdict'
  | 'total'
  | 'counts'
  | 'seconds'
  | 'image'
  | 'engine'
  | 'probes'
  | 'control'
  | 'scenarios'
  | 'omissions'
  | 'skipped'
  | 'notes'
> {
  /** Null where there is only one. */
  readonly name: string | null
  /** Ids of the whole plan, in order. */
  readonly planned: readonly string[]
}

/**
 * Joins the shards of one plan as if one run had done it all.
 * @param group at least one report; every shard at most once
 */
export function joinShards(group: readonly FoundReport[], name: string | null, strict: boolean): JoinedLeg {
  const reports = group
    .map(({ report }) => report)
    .sort((a, b) => (a.part.shard?.index ?? 0) - (b.part.shard?.index ?? 0))
  const first = reports.find(({ control }) => control.result === 'failed') ?? reports[0]
  if (first === undefined) throw new Error('a leg without a report')

  const planned = [...new Set(reports.flatMap(({ part }) => part.planned))]
  const place = new Map(planned.map((id, index) => [id, index]))
  const scenarios = reports
    .flatMap((report) => report.scenarios)
    .sort((a, b) => (place.get(a.id) ?? planned.length) - (place.get(b.id) ?? planned.length))
    .map((scenario) => ({ ...scenario, leg: name }))
  const omissions = unique(reports.flatMap((report) => report.omissions)).map((one) => ({
    ...one,
    leg: name
  }))
  const skipped = [...unique(reports.flatMap((report) => report.skipped)), ...notRun(reports, planned)].map(
    (one) => ({ ...one, leg: name })
  )
  const ownVerdict = verdictOf({
    controlFailed: first.control.result === 'failed',
    scenarios,
    skipped,
    strict: strict || reports.some((report) => report.strict),
    mayBeEmpty: false
  })
  return {
    name,
    // What a report says of itself may be graver than what its parts tell this version.
    verdict: gravest([ownVerdict, ...reports.map((report) => report.verdict)]),
    total: scenarios.length,
    counts: countsOf(scenarios, omissions),
    seconds: Math.max(...reports.map(({ seconds }) => seconds)),
    image: first.image,
    engine: first.engine,
    probes: first.probes,
    control: first.control,
    planned,
    scenarios,
    omissions,
    skipped,
    notes: [...new Set(reports.flatMap(({ notes }) => notes))]
  }
}

/** What was planned and has no result, and shards without a report where nothing is known of their part. */
function notRun(reports: readonly Report[], planned: readonly string[]): Report['skipped'] {
  const known = new Set(
    reports.flatMap((report) => [...report.scenarios, ...report.skipped].map(({ id }) => id))
  )
  const total = reports[0]?.part.shard?.total ?? 1
  const there = new Set(reports.map(({ part }) => part.shard?.index ?? 1))
  const absent = Array.from({ length: total }, (_, at) => at + 1).filter((index) => !there.has(index))
  const names = absent.map((index) => `shard ${index}/${total}`)
  const missing = planned.filter((id) => !known.has(id))
  const reason =
    names.length === 0
      ? 'no shard ran it: the shards did not agree on the plan'
      : `there is no report of ${names.join(', ')}`
  return missing.length > 0
    ? missing.map((id) => ({ leg: null, id, reason }))
    : names.map((id) => ({ leg: null, id, reason: 'there is no report of it' }))
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}
