import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { inShard } from '../../../src/plan/shard.js'
import { mergeReports, type FoundReport } from '../../../src/report/merge.js'
import { makeReport, reportSchema } from '../../../src/report/report.js'
import type { Leg, RunRecord, ScenarioResult, Verdict } from '../../../src/model.js'
import { boot, facts, inputs, record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'

const context = { version: '0.1.0', strict: false }

/** The run's shards, as each of them would report its own part. */
function shardsOf(run: RunRecord, total: number, leg: Leg = run.inputs.leg): FoundReport[] {
  const planned = run.results.map(({ scenario }) => scenario.id)
  return Array.from({ length: total }, (_, at) => {
    const shard = { index: at + 1, total }
    const mine = { ...run, planned, inputs: { ...run.inputs, shard, leg } }
    const results = run.results.filter(({ scenario }) => inShard(scenario, shard))
    return { directory: `${leg.name ?? 'shard'}-${at + 1}`, report: makeReport({ ...mine, results }) }
  })
}

const richRun: RunRecord = { ...rich, skipped: [], trialsTook: undefined }

test.each([
  { index: 1, total: 1_000_000 },
  { index: 257, total: 257 }
])('a report of a matrix that GitHub would not run is none: %j', (shard) => {
  const [{ report } = {}] = shardsOf(richRun, 2)
  if (report === undefined) throw new Error('no report')
  expect(reportSchema.safeParse(report).success).toBe(true)
  expect(reportSchema.safeParse({ ...report, part: { ...report.part, shard } }).success).toBe(false)
})

describe('shards of one plan', () => {
  test('become what one run would have reported', () => {
    const whole = makeReport({ ...richRun, planned: richRun.results.map(({ scenario }) => scenario.id) })
    const merged = mergeReports(shardsOf(richRun, 3).reverse(), context)
    expect(reportSchema.parse(merged)).toEqual(merged)
    expect(merged).toEqual(whole)
  })

  test('have the verdict and the counts of the run that did it all, whatever came out', () => {
    const verdict = fc.constantFrom<Verdict>(
      { kind: 'recovered', detail: 'd' },
      { kind: 'tolerated', detail: 'd' },
      { kind: 'refused', detail: 'd' },
      { kind: 'inconclusive', detail: 'd' },
      { kind: 'failed', reason: 'crashed', detail: 'd', also: [] }
    )
    const one = fc.record({ verdict, expectedToFail: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (all, total, strict) => {
          const results: ScenarioResult[] = all.map(({ verdict, expectedToFail }, at) =>
            result({ target: { path: `/cache/${at}` } }, verdict, { expectedToFail })
          )
          const run = record({ results, inputs: inputs({ strict }) })
          const { verdict: expected, counts, total: ran, expectedFailures } = makeReport(run)
          const merged = mergeReports(shardsOf(run, total), context)
          expect({ ...merged, verdict: merged.verdict }).toMatchObject({
            verdict: expected,
            counts,
            total: ran,
            expectedFailures
          })
        }
      ),
      { numRuns: 60 }
    )
  })

  test('of which one is missing never pass, and name what did not run', () => {
    const passing = record({
      results: Array.from({ length: 12 }, (_, at) =>
        result({ target: { path: `/cache/${at}` } }, { kind: 'recovered', detail: 'fine' })
      )
    })
    const all = shardsOf(passing, 4)
    expect(mergeReports(all, context).verdict).toBe('passed')
    for (const { report } of all) {
      const others = all.filter((other) => other.report !== report)
      const merged = mergeReports(others, context)
      expect(merged.verdict).toBe('inconclusive')
      const missing = report.scenarios.map(({ id }) => id)
      const { index, total } = report.part.shard ?? { index: 0, total: 0 }
      const expected = missing.length > 0 ? missing : [`shard ${index}/${total}`]
      expect(merged.skipped.map(({ id }) => id)).toEqual(expected)
      expect(mergeReports(others, { ...context, strict: true }).verdict).toBe('failed')
    }
  })

  test('that planned nothing still count when one is missing', () => {
    const merged = mergeReports(shardsOf(record(), 2).slice(1), context)
    expect(merged.skipped).toMatchObject([{ id: 'shard 1/2' }])
    expect(merged.verdict).toBe('inconclusive')
  })

  test('fail with the control of the one that failed it', () => {
    const failed = record({
      inputs: inputs({ shard: { index: 2, total: 2 } }),
      control: {
        kind: 'failed',
        stage: 'first-boot',
        blame: 'image',
        message: 'the container exited 1',
        boot: boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false })
      }
    })
    const [first] = shardsOf(richRun, 2)
    const merged = mergeReports(
      [...(first ? [first] : []), { directory: 'b', report: makeReport(failed) }],
      context
    )
    expect(merged).toMatchObject({ verdict: 'failed', control: { result: 'failed' } })
  })

  test('are refused when one is there twice', () => {
    const [first, second] = shardsOf(richRun, 2)
    if (first === undefined || second === undefined) throw new Error('two shards')
    expect(() => mergeReports([first, second, { ...first, directory: 'copy' }], context)).toThrow(
      /shard-1, copy: shard 1\/2 is reported 2 times; give each job of the matrix another `leg`/
    )
  })

  test('are refused when they ran the same scenario', () => {
    const [first, second] = shardsOf(richRun, 2)
    if (first === undefined || second === undefined) throw new Error('two shards')
    const overlapping = { ...second, report: { ...second.report, scenarios: first.report.scenarios } }
    expect(() => mergeReports([first, overlapping], context)).toThrow(/ran in both/)
  })
})

