import { endBuilds } from './builds.js'
import { ALL_LABEL, isMadeByRun } from './labels.js'
import { messageOf } from '../thrown.js'
import type { Engine, LabelledResource } from '../engine/engine.js'

/** What a sweep did. */
export interface Swept {
  readonly removed: number
  /** What could not be removed, in the engine's words. */
  readonly failures: readonly string[]
}

/** Looks until nothing is found any more, but not for ever: what cannot be removed is found again each time. */
const MOST_PASSES = 3

/**
 * Ends the builds and removes every labelled resource that the predicate picks: containers first, since they hold the rest.
 * One that cannot be removed does not keep the others. Looks again where anything was found: the daemon still commits the
 * step that a killed build was at (20.10, legacy builder), and an image that others are made from is removed after them. Looks
 * again, too, where the engine failed: one that is back a moment later leaves nothing for others to find.
 */
export async function sweep(
  engine: Engine,
  isOurs: (labels: Readonly<Record<string, string>>) => boolean
): Promise<Swept> {
  await endBuilds(isOurs)
  const removed = new Set<string>()
  let failures: readonly string[] = []
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    try {
      const found = (await engine.listLabelled(ALL_LABEL)).filter(
        (found) => isMadeByRun(found) && isOurs(found.labels)
      )
      failures = await removeAll(engine, found, removed)
      if (found.length === 0) break
    } catch (error) {
      failures = [messageOf(error)]
    }
  }
  return { removed: removed.size, failures }
}

/** @returns what the engine said where it did not remove something; the rest is added to what was removed */
async function removeAll(
  engine: Engine,
  found: readonly LabelledResource[],
  removed: Set<string>
): Promise<readonly string[]> {
  const failures: string[] = []
  const removals: readonly (readonly [LabelledResource['kind'], (id: string) => Promise<void>])[] = [
    ['container', (id) => engine.removeContainer(id)],
    ['volume', (name) => engine.removeVolume(name)],
    ['image', (id) => engine.removeImage(id)]
  ]
  for (const [kind, remove] of removals) {
    const some = found.filter((resource) => resource.kind === kind)
    const attempts = some.map(({ id }) => remove(id).then(() => removed.add(`${kind} ${id}`)))
    for (const result of await Promise.allSettled(attempts)) {
      if (result.status === 'rejected') failures.push(messageOf(result.reason))
    }
  }
  return failures
}
