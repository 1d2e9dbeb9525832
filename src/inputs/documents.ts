import { INPUT_DEFINITIONS, type InputDefinition } from './definitions.js'
import { OUTPUT_DEFINITIONS } from './outputs.js'

const LINE_WIDTH = 100

/** @returns the lines of `action.yml` from `inputs:` on, with a newline at the end */
export function renderActionInputs(): string {
  const inputs = INPUT_DEFINITIONS.map((definition: InputDefinition) => {
    const text = describe(definition)
    const value = definition.actionDefault ?? definition.default
    return `  ${definition.name}:\n${foldedScalar(text)}    required: false\n    default: '${value.replaceAll("'", "''")}'\n`
  })
  return `inputs:\n${inputs.join('')}`
}

/** @returns the lines of `action.yml` from `outputs:` on, with a newline at the end */
export function renderActionOutputs(): string {
  const outputs = OUTPUT_DEFINITIONS.map(
    ({ name, description }) => `  ${name}:\n${foldedScalar(description)}`
  )
  return `outputs:\n${outputs.join('')}`
}

/** @returns the README's table of inputs, with a newline at the end; Prettier is told not to pad its columns */
export function renderInputTable(): string {
  const rows = INPUT_DEFINITIONS.map((definition: InputDefinition) => {
    const fixed = definition.default === '' ? '' : `\`${definition.default}\``
    return [`\`${definition.name}\``, definition.defaultMeaning ?? fixed, definition.description]
  })
  return renderTable(['input', 'default', 'meaning'], rows)
}

/** @returns the README's table of outputs, with a newline at the end */
export function renderOutputTable(): string {
  const rows = OUTPUT_DEFINITIONS.map(({ name, description }) => [`\`${name}\``, description])
  return renderTable(['output', 'meaning'], rows)
}

/**
 * Puts a block between its markers, `inputs:start` and `inputs:end` in a comment of either YAML or Markdown.
 *
 * @returns the whole text, or undefined where a marker is missing
 */
export function replaceBlock(text: string, block: string, content: string): string | undefined {
  const marker = (edge: 'start' | 'end'): RegExp =>
    new RegExp(`^(?:# ${block}:${edge}|<!-- ${block}:${edge} -->)$`, 'm')
  const start = marker('start').exec(text)
  const end = marker('end').exec(text)
  if (start === null || end === null) return undefined
  const blank = start[0].startsWith('<') ? '\n' : ''
  const head = text.slice(0, start.index + start[0].length)
  return `${head}\n${blank}${content}${blank}${text.slice(end.index)}`
}

function describe(definition: InputDefinition): string {
  const { description, defaultMeaning } = definition
  return defaultMeaning === undefined ? description : `${description} Default: ${defaultMeaning}.`
}

/** A YAML folded block scalar (`>-`): nothing in it needs quoting. */
function foldedScalar(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= LINE_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return `    description: >-\n${lines.map((line) => `      ${line}\n`).join('')}`
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  )
  return `<!-- prettier-ignore -->\n${lines.join('')}`
}
