import type { VolumeMount } from './container.js'
import type { Bench, Container, Lab } from './lab.js'
import type { TreeEntry } from '../model.js'

/**
 * Writes through the container itself, or, where it could not (a read-only mount or root file system), through one that is
 * never started and mounts the same volumes writable.
 */
export async function writeState(
  lab: Lab,
  bench: Bench,
  container: Container,
  volumes: readonly VolumeMount[],
  entries: readonly TreeEntry[]
): Promise<void> {
  if (entries.length === 0) return
  const needsCarrier =
    lab.template.HostConfig?.ReadonlyRootfs === true || volumes.some(({ readOnly }) => readOnly)
  const writer = needsCarrier
    ? await bench.container(
        volumes.map((volume) => ({ ...volume, readOnly: false })),
        { carrier: true }
      )
    : container
  await bench.timeline.during(null)('plant', () => lab.engine.write(writer.id, entries))
}
