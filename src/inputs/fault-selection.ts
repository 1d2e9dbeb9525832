import { notPlantable } from '../faults/not-plantable.js'
import type { Fault, FaultSelection } from '../model.js'
import { parseLines } from './lists.js'
import { didYouMean } from './nearest.js'
import { ProblemList } from './problems.js'

/** What the selection needs to know of each fault. */
export type CatalogueEntry = Pick<Fault, 'id' | 'code' | 'alsoCode' | 'family' | 'default' | 'packs' | 'aim'>

/**
 * Resolves `default`, `all`, ids, catalogue codes (every form of the fault), families, packs and `!NAME`. A name that is
 * both a family and a pack stands for the faults of both. What is left out stays out wherever its line stands; a list that
 * only leaves out starts from the default set.
 *
 * @returns ids in the catalogue's order
 */
export function parseFaults(
  value: string,
  catalogue: readonly CatalogueEntry[],
  problems: ProblemList
): FaultSelection {
  const included = new Set<string>()
  const excluded = new Set<string>()
  let known = true
  const lines = parseLines(value)
  for (const line of lines) {
    const name = line.replace(/^!\s*/, '')
    const matches = resolve(name, catalogue)
    if (matches === undefined) {
      known = false
      problems.add('faults', line, complaintOf(name, catalogue), acceptedNames(catalogue))
    }
    for (const { id } of matches ?? []) (line.startsWith('!') ? excluded : included).add(id)
  }
  const subtractsOnly = lines.every((line) => line.startsWith('!'))
  const selection = catalogue
    .filter(
      ({ id, default: inDefault }) => (subtractsOnly ? inDefault : included.has(id)) && !excluded.has(id)
    )
    .map(({ id }) => id)
  if (known && selection.length === 0) {
    problems.add('faults', lines.join(' '), 'leaves no fault to test', acceptedNames(catalogue))
  }
  return selection
}

/** What is wrong with a name that stands for no fault; whoever took it from a list of what is known hears why. */
function complaintOf(name: string, catalogue: readonly CatalogueEntry[]): string {
  const known = notPlantable.find(({ id, code }) => id === name || code === name.toUpperCase())
  if (known === undefined) return `is not a fault${didYouMean(name, namesOf(catalogue))}`
  const [reason, instead] = [known.reason, known.instead].map((sentence) => sentence.replace(/\.$/, ''))
  return `is not planted (${reason}. Instead: ${instead})`
}

/** @returns the faults that a name stands for, or undefined when it stands for none */
function resolve(name: string, catalogue: readonly CatalogueEntry[]): readonly CatalogueEntry[] | undefined {
  if (name === 'all') return catalogue
  if (name === 'default') return catalogue.filter((entry) => entry.default)
  const byId = catalogue.filter(({ id }) => id === name)
  const code = name.toUpperCase()
  const matches =
    byId.length > 0
      ? byId
      : catalogue.filter(
          ({ code: own, alsoCode, family, packs }) =>
            own === code || alsoCode === code || family === name || packs?.some((pack) => pack === name)
        )
  return matches.length > 0 ? matches : undefined
}

function namesOf(catalogue: readonly CatalogueEntry[]): readonly string[] {
  const ids = catalogue.map(({ id }) => id)
  const sets = [...familiesOf(catalogue), ...packsOf(catalogue)]
  return [...ids, ...codesOf(catalogue), ...sets, 'default', 'all']
}

function acceptedNames(catalogue: readonly CatalogueEntry[]): string {
  const ids = catalogue.map(({ id }) => id).join(', ')
  const codes = codesOf(catalogue).join(', ')
  const families = familiesOf(catalogue).join(', ')
  const packs = packsOf(catalogue).join(', ')
  const named = packs === '' ? `families: ${families}` : `families: ${families}; packs: ${packs}`
  return `default, all; ids: ${ids}; codes: ${codes}; ${named}; one a line, !NAME leaves one out`
}

function codesOf(catalogue: readonly CatalogueEntry[]): readonly string[] {
  return [
    ...new Set(
      catalogue.flatMap(({ code, alsoCode }) => [code, ...(alsoCode === undefined ? [] : [alsoCode])])
    )
  ]
}

function familiesOf(catalogue: readonly CatalogueEntry[]): readonly string[] {
  return [...new Set(catalogue.map(({ family }) => family))]
}

function packsOf(catalogue: readonly CatalogueEntry[]): readonly string[] {
  return [...new Set(catalogue.flatMap(({ packs }) => packs ?? []))]
}

/** Whether a selection includes faults that a scenario file names for certain paths: `default` does, and whoever names them. */
export function selectsPaired(value: string, fault: string, catalogue: readonly CatalogueEntry[]): boolean {
  const paired = catalogue.map((entry) => (entry.id === fault ? { ...entry, default: true } : entry))
  return parseFaults(value, paired, new ProblemList()).includes(fault)
}
