import { Command, CommanderError, Option } from 'commander'
import { INPUT_DEFINITIONS, INPUT_GROUPS, type InputDefinition } from './inputs/definitions.js'
import { nearest } from './inputs/nearest.js'
import { InputError, type InputProblem } from './inputs/problems.js'

/** What a command line asks for. */
export type CommandLine =
  | {
      readonly kind: 'run'
      /** Values by input name, for parseInputs. */
      readonly raw: Readonly<Record<string, string>>
      /** Leave a failing container for inspection. */
      readonly keep: boolean
    }
  | { readonly kind: 'help' | 'version'; readonly text: string }

const HELP_WIDTH = 100

/**
 * Reads the arguments of `cache-crash-test`. Every input is an option of the same name; a list is given by repeating its
 * option, a boolean may stand alone (`--strict`) or with a value (`--strict=false`).
 *
 * @param argv arguments without the interpreter and the script
 * @param version what `--version` prints
 * @throws InputError for options that do not exist, options without their value, and stray words
 */
export function parseCommandLine(argv: readonly string[], version: string): CommandLine {
  const raw = new Map<string, string>()
  const command = makeCommand(raw)
  const stray = parseOptions(command, argv)
  if (command.getOptionValue('help') === true)
    return { kind: 'help', text: `${command.helpInformation()}${AFTER_HELP}` }
  if (command.getOptionValue('version') === true) return { kind: 'version', text: `${version}\n` }
  if (stray.length > 0) throw new InputError(stray)
  return { kind: 'run', raw: Object.fromEntries(raw), keep: command.getOptionValue('keep') === true }
}

function makeCommand(raw: Map<string, string>): Command {
  const command = new Command('cache-crash-test')
    .description(
      'Boots a Docker image on cache volumes that were corrupted on purpose and tells whether start-up recovers.\n' +
        'With no options it builds the Dockerfile of the current directory.'
    )
    .usage('[options]')
    .helpOption(false)
    .configureHelp({ helpWidth: HELP_WIDTH, optionDescription: ({ description }) => description })
    .configureOutput({ getOutHasColors: () => false, writeErr: () => undefined })
    .exitOverride()
  for (const group of INPUT_GROUPS) {
    for (const definition of INPUT_DEFINITIONS as readonly InputDefinition[]) {
      if (definition.group === group && definition.actionOnly !== true)
        command.addOption(makeOption(definition, raw))
    }
  }
  command.addOption(
    new Option('--keep', 'Leave the container of a failed scenario for inspection.').helpGroup('Run:')
  )
  command.addOption(new Option('-h, --help', 'Show this text.').helpGroup('More:'))
  command.addOption(new Option('-V, --version', 'Show the version.').helpGroup('More:'))
  return command
}

const AFTER_HELP = `
Lists take one item for each time that the option is given: --cache-paths /a --cache-paths /b

Exit codes: 0 nothing failed unexpectedly; 1 a scenario or the boot on clean state failed;
2 the test could not be carried out. Inconclusive scenarios fail only with --strict.
`

function makeOption(definition: InputDefinition, raw: Map<string, string>): Option {
  const { name, group, kind, placeholder } = definition
  const flags = kind === 'boolean' ? `--${name} [true|false]` : `--${name} <${placeholder}>`
  const accumulates = kind === 'list' || kind === 'words'
  return new Option(flags, helpText(definition))
    .helpGroup(`${group}:`)
    .preset('true')
    .argParser((value) => {
      const before = accumulates ? raw.get(name) : undefined
      raw.set(name, before === undefined ? value : `${before}\n${value}`)
      return value
    })
}

/** The description for a terminal: without Markdown, with the default at its end. */
function helpText(definition: InputDefinition): string {
  const fallback = definition.defaultMeaning ?? definition.default
  const text = fallback === '' ? definition.description : `${definition.description} (default: ${fallback})`
  return text.replaceAll('`', '')
}

/** @returns a problem for each argument that is not an option of the command or the value of one */
function parseOptions(command: Command, argv: readonly string[]): readonly InputProblem[] {
  try {
    const { operands, unknown } = command.parseOptions([...argv])
    const names = command.options.map((option) => option.long ?? '')
    return [
      ...operands.map((word) => strayWord(word)),
      ...unknown.flatMap((word, index) => {
        if (word.startsWith('-')) return unknownOption(word, names)
        // Probably the value of the unknown option before it, which has a problem of its own.
        return unknown[index - 1]?.startsWith('-') === true ? [] : strayWord(word)
      })
    ]
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const option = /'(--[a-z-]+)/.exec(error.message)?.[1] ?? 'command line'
    throw new InputError([{ input: option, value: undefined, complaint: 'needs a value', accepted: '' }])
  }
}

function unknownOption(word: string, names: readonly string[]): InputProblem {
  const name = word.split('=', 1)[0] ?? word
  if (names.includes(name))
    return { input: name, value: undefined, complaint: 'takes no value', accepted: '' }
  const near = nearest(name, names)
  const hint = near === undefined ? '; --help lists them' : ` (did you mean ${near}?)`
  return { input: name, value: undefined, complaint: `there is no such option${hint}`, accepted: '' }
}

function strayWord(word: string): InputProblem {
  return { input: 'command line', value: word, complaint: 'belongs to no option', accepted: '' }
}
