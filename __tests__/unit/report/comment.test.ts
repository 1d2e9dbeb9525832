import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { COMMENT_LIMIT, renderComment } from '../../../src/report/comment.js'
import { makeReport } from '../../../src/report/report.js'
import { golden } from '../../fixtures/report/golden.js'
import { hostile } from '../../fixtures/report/hostile.js'
import { record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'

const context = {
  faults: catalogue,
  repository: 'octo-org/octo-repo',
  sha: '4a1b7c3d9e0f4a1b7c3d9e0f4a1b7c3d9e0f4a1b',
  runUrl: 'https://github.com/octo-org/octo-repo/actions/runs/42'
}

describe('the comment on a pull request', () => {
  test('shows what failed as it did', async () => {
    const comment = renderComment(makeReport(rich, context))
    expect(comment).toBe(await golden('comment.md', comment))
  })

  test('of a run that passed has no table', () => {
    const results = [result({}, { kind: 'recovered', detail: '/root/.cache is a directory again' })]
    const comment = renderComment(makeReport(record({ results }), context))
    expect(comment).toMatch(/^### ✅ Start-up survived the scenario\n/)
    expect(comment).not.toContain('|')
  })

  test('links to nothing that is no run of GitHub', () => {
    const comment = renderComment(makeReport(rich, { ...context, runUrl: 'javascript:alert(1)' }))
    expect(comment).not.toContain('javascript')
  })

  test.each([COMMENT_LIMIT, 10_000, 2_000, 300])(
    'fits %i characters whatever others wrote, and stays text',
    (limit) => {
      const comment = renderComment(makeReport(hostile, context), limit)
      expect(comment.length).toBeLessThanOrEqual(limit)
      expect(comment).toMatch(/^### ❌ Start-up failed 270 of 300 scenarios\n/)
      expect(comment).not.toMatch(/@(?=everyone|octo-org\/team)|<script|<img|(?<!`)\[click\]\(/)
    }
  )

  test('says how many rows it left out', () => {
    expect(renderComment(makeReport(hostile, context))).toMatch(
      /\d+ more scenarios did not pass: see the job summary\./
    )
  })
})
