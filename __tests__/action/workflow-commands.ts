/** A command that the runner would execute. */
export interface WorkflowCommand {
  readonly name: string
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

/**
 * Reads a step's output as the runner does (actions/runner, src/Runner.Common/ActionCommand.cs): `::name props::value` at the
 * start of a line, white space before it allowed, and `##[name props]value` anywhere in a line; only names that are
 * registered, which includes the token of `stop-commands` while nothing else is executed.
 */
export function hear(output: string): Heard {
  const commands: WorkflowCommand[] = []
  const text: string[] = []
  let token: string | undefined
  for (const line of output.split(/\r\n|\n|\r/)) {
    const command = parse(line, token)
    if (command === undefined) text.push(line)
    else if (token !== undefined) {
      if (command.name === token) token = undefined
      else text.push(line)
    } else if (command.name === 'stop-commands') token = command.value
    else commands.push(command)
  }
  return { commands, text, stopped: token !== undefined }
}

function parse(line: string, token: string | undefined): WorkflowCommand | undefined {
  // .NET compares by culture there, which skips characters without weight.
  const seen = line.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').trimStart()
  const [, newer, newerValue = ''] = /^::(.*?)::(.*)$/s.exec(seen) ?? []
  const [, older, olderValue = ''] = /##\[(.*?)\](.*)$/s.exec(seen) ?? []
  const isKnown = (name: string): boolean => REGISTERED.has(name) || name === token
  for (const [info, value] of [
    [newer, newerValue],
    [older, olderValue]
  ] as const) {
    const [name = ''] = info?.trim().split(' ') ?? []
    if (isKnown(name)) return { name, value }
  }
  return undefined
}

/** The commands of one name. */
export function valuesOf({ commands }: Heard, name: string): string[] {
  return commands.filter((command) => command.name === name).map(({ value }) => value)
}
