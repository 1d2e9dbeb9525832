import { parseLines, parseQuotedLines } from './lists.js'
import { type ProblemList, quote } from './problems.js'

/** Environment variables by name, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * Parses `KEY=VALUE` lines; a bare `KEY` takes its value from the runner's environment. Values may be secrets, so a
 * problem shows the key alone, and the number of a line that has none.
 */
export function parseEnv(
  value: string,
  variables: Variables,
  problems: ProblemList
): Readonly<Record<string, string>> {
  const env = new Map<string, string>()
  for (const [index, line] of parseLines(value).entries()) {
    const { key, text } = splitPair(line)
    if (!isKey(key)) {
      const complaint = `item ${index + 1} does not start with the name of a variable`
      problems.add('env', undefined, complaint, 'KEY=VALUE or KEY, one a line')
    } else if (env.has(key)) problems.add('env', key, 'is given twice')
    else if (text !== undefined) env.set(key, text)
    else if (Object.hasOwn(variables, key) && variables[key] !== undefined) env.set(key, variables[key])
    else {
      // A line that does not look like the name of a variable may be the rest of a secret of several lines.
      const shown = /^[A-Z_][A-Z0-9_]{0,60}$/.test(key) ? quote(key) : `item ${index + 1}`
      const complaint = `${shown} is not in the runner's environment, where a name without a value is looked up`
      problems.add('env', undefined, complaint, 'KEY=VALUE, or the KEY of a variable that is set')
    }
  }
  return Object.fromEntries(env)
}

/**
 * Parses build arguments. A bare `KEY` is handed on as it is: the builder takes it from the environment and, where it is
 * not set, leaves the Dockerfile's default alone.
 */
export function parseBuildArgs(value: string, problems: ProblemList): readonly string[] {
  const lines = parseLines(value)
  for (const [index, line] of lines.entries()) {
    if (isKey(splitPair(line).key)) continue
    const complaint = `item ${index + 1} does not start with the name of an argument`
    problems.add('build-args', undefined, complaint, 'KEY=VALUE or KEY, one a line')
  }
  return lines
}

/** Parses `ID=VALUE` build secrets. No problem ever shows a value, nor a line that may be the rest of one. */
export function parseSecrets(value: string, problems: ProblemList): Readonly<Record<string, string>> {
  const accepted = 'ID=VALUE, one a line, or "ID=VALUE" in quotes where the value has several lines'
  const secrets = new Map<string, string>()
  const { items, unclosedAt } = parseQuotedLines(value)
  for (const { text, line } of items) {
    const { key, text: secret } = splitPair(text)
    if (secret === undefined || !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(key)) {
      problems.add('secrets', undefined, `line ${line} is not ID=VALUE`, accepted)
    } else if (secrets.has(key)) problems.add('secrets', key, 'is given twice')
    else secrets.set(key, secret)
  }
  if (unclosedAt !== undefined) {
    problems.add('secrets', undefined, `line ${unclosedAt} opens a quote that is never closed`, accepted)
  }
  return Object.fromEntries(secrets)
}

function splitPair(line: string): { readonly key: string; readonly text: string | undefined } {
  const equals = line.indexOf('=')
  return equals === -1
    ? { key: line, text: undefined }
    : { key: line.slice(0, equals), text: line.slice(equals + 1) }
}

/** Docker takes more than a shell does (`spring.profiles.active=test`), but neither blanks nor a leading dash. */
function isKey(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key)
}
