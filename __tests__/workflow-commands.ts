/** A command that the runner would execute. */
export interface WorkflowCommand {
  readonly name: string
  /** As it stands in the line, escapes included. */
  readonly value: string
}

/** What the runner makes of a step's output. */
export interface Heard {
  /** In order, `stop-commands` and the token that ends it left out. */
  readonly commands: readonly WorkflowCommand[]
  /** Lines that are shown as text. */
  readonly text: readonly string[]
  /** Whether commands are still stopped at the end. */
  readonly stopped: boolean
}

/** actions/runner, src/Runner.Worker/ActionCommandManager.cs: the commands that are registered. */
const REGISTERED = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning'
])

/** A stream as the runner reads it (.NET, StreamReader.ReadLine): CR, LF and CRLF end a line. */
export function runnerLines(output: string): string[] {
  return output.split(/\r\n|\n|\r/)
}

/**
 * Reads a step's output as the runner does (actions/runner, src/Runner.Worker/ActionCommandManager.cs): only names that are
 * registered are commands, in any case; while commands are stopped, the token that ends it is the only one.
 */
export function hear(output: string): Heard {
  const commands: WorkflowCommand[] = []
  const text: string[] = []
  let token: string | undefined
  const isKnown = (name: string): boolean =>
    REGISTERED.has(name.toLowerCase()) || name.toLowerCase() === token?.toLowerCase()
  for (const line of runnerLines(output)) {
    const command = commandIn(line, isKnown)
    if (command === undefined) text.push(line)
    else if (token !== undefined) {
      if (command.name.toLowerCase() === token.toLowerCase()) token = undefined
      else text.push(line)
    } else if (command.name.toLowerCase() === 'stop-commands') token = command.value
    else commands.push(command)
  }
  return { commands, text, stopped: token !== undefined }
}

/**
 * The command in one line (actions/runner, src/Runner.Common/ActionCommand.cs, TryParseV2, then TryParse):
 * `::name properties::value` at its start, white space before it allowed, or `##[name properties]value` anywhere.
 * @param isRegistered by default every name is one, which is stricter than the runner: a later one may know more
 */
export function commandIn(
  line: string,
  isRegistered: (name: string) => boolean = () => true
): WorkflowCommand | undefined {
  const seen = weighty(line)
  const [, newer, newerValue = ''] = /^\s*::(.*?)::(.*)$/su.exec(seen) ?? []
  const [, older, olderValue = ''] = /##\[(.*?)\](.*)$/su.exec(seen) ?? []
  for (const [info, value] of [
    [newer, newerValue],
    [older, olderValue]
  ] as const) {
    const [name = ''] = info?.split(' ') ?? []
    if (info !== undefined && isRegistered(name)) return { name, value }
  }
  return undefined
}

/** .NET compares by culture there, which skips what has no weight: formats and controls, but for white space (ICU, root). */
function weighty(line: string): string {
  return line.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cc}]/gu, (character) =>
    /[\s\u0085]/u.test(character) && character !== '\ufeff' ? ' ' : ''
  )
}

/** The commands of one name. */
export function valuesOf({ commands }: Heard, name: string): string[] {
  return commands.filter((command) => command.name === name).map(({ value }) => value)
}

/**
 * The lines that make an annotation by a problem matcher that one of GitHub's own actions adds, by its owner: what the last line
 * of its pattern looks for (`.github/*.json` and `matchers.json` of setup-python, setup-node, setup-go, setup-java and
 * setup-dotnet, in 2026, and what `tsc --pretty` prints). Written in words of ours, and wider where that is simpler: digits are
 * .NET's, names and rules may be anything.
 */
const MATCHERS: readonly (readonly [owner: string, line: RegExp])[] = [
  ['python', /^\s*raise\s.*\('.*'\)$/u],
  ['tsc', /^.*[^\s].*\(\p{Nd}+(?:,\p{Nd}+)*\)\s*:\s+(?:error|warning|info)\s+\w{1,2}\p{Nd}+\s*:/u],
  ['tsc', /^.*[^\s].*[(:]\p{Nd}+[,:]\p{Nd}+(?:\):\s+|\s+-\s+)(?:error|warning|info)\s+TS\p{Nd}+\s*:/u],
  ['eslint-compact', /^.+:\sline\s\p{Nd}+,\scol\s\p{Nd}+,\s(?:Error|Warning|Info)\s-\s.+\s\(.+\)$/u],
  ['eslint-stylish', /^\s+\p{Nd}+:\p{Nd}+\s+(?:error|warning|info)\s+.*\s\s+.*$/u],
  ['go', /[/\\].+\.go:(?:\p{Nd}+:\p{Nd}+:)? /u],
  ['java', /^Exception in thread ".*" .*: .*$/u],
  ['csc', /^.*\(\p{Nd}+(?:,\p{Nd}+)*\):\s+(?:error|warning)\s+[a-zA-Z]+\p{Nd}+:.*\s\[.*\]$/u]
]

/**
 * Whose problem matcher makes an annotation of a line. The runner takes colours away before it looks (actions/runner,
 * src/Runner.Worker/Handlers/OutputManager.cs).
 */
export function matchedBy(line: string): string[] {
  // eslint-disable-next-line no-control-regex -- the runner's own expression looks for an escape
  const plain = line.replace(/\x1b\[[0-9;]*m?/g, '')
  return MATCHERS.flatMap(([owner, pattern]) => (pattern.test(plain) ? [owner] : []))
}
