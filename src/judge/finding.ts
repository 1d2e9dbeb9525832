import type { Reduced } from './reduction.js'
import type { FailureReason, Plant } from '../model.js'

const BREAKS: Readonly<Record<FailureReason, string>> = {
  'data-lost': 'start-up loses data',
  'stale-code': 'start-up runs old code',
  'wrong-answer': 'the service answers wrongly',
  crashed: 'start-up dies',
  'timed-out': 'start-up hangs',
  unstable: 'the service does not stay up',
  'forbidden-log': 'start-up logs what is forbidden',
  'second-boot': 'the boot after the recovery fails',
  replica: 'replicas fail'
}

/** Files that are named; of more, the number says enough. */
const NAMED = 3

/**
 * What a search for the smallest failing set found, in one sentence without a full stop: `start-up dies if /data/index.json is
 * cut in half`.
 *
 * @param words what is said of one file and of several, as in `Plant.perFile`
 */
export function findingOf(
  reason: FailureReason,
  { items, outcome }: Reduced<string>,
  words: NonNullable<Plant['perFile']>
): string {
  const verb = items.length === 1 ? words.one : words.many
  switch (outcome) {
    case 'smallest':
      return `${BREAKS[reason]} if ${named(items)} ${verb}`
    case 'bounded':
      return `${BREAKS[reason]} if these ${items.length} files ${verb}, of which perhaps fewer are enough: ${named(items)}`
    case 'unrepeated':
      return `it did not fail again when the ${items.length} files were tried once more, so it may depend on timing`
  }
}

function named(paths: readonly string[]): string {
  const shown = paths.length > NAMED + 1 ? paths.slice(0, NAMED) : paths
  const more = paths.length === shown.length ? [] : [`${paths.length - shown.length} more`]
  const all = [...shown, ...more]
  return all.length === 1 ? all.join() : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`
}
