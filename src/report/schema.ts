import { z } from 'zod'
import { MOST_JOBS } from '../matrix.js'

/**
 * The JSON report as others read it. Additions keep `schemaVersion`; whatever could break a reader raises it. What is not
 * known is `null`, never left out. Strings that containers wrote are printable and bounded, secrets in them are `***`.
 */

/** Thirty years, and far from what arithmetic makes infinite. */
const MOST_SECONDS = 1e9
const seconds = z.number().nonnegative().max(MOST_SECONDS)
const text = z.string()

export const failureReasons = [
  'data-lost',
  'stale-code',
  'wrong-answer',
  'crashed',
  'timed-out',
  'unstable',
  'forbidden-log',
  'second-boot',
  'replica'
] as const

export const scenarioVerdicts = ['recovered', 'tolerated', 'refused', 'failed', 'inconclusive'] as const

export const textStyles = [
  'bold',
  'faint',
  'italic',
  'underline',
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white'
] as const

const log = z
  .object({
    boot: text.describe('The boot that it is of, as in `phases`.'),
    container: text.describe('What the container was called.'),
    head: z.array(text).describe('First lines, stdout and stderr in order of arrival.'),
    omittedLines: z.int().nonnegative().describe('Lines that are missing between head and tail.'),
    tail: z.array(text).describe('Last lines.'),
    endMissing: z
      .boolean()
      .describe(
        'The container ended, and the engine did not hand out what it said last: it may have said more.'
      ),
    styled: z
      .array(
        z.object({
          line: z.int().nonnegative().describe('Index of the line in the head followed by the tail.'),
          start: z.int().nonnegative().describe('In UTF-16 units.'),
          end: z.int().nonnegative().describe('In UTF-16 units, excluded.'),
          styles: z.array(z.enum(textStyles))
        })
      )
      .describe('What a terminal would have shown in colour.')
  })
  .describe('What a container printed, cut to a bound.')

const boot = z
  .object({
    outcome: z.enum(['ready', 'exited', 'timed-out', 'engine-error']),
    readySeconds: seconds.nullable().describe('Time to ready; null when it never was.'),
    exitCode: z.int().nullable().describe('Of a container that exited before or after it was ready.'),
    oomKilled: z.boolean()
  })
  .describe('How a boot went.')

const phaseNames = [
  'create',
  'plant',
  'verify',
  'wait',
  'start',
  'ready',
  'stable',
  'smoke-test',
  'read-back',
  'stop',
  'remove'
] as const

const phases = z
  .array(
    z.object({
      name: z.enum(phaseNames),
      boot: text.nullable().describe('The boot that it belongs to: `boot`, `replica 2`, `second boot`, …'),
      startMs: z.int().nonnegative(),
      endMs: z.int().nonnegative()
    })
  )
  .describe('What was done when, in milliseconds from the beginning, in the order in which it began.')

const diagnosis = z
  .object({ cause: text, remedy: text, lines: z.array(text).describe('The log lines that it rests on.') })
  .describe('What the log says about the failure, where the catalogue knows it.')

const location = z
  .object({
    file: text.describe('Relative to the top of the repository, with `/`.'),
    line: z.int().positive(),
    function: text.nullable(),
    language: z.enum(['python', 'node', 'go', 'java', 'shell']),
    source: text.describe('The line itself.')
  })
  .describe(
    "Where the failure points in the repository; the file's bytes in the container are the checkout's."
  )

const reduction = z
  .object({
    finding: text.describe('In a sentence: `start-up dies if /data/index.json is cut in half`.'),
    files: z.array(text).describe('The smallest set that was found to be enough; the first 100 of more.'),
    count: z.int().positive().describe('How many files are in that set.'),
    outcome: z
      .enum(['smallest', 'bounded', 'unrepeated'])
      .describe(
        '`smallest`: all of them are needed. `bounded`: the trials were used up first. `unrepeated`: it did not fail again.'
      ),
    trials: z.int().nonnegative().describe('Trials that it took beside the first.'),
    seconds
  })
  .describe('Which of the files that were damaged together are to blame.')

const legName = text
  .nullable()
  .describe('The leg that it belongs to, by its name in `legs`; null in the report of one run.')

const scenario = z.object({
  leg: legName,
  id: text.describe('`fault@path/mode`, stable between runs.'),
  fault: text,
  title: text.describe('The fault in words.'),
  family: text.nullable().describe('The family of the fault; null when the catalogue does not know it.'),
  path: text,
  role: z.enum(['cache', 'data']),
  source: text.describe('How the path was found: declared, an environment variable, …'),
  volume: text.nullable().describe("Mount point that holds the path; null for the container's own layer."),
  mode: z.enum(['recreate', 'restart', 'concurrent', 'upgrade']),
  planted: text.describe('What exactly was planted.'),
  expectation: z.enum(['recover', 'recover-or-refuse', 'leave-alone']),
  verdict: z.enum(scenarioVerdicts),
  reason: z.enum(failureReasons).nullable().describe('The gravest reason of a failure.'),
  also: z.array(z.enum(failureReasons)).describe('Other reasons that hold, gravest first.'),
  detail: text.describe('What was seen, in a sentence.'),
  diagnosis: diagnosis.nullable(),
  location: location.nullable(),
  reduction: reduction
    .nullable()
    .describe('Null unless it failed by files that could be damaged one by one.'),
  remedy: text.nullable().describe('What to do about a failure.'),
  expectedToFail: z.boolean().describe('Listed in `expect-failures`, or known to fail by the scenario file.'),
  knownToFail: text.nullable().describe('Why it is known to fail, by the scenario file.'),
  readySeconds: seconds.nullable().describe('Time to ready of the first boot (the slowest replica).'),
  secondReadySeconds: seconds.nullable().describe('Time to ready of the second boot on the same state.'),
  ratio: z.number().nonnegative().nullable().describe("Time to ready of the first boot over the control's."),
  seconds: seconds.describe('How long the trial took.'),
  phases,
  boots: z.array(boot).describe('First boots: one, or one a replica.'),
  secondBoot: boot.nullable(),
  log: log.nullable().describe('Of the boot that explains the verdict; null when the scenario passed.'),
  otherLogs: z.array(log).describe('Of the other boots, cut to smaller bounds.'),
  smokeTest: z
    .object({ exitCode: z.int().nullable(), timedOut: z.boolean(), seconds, output: text })
    .nullable()
    .describe('A smoke test that failed.'),
  reproduce: text.describe('Command line, for a POSIX shell, that runs the scenario again.'),
  keptContainer: text.nullable().describe('Container that was left for inspection.'),
  keptIsStopped: z
    .literal(true)
    .optional()
    .describe('Set where it was stopped first, since trials share a network and would have met it.')
})

