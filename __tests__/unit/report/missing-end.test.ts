import { describe, expect, test } from '@jest/globals'
import { renderComment } from '../../../src/report/comment.js'
import { END_MISSING } from '../../../src/report/excerpt.js'
import { renderHtml } from '../../../src/report/html/page.js'
import { renderJunit } from '../../../src/report/junit.js'
import { makeReport, type Report } from '../../../src/report/report.js'
import { renderSummary } from '../../../src/report/summary.js'
import { renderTerminal } from '../../../src/report/terminal.js'
import { boot, log, observation, record, result } from '../../fixtures/report/record.js'
import type { BootObservation, LogCapture } from '../../../src/model.js'

const crash = (capture: LogCapture): BootObservation =>
  boot({ kind: 'exited', seconds: 1, exitCode: 1, oomKilled: false }, { log: capture })

/** A trial that crashed, and a control that did. */
const REPORTS: Readonly<Record<string, (capture: LogCapture) => Report>> = {
  trial: (capture) => {
    const seen = observation({ boots: [crash(capture)], secondBoot: undefined })
    return makeReport(
      record({
        results: [
          result(
            {},
            { kind: 'failed', reason: 'crashed', detail: 'exited 1', also: [] },
            { observation: seen }
          )
        ]
      })
    )
  },
  control: (capture) =>
    makeReport(
      record({
        control: {
          kind: 'failed',
          stage: 'first-boot',
          blame: 'image',
          message: 'exited 1',
          boot: crash(capture)
        }
      })
    )
}

const RENDERERS: Readonly<Record<string, (report: Report) => string>> = {
  summary: (report) => renderSummary(report),
  terminal: (report) => renderTerminal(report, { colour: false, columns: 120 }),
  JUnit: renderJunit,
  HTML: renderHtml
}

describe.each(Object.keys(REPORTS))('the log of a %s', (kind) => {
  const report = (capture: LogCapture): Report => REPORTS[kind]?.(capture) ?? makeReport(record())

  test.each(Object.keys(RENDERERS))('whose end is missing says so after its last line: %s', (name) => {
    const shown = (capture: LogCapture): string => RENDERERS[name]?.(report(capture)) ?? ''
    expect(shown(log(['loading'], { endMissing: true }))).toMatch(
      new RegExp(`loading[^A-Za-z]*(?:</?span[^>]*>[^A-Za-z]*)*${END_MISSING}`)
    )
    expect(shown(log([], { endMissing: true }))).toContain(END_MISSING)
    expect(shown(log(['loading']))).not.toContain(END_MISSING)
  })

  test('says so by a field of its own', () => {
    const field = (capture: LogCapture): boolean | undefined => {
      const { control, scenarios } = report(capture)
      return (control.result === 'failed' ? control.log : scenarios[0]?.log)?.endMissing
    }
    expect(field(log(['loading'], { endMissing: true }))).toBe(true)
    expect(field(log(['loading']))).toBe(false)
  })
})

test('a comment that shows the log of a control says so, too', () => {
  const comment = (capture: LogCapture): string =>
    renderComment(REPORTS.control?.(capture) ?? makeReport(record()))
  expect(comment(log(['loading'], { endMissing: true }))).toContain(END_MISSING)
  expect(comment(log(['loading']))).not.toContain(END_MISSING)
})
