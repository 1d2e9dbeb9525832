import { INPUT_DEFINITIONS } from './definitions.js'
import { nearest } from './nearest.js'

/**
 * Reads what the runner passes to an action: `INPUT_` and the name in upper case, with `_` for blanks; hyphens stay
 * (https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs). An empty value means "not
 * given", since the runner passes an empty default like a value.
 *
 * A name that is nearly one of ours is kept, so that `cache-path: …` becomes a problem instead of a run that silently
 * tests something else. Names that are nothing like ours may belong to someone else; see unknownActionInputs.
 */
export function readActionInputs(environment: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  const known = variableNames()
  const given = givenVariables(environment)
  return Object.fromEntries(
    given
      .map(({ variable, name, value }) => [known.get(variable) ?? nearMiss(name), value] as const)
      .filter((entry): entry is readonly [string, string] => entry[0] !== undefined)
  )

  function nearMiss(name: string): string | undefined {
    return nearest(name, [...known.values()]) === undefined ? undefined : name
  }
}

/** @returns names of `INPUT_` variables that readActionInputs leaves out, in lower case: worth a warning, no more */
export function unknownActionInputs(environment: Readonly<NodeJS.ProcessEnv>): readonly string[] {
  const taken = readActionInputs(environment)
  const known = variableNames()
  return givenVariables(environment)
    .filter(({ variable, name }) => !known.has(variable) && !Object.hasOwn(taken, name))
    .map(({ name }) => name)
}

/** Input names by the variable that carries them. */
function variableNames(): ReadonlyMap<string, string> {
  return new Map(INPUT_DEFINITIONS.map(({ name }) => [`INPUT_${name.toUpperCase()}`, name]))
}

interface GivenVariable {
  readonly variable: string
  readonly name: string
  readonly value: string
}

function givenVariables(environment: Readonly<NodeJS.ProcessEnv>): readonly GivenVariable[] {
  return Object.entries(environment).flatMap(([variable, value]) =>
    variable.startsWith('INPUT_') && value !== undefined && value.trim() !== ''
      ? [{ variable, name: variable.slice('INPUT_'.length).toLowerCase(), value }]
      : []
  )
}
