import { findDefinition, INPUT_DEFINITIONS, type InputName } from './definitions.js'
import { didYouMean } from './nearest.js'
import type { ProblemList } from './problems.js'
import { parseBoolean, parseDuration, parseWholeNumber } from './scalars.js'

/** Values by name, defaults included. */
export interface InputReader {
  /** @returns the value, or the default; undefined where there is no fixed one */
  readonly read: (name: InputName) => string | undefined
  /** Whether it was given, and is not the default. */
  readonly isGiven: (name: InputName) => boolean
  /** Applies a parser to an input that is there; undefined otherwise, and after a problem. */
  readonly when: <T>(name: InputName, parse: (value: string) => T) => T | undefined
  readonly flag: (name: InputName) => boolean
  readonly number: (name: InputName, min: number, max: number) => number | undefined
  readonly duration: (name: InputName, min: string, max: string) => number | undefined
}

/**
 * @param raw values by input name; one that is missing or blank takes its default
 * @param problems receives a problem for each name that is no input, and what is wrong with the values that are read
 */
export function inputReader(raw: Readonly<Record<string, string>>, problems: ProblemList): InputReader {
  const given = new Map(
    Object.entries(raw)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== '')
  )
  reportUnknown([...given.keys()], problems)

  const read: InputReader['read'] = (name) => given.get(name) ?? defaultOf(name)
  const when: InputReader['when'] = (name, parse) => {
    const value = read(name)
    return value === undefined ? undefined : parse(value)
  }
  return {
    read,
    isGiven: (name) => given.has(name) && given.get(name) !== defaultOf(name),
    when,
    flag: (name) => when(name, (value) => parseBoolean(name, value, problems)) ?? false,
    number: (name, min, max) => when(name, (value) => parseWholeNumber(name, value, { min, max }, problems)),
    duration: (name, min, max) => when(name, (value) => parseDuration(name, value, { min, max }, problems))
  }
}

function reportUnknown(names: readonly string[], problems: ProblemList): void {
  const known = INPUT_DEFINITIONS.map(({ name }) => name)
  for (const name of names.filter((candidate) => findDefinition(candidate) === undefined)) {
    const hint = didYouMean(name, known)
    problems.add(name, undefined, `there is no such input${hint}`, hint === '' ? known.join(', ') : '')
  }
}

function defaultOf(name: InputName): string | undefined {
  const value = findDefinition(name)?.default
  return value === '' ? undefined : value
}