const control = z.discriminatedUnion('result', [
  z.object({
    result: z.literal('passed'),
    readySeconds: seconds,
    secondReadySeconds: seconds,
    ignoresStopSignal: z.boolean(),
    phases,
    otherLogs: z.array(log).describe('Of its boots.')
  }),
  z.object({
    result: z.literal('failed'),
    stage: z.enum(['first-boot', 'second-boot', 'data']),
    blame: z.enum(['image', 'probe', 'check']).describe('Whom the evidence points at.'),
    message: text,
    diagnosis: diagnosis.nullable(),
    location: location.nullable(),
    boot,
    log,
    phases,
    otherLogs: z.array(log).describe('Of the boots before the one that failed.')
  })
])

const counts = z.object({
  recovered: z.int().nonnegative(),
  tolerated: z.int().nonnegative(),
  refused: z.int().nonnegative(),
  failed: z.int().nonnegative().describe('Every failure, expected or not.'),
  inconclusive: z.int().nonnegative(),
  'not-applicable': z.int().nonnegative()
})

const image = z.object({
  reference: text,
  id: text,
  os: text,
  architecture: text,
  user: text.describe('As the image names it; empty for root.'),
  uid: z.int(),
  home: text,
  workdir: text,
  volumes: z.array(text),
  ports: z.array(z.int()),
  python: text.nullable().describe("Version of the image's Python; null when there is none.")
})
const engine = z.object({ version: text })
const probes = z.array(text).describe('The readiness checks, in words.')
const verdict = z.enum(['passed', 'failed', 'inconclusive'])
const total = z.int().nonnegative().describe('Scenarios that ran.')

const part = z
  .object({
    leg: text.nullable().describe('What tells this job from the others of its matrix, the shard aside.'),
    jobs: z.int().positive().max(MOST_JOBS).nullable().describe('Jobs of the matrix.'),
    shard: z
      .object({ index: z.int().positive().max(MOST_JOBS), total: z.int().positive().max(MOST_JOBS) })
      .nullable()
      .describe('Null when the run took on the whole plan.'),
    planned: z.array(text).describe('Ids of the whole plan, those of other shards included, in order.')
  })
  .describe('Which part of the whole this run was.')

const leg = z.object({
  name: text,
  verdict,
  total,
  counts,
  seconds,
  image,
  engine,
  probes,
  control,
  notes: z.array(text)
})

export const reportSchema = z
  .object({
    schemaVersion: z.literal(1),
    tool: z.object({ name: z.literal('cache-crash-test'), version: text }),
    startedAt: z.iso.datetime(),
    seconds,
    origin: z
      .object({
        repository: text.nullable(),
        sha: text.nullable(),
        runUrl: text.nullable(),
        job: text.nullable().describe('Id of the job in its workflow.')
      })
      .describe('Where the run took place; nulls outside of GitHub Actions.'),
    part,
    verdict,
    strict: z.boolean(),
    total,
    counts,
    expectedFailures: z
      .int()
      .nonnegative()
      .describe('Failures that are expected, by `expect-failures` or the scenario file.'),
    image,
    engine,
    probes,
    control,
    trials: z
      .object({ estimatedSeconds: seconds, seconds })
      .nullable()
      .describe(
        'How long all trials together were estimated to take, and took; null when none was to run, and in joined reports.'
      ),
    legs: z
      .array(leg)
      .describe(
        'In a report that joins several legs of a matrix: each of them. Image, engine, probes and control of the report are then those of the leg that needs a reader first. Empty otherwise.'
      ),
    scenarios: z.array(scenario).describe('In the order of the plan.'),
    omissions: z
      .array(z.object({ leg: legName, fault: text, path: text, reason: text }))
      .describe('Combinations that were left out.'),
    skipped: z.array(z.object({ leg: legName, id: text, reason: text })).describe('Planned, and not run.'),
    notes: z.array(text).describe('What else users should know; what the control found out comes first.')
  })
  .describe('Report of one run of Cache Crash Test.')

/** A finished run as every format shows it. */
export type Report = z.infer<typeof reportSchema>
export type ReportScenario = Report['scenarios'][number]
export type ReportLocation = NonNullable<ReportScenario['location']>
export type ReportLeg = Report['legs'][number]
export type ReportLog = NonNullable<ReportScenario['log']>

/** The report's JSON Schema (draft 2020-12), for whoever reads `report.json`. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema)
}
