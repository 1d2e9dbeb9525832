import { randomUUID } from 'node:crypto'

/** Label on everything that a run makes on the engine: the run's id. */
export const RUN_LABEL = 'cache-crash-test.run'

/** How everything is called that a run names itself. */
export function namePrefix(runId: string): string {
  return `cache-crash-test-${runId}-`
}

/** Repository of the tag of an image that is built for a run; the tag is the run's id. */
export const IMAGE_REPOSITORY = 'cache-crash-test'

/**
 * A name of its own for a container that is used once.
 * @param labels of the run
 */
export function newName(labels: Readonly<Record<string, string>>, purpose: string): string {
  return `${namePrefix(labels[RUN_LABEL] ?? 'unknown')}${purpose}-${randomUUID().slice(0, 8)}`
}
