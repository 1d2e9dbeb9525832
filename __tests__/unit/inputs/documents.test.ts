import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { INPUT_DEFINITIONS } from '../../../src/inputs/definitions.js'
import {
  renderActionInputs,
  renderActionOutputs,
  renderInputTable,
  renderOutputTable,
  replaceBlock
} from '../../../src/inputs/documents.js'
import { OUTPUT_DEFINITIONS } from '../../../src/inputs/outputs.js'

const root = new URL('../../../', import.meta.url)
const documents = [
  { file: 'action.yml', blocks: { inputs: renderActionInputs(), outputs: renderActionOutputs() } },
  { file: 'README.md', blocks: { inputs: renderInputTable(), outputs: renderOutputTable() } }
]

describe('documents that are made from the tables', () => {
  test.each(documents)('$file is in step with them (UPDATE=1 writes it)', ({ file, blocks }) => {
    const path = new URL(file, root)
    const text = readFileSync(path, 'utf8')
    const withInputs = replaceBlock(text, 'inputs', blocks.inputs) ?? 'a marker of the inputs is missing'
    const expected =
      replaceBlock(withInputs, 'outputs', blocks.outputs) ?? 'a marker of the outputs is missing'
    if (process.env.UPDATE === '1') writeFileSync(path, expected)
    expect(readFileSync(path, 'utf8')).toBe(expected)
  })
})

describe('the tables', () => {
  test.each([
    { table: 'inputs', names: INPUT_DEFINITIONS.map(({ name }) => name) },
    { table: 'outputs', names: OUTPUT_DEFINITIONS.map(({ name }) => name) }
  ])('name each of the $table once, in lower case with hyphens', ({ names }) => {
    expect(new Set<string>(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([])
  })

  test.each([...INPUT_DEFINITIONS, ...OUTPUT_DEFINITIONS])(
    'describe $name in whole sentences on one line',
    ({ description }) => {
      expect(description).toMatch(/^[A-Z`][^\n]*\.$/)
    }
  )
})

describe('replaceBlock', () => {
  test('replaces what stands between the markers and keeps the rest', () => {
    expect(replaceBlock('a\n# inputs:start\nold\n# inputs:end\nb\n', 'inputs', 'new\n')).toBe(
      'a\n# inputs:start\nnew\n# inputs:end\nb\n'
    )
  })

  test('sets a table off with blank lines, as Markdown needs them', () => {
    const text = 'a\n<!-- outputs:start -->\nold\n<!-- outputs:end -->\n'
    expect(replaceBlock(text, 'outputs', 'new\n')).toBe(
      'a\n<!-- outputs:start -->\n\nnew\n\n<!-- outputs:end -->\n'
    )
  })

  test('says when there is no marker', () => {
    expect(replaceBlock('# inputs:start\n', 'inputs', 'new\n')).toBeUndefined()
  })
})