describe('legs of a matrix', () => {
  const fine = result({}, { kind: 'recovered', detail: 'fine' })
  const leg = (name: string, jobs: number, results: readonly ScenarioResult[] = [fine]) =>
    makeReport(record({ inputs: inputs({ leg: { name, jobs } }), results }), { job: 'crash-test' })

  test('stay apart, each under its name', () => {
    const merged = mergeReports(
      [
        { directory: 'a', report: leg('python:3.9', 2) },
        {
          directory: 'b',
          report: leg('python:3.13', 2, [result({}, { kind: 'inconclusive', detail: 'unclear' })])
        }
      ],
      context
    )
    expect(merged.verdict).toBe('inconclusive')
    expect(merged.scenarios.map(({ leg: name, id }) => [name, id])).toEqual([
      ['python:3.9', fine.scenario.id],
      ['python:3.13', fine.scenario.id]
    ])
    expect(merged.legs.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['python:3.9', 'passed'],
      ['python:3.13', 'inconclusive']
    ])
    expect(reportSchema.parse(merged)).toEqual(merged)
  })

  test('that no matrix names are named by their directory', () => {
    const one = (reference: string) => makeReport(record({ facts: facts({ reference }), results: [fine] }))
    const merged = mergeReports(
      [
        { directory: 'report-a', report: one('a') },
        { directory: 'report-b', report: one('b') }
      ],
      context
    )
    expect(merged.legs.map(({ name }) => name)).toEqual(['report-a', 'report-b'])
    expect(merged.verdict).toBe('passed')
  })

  test('of which one left no report never pass', () => {
    const merged = mergeReports(
      [
        { directory: 'a', report: leg('python:3.9', 3) },
        { directory: 'b', report: leg('python:3.13', 3) }
      ],
      context
    )
    expect(merged.verdict).toBe('inconclusive')
    expect(merged.skipped).toEqual([
      {
        leg: null,
        id: '1 of 3 jobs of crash-test',
        reason: 'the matrix has 3 jobs, and only 2 left a report'
      }
    ])
  })

  test('may each have shards', () => {
    const found = ['python:3.9', 'python:3.13'].flatMap((name) => shardsOf(richRun, 2, { name, jobs: 4 }))
    const merged = mergeReports(found, context)
    expect(merged.legs).toHaveLength(2)
    expect(merged.total).toBe(2 * richRun.results.length)
    expect(merged.skipped).toEqual([])
  })

  test('are refused when a report of a leg is there twice', () => {
    const report = leg('python:3.9', 1)
    expect(() =>
      mergeReports(
        [
          { directory: 'a', report },
          { directory: 'b', report }
        ],
        context
      )
    ).toThrow(/a, b: leg python:3.9 is reported 2 times/)
  })

  test('that are joined already are not joined again', () => {
    const found = ['x', 'y'].map((name) => ({ directory: name, report: leg(name, 2) }))
    const merged = mergeReports(found, context)
    expect(() => mergeReports([{ directory: '.', report: merged }], context)).toThrow(/joined report itself/)
  })
})

test('a verdict in a report that is graver than what this version makes of it stays', () => {
  const report = {
    ...makeReport(record({ results: [result({}, { kind: 'recovered', detail: 'x' })] })),
    verdict: 'failed' as const
  }
  expect(mergeReports([{ directory: '.', report }], context).verdict).toBe('failed')
})
