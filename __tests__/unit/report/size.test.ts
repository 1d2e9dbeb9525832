import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { COMMENT_LIMIT, renderComment } from '../../../src/report/comment.js'
import { makeReport } from '../../../src/report/report.js'
import { renderSummary, SUMMARY_LIMIT } from '../../../src/report/summary.js'
import { PAYLOADS } from '../../fixtures/injection/corpus.js'
import { carrierOf, failedCarrierOf } from '../../fixtures/injection/carrier.js'
import { anyText } from './any-text.js'

/** Text that grows when it is escaped, which is where a bound is missed. */
const text = fc.oneof(
  anyText,
  fc.constantFrom(...PAYLOADS),
  fc
    .tuple(
      fc.constantFrom('<', '&', '|', '`', '@a ', '\u202e', '漢', '🙂', '\ud800'),
      fc.integer({ min: 1, max: 3_000 })
    )
    .map(([piece, times]) => piece.repeat(times))
)

/** Runs of any size, in which each text stands wherever others may have written it. */
const report = fc
  .tuple(
    fc.array(text, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 0, max: 400 }),
    fc.boolean(),
    fc.boolean()
  )
  .map(([texts, times, failed, joined]) => {
    const [first = ''] = texts
    const record = failed ? failedCarrierOf(first) : carrierOf(first)
    const results = texts.flatMap((one) => carrierOf(one).results)
    const all = failed
      ? []
      : Array.from({ length: times }, (_, index) => results[index % results.length] ?? results[0])
    const made = makeReport({
      ...record,
      results: all.flatMap((one) => one ?? []),
      notes: Array.from({ length: times }, (_, index) => texts[index % texts.length] ?? ''),
      omissions: Array.from({ length: times }, () => ({ fault: first, path: first, reason: first }))
    })
    return joined
      ? { ...made, legs: Array.from({ length: 1 + (times % 50) }, () => ({ name: first, ...made })) }
      : made
  })

describe('any report', () => {
  test('fits into what GitHub takes, and has its verdict', () => {
    fc.assert(
      fc.property(report, (made) => {
        const summary = renderSummary(made)
        expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(SUMMARY_LIMIT)
        expect(summary).toMatch(/^## [❌✅⚠]/u)
        const comment = renderComment(made)
        expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT)
        expect(comment).toMatch(/^### [❌✅⚠]/u)
      }),
      { numRuns: 40 }
    )
  })
})
