import { describe, expect, test } from '@jest/globals'
import { annotations } from '../../../src/annotations.js'

function collect() {
  const shown: string[] = []
  const printed: string[] = []
  const marks = annotations(
    (kind, text) => shown.push(`${kind} ${text}`),
    (line) => printed.push(line)
  )
  return { marks, shown, printed }
}

describe('annotations of one kind', () => {
  test.each([1, 8, 9, 10, 11, 300])('are at most ten of %i, and none is lost without a word', (count) => {
    const { marks, shown, printed } = collect()
    for (let at = 1; at <= count; at++) marks.add('error', String(at))
    marks.conclude('error', 'the end')
    marks.flush()
    expect(shown.length).toBeLessThanOrEqual(10)
    expect(shown.at(-1)).toBe('error the end')
    const hidden = count - shown.filter((text) => /\d$/.test(text)).length
    const said = shown.some((text) => text.includes(`${hidden} more like these`))
    expect(said).toBe(hidden > 0)
    expect(printed).toHaveLength(Math.max(0, count - 8))
  })

  test('do not count against another kind', () => {
    const { marks, shown } = collect()
    for (let at = 0; at < 12; at++) marks.add('warning', 'w')
    marks.add('notice', 'n')
    expect(shown.at(-1)).toBe('notice n')
  })
})
