import { endBuilds } from './builds.js'
import { RUN_LABEL } from './labels.js'
import type { Engine, LabelledResource } from '../engine/engine.js'

/** What a sweep did. */
export interface Swept {
  readonly removed: number
  /** What could not be removed, in the engine's words. */
  readonly failures: readonly string[]
}

/**
 * Ends the builds and removes every labelled resource that the predicate picks: containers first, since they hold the rest.
 * One that cannot be removed does not keep the others.
 */
export async function sweep(
  engine: Engine,
  isOurs: (labels: Readonly<Record<string, string>>) => boolean
): Promise<Swept> {
  await endBuilds(isOurs)
  const found = (await engine.listLabelled(RUN_LABEL)).filter(({ labels }) => isOurs(labels))
  const failures: string[] = []
  const removeAll = async (
    kind: LabelledResource['kind'],
    remove: (id: string) => Promise<void>
  ): Promise<void> => {
    let left = found.filter((resource) => resource.kind === kind).map(({ id }) => id)
    // Twice: an image that others are made from can be removed once they are gone (the legacy builder labels several).
    for (const attempt of ['first', 'last'] as const) {
      const results = await Promise.allSettled(left.map((id) => remove(id)))
      const rejected = results.flatMap((result) =>
        result.status === 'rejected' ? [String(result.reason)] : []
      )
      left = left.filter((_, index) => results[index]?.status === 'rejected')
      if (attempt === 'last') failures.push(...rejected)
    }
  }
  await removeAll('container', (id) => engine.removeContainer(id))
  await removeAll('volume', (name) => engine.removeVolume(name))
  await removeAll('image', (id) => engine.removeImage(id))
  return { removed: found.length - failures.length, failures }
}
