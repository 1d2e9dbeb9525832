import { endBuilds } from './builds.js'
import { ALL_LABEL } from './labels.js'
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
 * step that a killed build was at (20.10, legacy builder), and an image that others are made from is removed after them.
 */
export async function sweep(
  engine: Engine,
  isOurs: (labels: Readonly<Record<string, string>>) => boolean
): Promise<Swept> {
  await endBuilds(isOurs)
  const seen = new Set<string>()
  let failures: readonly string[] = []
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const found = (await engine.listLabelled(ALL_LABEL)).filter(({ labels }) => isOurs(labels))
    failures = await removeAll(engine, found)
    if (found.length === 0) break
    for (const { kind, id } of found) seen.add(`${kind} ${id}`)
  }
  return { removed: seen.size - failures.length, failures }
}

/** @returns what the engine said where it did not remove something */
async function removeAll(engine: Engine, found: readonly LabelledResource[]): Promise<readonly string[]> {
  const failures: string[] = []
  const removals: readonly (readonly [LabelledResource['kind'], (id: string) => Promise<void>])[] = [
    ['container', (id) => engine.removeContainer(id)],
    ['volume', (name) => engine.removeVolume(name)],
    ['image', (id) => engine.removeImage(id)]
  ]
  for (const [kind, remove] of removals) {
    const some = found.filter((resource) => resource.kind === kind)
    const results = await Promise.allSettled(some.map(({ id }) => remove(id)))
    for (const result of results) if (result.status === 'rejected') failures.push(String(result.reason))
  }
  return failures
}
