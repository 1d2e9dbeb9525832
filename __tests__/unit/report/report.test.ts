import { readFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { makeReport, reportJsonSchema, reportSchema } from '../../../src/report/report.js'
import { failureReasons, scenarioVerdicts } from '../../../src/report/schema.js'
import { stored } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import {
  boot,
  inputs,
  log,
  observation,
  ready,
  record,
  result,
  scenario
} from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'
import type { FailureReason, RunRecord, ScenarioResult, Verdict } from '../../../src/model.js'

const recovered: Verdict = { kind: 'recovered', detail: 'fine' }
const failed: Verdict = { kind: 'failed', reason: 'crashed', detail: 'exited 1', also: [] }
const inconclusive: Verdict = { kind: 'inconclusive', detail: 'start-up never touched it' }

function of(verdict: Verdict, expectedToFail = false): ScenarioResult {
  return result({}, verdict, { expectedToFail })
}

const failedControl: RunRecord['control'] = {
  kind: 'failed',
  stage: 'first-boot',
  blame: 'probe',
  message: 'it never answered',
  boot: boot({ kind: 'timed-out', seconds: 30, deadlineSeconds: 30, waitingFor: ['GET /'] })
}

describe('the verdict of a run', () => {
  const cases: [words: string, about: Partial<RunRecord>, normal: string, strict: string][] = [
    ['everything recovered', { results: [of(recovered)] }, 'passed', 'passed'],
    ['one failed', { results: [of(recovered), of(failed)] }, 'failed', 'failed'],
    ['one failed and one is inconclusive', { results: [of(inconclusive), of(failed)] }, 'failed', 'failed'],
    ['one is inconclusive', { results: [of(recovered), of(inconclusive)] }, 'inconclusive', 'failed'],
    ['an expected failure failed', { results: [of(recovered), of(failed, true)] }, 'passed', 'passed'],
    ['an expected failure passed', { results: [of(recovered, true)] }, 'passed', 'failed'],
    ['an expected failure is inconclusive', { results: [of(inconclusive, true)] }, 'inconclusive', 'failed'],
    ['the control failed', { control: failedControl }, 'failed', 'failed'],
    ['nothing was planned', {}, 'inconclusive', 'failed'],
    [
      'something planned was not run',
      { results: [of(recovered)], skipped: [{ scenario: scenario(), reason: 'cancelled' }] },
      'inconclusive',
      'failed'
    ]
  ]
  test.each(cases)('when %s: %#', (_, about, normal, strict) => {
    expect(makeReport(record(about)).verdict).toBe(normal)
    expect(makeReport(record({ ...about, inputs: inputs({ strict: true }) })).verdict).toBe(strict)
  })

  test('of a shard without scenarios is passed', () => {
    const shard = inputs({ shard: { index: 4, total: 4 } })
    expect(makeReport(record({ inputs: shard, planned: ['a@/b/recreate'] })).verdict).toBe('passed')
    expect(makeReport(record({ inputs: shard, planned: [] })).verdict).toBe('inconclusive')
  })
})

describe('a report', () => {
  const report = makeReport(rich, { faults: catalogue, repository: 'o/r', sha: 'abc', runUrl: 'https://x/1' })

  test('counts every verdict, and omissions as not applicable', () => {
    expect(report.total).toBe(14)
    expect(report.counts).toEqual({
      recovered: 2,
      tolerated: 1,
      refused: 1,
      failed: 9,
      inconclusive: 1,
      'not-applicable': 3
    })
    expect(report.expectedFailures).toBe(1)
  })

  test('has every verdict and every reason in its fixture', () => {
    const all: Record<FailureReason, true> = {
      'data-lost': true,
      'stale-code': true,
      'wrong-answer': true,
      crashed: true,
      'timed-out': true,
      unstable: true,
      'forbidden-log': true,
      'second-boot': true,
      replica: true
    }
    expect([...failureReasons].sort()).toEqual(Object.keys(all).sort())
    expect(new Set(report.scenarios.map(({ reason }) => reason ?? 'none'))).toEqual(
      new Set([...failureReasons, 'none'])
    )
    expect(new Set(report.scenarios.map(({ verdict }) => verdict))).toEqual(new Set(scenarioVerdicts))
  })

  test.each([
    'summary.md',
    'comment.md',
    'report-junit.xml',
    'report.html',
    'terminal-80.txt',
    'terminal-120.txt'
  ])('has each of them in the golden file %s', async (name) => {
    const text = await readFile(new URL(`../../fixtures/report/${name}`, import.meta.url), 'utf8')
    // A test case that passed says no more than that in JUnit's form.
    const verdicts = scenarioVerdicts.filter((word) => !name.endsWith('.xml') || word === 'inconclusive')
    expect([...verdicts, ...failureReasons].filter((word) => !text.includes(word))).toEqual([])
  })

  test('measures against the control: the slowest replica, and nothing where one was never ready', () => {
    const timesOf = (boots: ScenarioResult['observation']['boots']) => {
      const results = [result({}, recovered, { observation: observation({ boots }) })]
      const [one] = makeReport(record({ results })).scenarios
      return [one?.readySeconds, one?.secondReadySeconds, one?.ratio]
    }
    expect(timesOf([boot(ready(0.2)), boot(ready(0.744))])).toEqual([0.744, 0.38, 2])
    const exited = boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false })
    expect(timesOf([boot(ready(0.2)), exited])).toEqual([null, 0.38, null])
  })

  test('shows the log of the boot that explains the verdict', () => {
    const wrong = boot(ready(1), {
      stability: { kind: 'exited', exitCode: 3, oomKilled: false },
      log: log(['wrong'])
    })
    const logOf = (verdict: Verdict, about: Partial<ScenarioResult['observation']>) => {
      const results = [result({}, verdict, { observation: observation(about) })]
      return makeReport(record({ results })).scenarios[0]?.log?.tail ?? null
    }
    expect(logOf(failed, { boots: [boot(ready(1)), wrong] })).toEqual(['wrong'])
    expect(logOf({ ...failed, reason: 'second-boot' }, { secondBoot: wrong })).toEqual(['wrong'])
    expect(logOf(inconclusive, {})).toEqual(['listening on :8000'])
    expect(logOf(recovered, { boots: [wrong] })).toBeNull()
  })

  test('has the logs of the other boots beside it, named as the phases name them', () => {
    const boots = [boot(ready(1)), boot(ready(1), { canary: true, log: log(['old code']) }), boot(ready(2))]
    const results = [
      result({}, { ...failed, reason: 'stale-code' }, { observation: observation({ boots }) }),
      result({}, recovered)
    ]
    const [stale, fine] = makeReport(record({ results })).scenarios
    expect(stale?.log).toMatchObject({ boot: 'replica 2', tail: ['old code'] })
    expect(stale?.otherLogs.map((one) => one.boot)).toEqual(['replica 1', 'replica 3', 'second boot'])
    expect(fine?.otherLogs.map((one) => one.boot)).toEqual(['boot', 'second boot'])
  })

  test('keeps colours with their text, through cuts and characters that are made visible', () => {
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index}\tof a flood`)
    const styled = [
      { line: 1, start: 0, end: 4, styles: ['red' as const] },
      { line: 250, start: 0, end: 4, styles: ['blue' as const] },
      { line: 399, start: 9, end: 11, styles: ['bold' as const] }
    ]
    const capture = log(lines.slice(0, 200), { tail: lines.slice(200), omittedLines: 5, styled })
    const crash = boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false }, { log: capture })
    const results = [
      result({}, failed, { observation: observation({ boots: [crash], secondBoot: undefined }) })
    ]
    const shown = makeReport(record({ results })).scenarios[0]?.log
    const all = [...(shown?.head ?? []), ...(shown?.tail ?? [])]
    expect(shown?.omittedLines).toBe(105)
    expect(
      shown?.styled.map(({ line, start, end, styles }) => [
        all[line]?.slice(0, 8),
        all[line]?.slice(start, end),
        ...styles
      ])
    ).toEqual([
      ['line 1  ', 'line', 'red'],
      ['line 250', 'line', 'blue'],
      ['line 399', 'of', 'bold']
    ])
  })

  test('loses the colour of a secret, not the secret’s mask', () => {
    const crash = boot(
      { kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false },
      {
        log: log(['key s3cr3t-value end'], {
          styled: [
            { line: 0, start: 0, end: 8, styles: ['red'] },
            { line: 0, start: 17, end: 20, styles: ['green'] }
          ]
        })
      }
    )
    const results = [
      result({}, failed, { observation: observation({ boots: [crash], secondBoot: undefined }) })
    ]
    const run = record({ results, inputs: inputs({ env: { API_TOKEN: 's3cr3t-value' } }) })
    expect(makeReport(run).scenarios[0]?.log).toMatchObject({
      tail: ['key *** end'],
      styled: [{ line: 0, start: 8, end: 11, styles: ['green'] }]
    })
  })

  test('advises the diagnosis, else the fault, and never what may have lost the data', () => {
    const advice = { cause: 'c', remedy: 'unlink it.', lines: [] }
    const remedyOf = (verdict: Verdict, diagnosis?: typeof advice) => {
      const results = [result({}, verdict, { diagnosis })]
      return makeReport(record({ results }), { faults: catalogue }).scenarios[0]?.remedy
    }
    expect(remedyOf(failed, advice)).toBe('unlink it.')
    expect(remedyOf(failed)).toBe(catalogue.find(({ id }) => id === 'file-for-directory')?.remedy)
    expect(remedyOf({ ...failed, reason: 'data-lost' }, advice)).toMatch(/never delete/)
    expect(remedyOf(recovered, advice)).toBeNull()
  })

  test('tells once what both the control and the run noted', () => {
    expect(new Set(report.notes).size).toBe(report.notes.length)
  })
})

describe('secrets of a run', () => {
  const secret = 'hunter2-hunter2'
  const leaky = `KEY=${secret} ${Buffer.from(secret).toString('base64')}`
  const run = record({
    inputs: inputs({
      image: {
        kind: 'build',
        context: '/w',
        file: '/w/Dockerfile',
        buildArgs: ['NPM_TOKEN=arg-secret'],
        secrets: { id: 'declared-secret' },
        cacheFrom: [],
        cacheTo: []
      },
      env: { API_KEY: secret },
      smokeTest: `curl -H 'x: ${secret}'`
    }),
    results: [
      result(
        { plant: { entries: [], summary: leaky } },
        { ...failed, detail: `${leaky} declared-secret arg-secret` },
        {
          diagnosis: { cause: leaky, remedy: leaky, lines: [leaky] },
          observation: observation({
            boots: [
              boot(ready(1), {
                log: log([leaky, `${'x'.repeat(995)}${secret}`]),
                smokeTest: { exitCode: 1, timedOut: false, seconds: 1, output: leaky }
              })
            ]
          })
        }
      )
    ],
    notes: [leaky],
    probes: [leaky]
  })

  test('are nowhere in the report, nor is half of one where a line was cut', () => {
    const text = JSON.stringify(makeReport(run))
    for (const leak of [
      secret,
      'hunter',
      Buffer.from(secret).toString('base64'),
      'declared-secret',
      'arg-secret'
    ]) {
      expect(text).not.toContain(leak)
    }
    expect(text).toContain('$API_KEY')
  })
})

describe('the published schema', () => {
  test('is up to date', async () => {
    const text = `${JSON.stringify(reportJsonSchema(), null, 2)}\n`
    expect(text).toBe(await stored(new URL('../../../schema/report.schema.json', import.meta.url), text))
  })

  test.each([
    ['rich', rich],
    ['hostile', hostile],
    ['failed control', record({ control: failedControl })]
  ])('accepts the %s report, and so does its parser', (_, run) => {
    const report: unknown = JSON.parse(JSON.stringify(makeReport(run)))
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(reportJsonSchema())
    validate(report)
    expect(validate.errors).toBeNull()
    expect(reportSchema.parse(report)).toEqual(report)
  })

  test('bounds a report of 300 floods', () => {
    expect(JSON.stringify(makeReport(hostile)).length).toBeLessThan(16_000_000)
  })
})
