import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { catalogue } from '../../../src/faults/catalogue.js'
import { renderFaultPage, renderFaultSummary } from '../../../src/faults/document.js'
import { notPlantable } from '../../../src/faults/not-plantable.js'
import { replaceBlock } from '../../../src/inputs/documents.js'

const root = new URL('../../../', import.meta.url)

function inStep(file: string, render: (text: string) => string): void {
  const path = new URL(file, root)
  const expected = render(readFileSync(path, 'utf8'))
  if (process.env.UPDATE === '1') writeFileSync(path, expected)
  expect(readFileSync(path, 'utf8')).toBe(expected)
}

describe('documents that are made from the catalogue (UPDATE=1 writes them)', () => {
  test('the README has every fault in its family and in its packs', () => {
    inStep(
      'README.md',
      (text) =>
        replaceBlock(text, 'faults', renderFaultSummary(catalogue)) ?? 'a marker of the faults is missing'
    )
  })

  test('docs/faults.md has every fault and what is not planted', () => {
    inStep('docs/faults.md', () => renderFaultPage(catalogue, notPlantable))
  })

  test('every thread is a link, and every pattern stays inside its code span', () => {
    const page = renderFaultPage(catalogue, notPlantable)
    const threads = catalogue.flatMap(({ evidence }) => evidence)
    expect(threads.length).toBeGreaterThan(50)
    for (const thread of threads) {
      const [repository, number] = thread.split('#')
      expect(page).toContain(`[${thread}](https://github.com/${repository}/issues/${number})`)
    }
    for (const { signatures } of catalogue) {
      for (const { pattern } of signatures) expect(pattern).not.toContain('`')
    }
  })

  test('every fault says what it plants, who met it, what the log says and what to do', () => {
    const sections = renderFaultPage(catalogue, notPlantable).split(/^## /m)
    for (const { id, title, remedy } of catalogue) {
      const text = sections.find((section) => section.startsWith(`${id}\n`)) ?? ''
      expect(text).toContain(`${title}.`)
      expect(text).toMatch(/^Who met it:\s\S/m)
      expect(text).toMatch(/^What the log says:(?:\s\S|\n\n- `)/m)
      expect(text).toMatch(/^What to do about it:\s\S/m)
      expect(remedy).toMatch(/\S/)
    }
  })

  test('no line of prose is longer than 130 columns, but for patterns and tables', () => {
    const long = renderFaultPage(catalogue, notPlantable)
      .split('\n')
      .filter((line) => line.length > 130 && !line.startsWith('|') && !line.startsWith('- `'))
    expect(long).toEqual([])
  })
})

describe('what is not planted', () => {
  test('has ids that no fault has, and says why and what stands for it', () => {
    const ids = new Set(catalogue.map(({ id }) => id))
    for (const { id, reason, instead } of notPlantable) {
      expect(ids.has(id)).toBe(false)
      expect(reason).toMatch(/\.$/)
      expect(instead).toMatch(/\.$/)
    }
  })
})
