import { counted } from './excerpt.js'
import { grouped } from '../grouped.js'
import { joinShards, type JoinedLeg } from './merge-leg.js'
import type { Report } from './schema.js'
import { countsOf, expectedFailuresIn, gravest } from './verdict.js'

/** A report that was found, and where. */
export interface FoundReport {
  /** Relative to the directory that was searched; `.` is that directory itself. */
  readonly directory: string
  readonly report: Report
}

/** What a joined report says of the job that joins. */
export interface MergeContext {
  readonly version: string
  /** Makes failures of what showed nothing, whatever the runs themselves were told. */
  readonly strict: boolean
  readonly runUrl?: string
  readonly job?: string
}

/** Reports that cannot be joined, with every reason. */
export class MergeError extends Error {
  override readonly name = 'MergeError'
  constructor(problems: readonly string[]) {
    super(`the reports cannot be joined:\n${problems.join('\n')}`)
  }
}

/**
 * Joins the reports of a matrix into one. Shards of one plan become one leg, as if one run had done it all; what no shard did
 * is listed as not run. Runs of different images, jobs or legs of the matrix stay apart, each under a name of its own.
 *
 * A part that is missing, as far as the others know of it, keeps the verdict from being `passed`.
 * @throws MergeError when the same part was reported twice, and for reports that are joined already
 */
export function mergeReports(found: readonly FoundReport[], context: MergeContext): Report {
  const problems = found
    .filter(({ report }) => report.legs.length > 0)
    .map(({ directory }) => `${directory}: it is a joined report itself`)
  const groups = [...grouped(found, groupKey).values()]
  problems.push(...groups.flatMap(twice))
  if (found.length === 0) problems.push('no reports were found')
  if (problems.length > 0) throw new MergeError(problems)

  const names = legNames(groups)
  const legs = groups.map((group, index) => joinShards(group, names[index] ?? null, context.strict))
  return joinLegs(legs, missingJobs(found), found, context)
}

/** Parts of one plan agree in these; a run that knows of no matrix and no shards stands for itself. */
function groupKey({ directory, report: { origin, part, image } }: FoundReport): string {
  const alone = part.leg === null && part.shard === null
  return JSON.stringify(
    alone ? [directory] : [origin.job, part.leg, part.shard?.total ?? null, image.reference]
  )
}

/** The same part reported twice: whichever is right, the other hides something. */
function twice(group: readonly FoundReport[]): string[] {
  const byShard = grouped(group, ({ report }) => report.part.shard?.index ?? 0)
  const doubled = [...byShard.values()].filter((same) => same.length > 1)
  const ran = grouped(
    group.flatMap(({ directory, report }) => report.scenarios.map(({ id }) => ({ directory, id }))),
    ({ id }) => id
  )
  const [again] = [...ran.values()].filter((same) => same.length > 1)
  return [
    ...doubled.map((same) => {
      const part = same[0]?.report.part
      const what = part?.shard ? `shard ${part.shard.index}/${part.shard.total}` : `leg ${part?.leg ?? ''}`
      return `${directories(same)}: ${what} is reported ${same.length} times; give each job of the matrix another \`leg\``
    }),
    ...(doubled.length > 0 || again === undefined
      ? []
      : [`${directories(again)}: ${again[0]?.id ?? ''} ran in both`])
  ]
}

function directories(all: readonly { readonly directory: string }[]): string {
  return all.map(({ directory }) => directory).join(', ')
}

/** The legs' own names where they tell them apart, else with the directory, which always does. One leg needs no name. */
function legNames(groups: readonly (readonly FoundReport[])[]): readonly (string | null)[] {
  if (groups.length === 1) return [null]
  const own = groups.map((group) => group[0]?.report.part.leg ?? group[0]?.directory ?? '')
  return own.map((name, index) =>
    own.filter((other) => other === name).length === 1
      ? name
      : `${name} (${groups[index]?.[0]?.directory ?? ''})`
  )
}

/** Jobs of a matrix that left no report, where the others know how many there are. */
function missingJobs(found: readonly FoundReport[]): Report['skipped'] {
  const byJob = grouped(found, ({ report }) => report.origin.job)
  return [...byJob].flatMap(([job, reports]) => {
    const jobs = Math.max(...reports.map(({ report }) => report.part.jobs ?? 0))
    const there = new Set(
      reports.map(({ report: { part } }) => JSON.stringify([part.leg, part.shard?.index ?? 0]))
    )
    const missing = jobs - there.size
    if (missing <= 0) return []
    return [
      {
        leg: null,
        id: `${missing} of ${counted(jobs, 'job')}${job === null ? '' : ` of ${job}`}`,
        reason: `the matrix has ${counted(jobs, 'job')}, and only ${there.size} left a report`
      }
    ]
  })
}

function joinLegs(
  legs: readonly JoinedLeg[],
  missing: Report['skipped'],
  found: readonly FoundReport[],
  { version, strict, runUrl, job }: MergeContext
): Report {
  const reports = found.map(({ report }) => report)
  const verdict = gravest([
    ...legs.map((leg) => leg.verdict),
    ...(missing.length === 0 ? [] : [strict ? ('failed' as const) : ('inconclusive' as const)])
  ])
  const first = legs.find((leg) => leg.verdict === verdict) ?? legs[0]
  const origin = reports[0]?.origin
  if (first === undefined || origin === undefined) throw new MergeError(['no reports were found'])
  const scenarios = legs.flatMap((leg) => leg.scenarios)
  const omissions = legs.flatMap((leg) => leg.omissions)
  const began = reports.map(({ startedAt }) => Date.parse(startedAt))
  const ended = reports.map(({ startedAt, seconds }) => Date.parse(startedAt) + seconds * 1_000)
  return {
    schemaVersion: 1,
    tool: { name: 'cache-crash-test', version },
    startedAt: new Date(Math.min(...began)).toISOString(),
    seconds: (Math.max(...ended) - Math.min(...began)) / 1_000,
    origin: { ...origin, runUrl: runUrl ?? origin.runUrl, job: job ?? null },
    part: { leg: null, jobs: null, shard: null, planned: legs.length === 1 ? [...first.planned] : [] },
    verdict,
    strict: strict || reports.some((report) => report.strict),
    total: scenarios.length,
    counts: countsOf(scenarios, omissions),
    expectedFailures: expectedFailuresIn(scenarios),
    image: first.image,
    engine: first.engine,
    probes: first.probes,
    control: first.control,
    trials: null,
    legs: legs.flatMap(({ name, verdict, total, counts, seconds, image, engine, probes, control, notes }) =>
      name === null
        ? []
        : [{ name, verdict, total, counts, seconds, image, engine, probes, control, notes: [...notes] }]
    ),
    scenarios,
    omissions,
    skipped: [...legs.flatMap((leg) => leg.skipped), ...missing],
    notes: legs.length === 1 ? [...first.notes] : []
  }
}
