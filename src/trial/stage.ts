import { bootOnce, isUp, stop, type Container, type TrialConditions } from './boots.js'
import { seedEntries } from './plant.js'
import type { Bench, Lab } from './lab.js'
import type { VolumeMount } from './container.js'
import type { Scenario, TreeEntry } from '../model.js'

/** A container that waits to be started on the planted state, and how to make another one on the same volumes. */
export interface Stage {
  readonly containers: readonly Container[]
  readonly next: () => Promise<Container>
}

/** Brings the volumes and containers into the planted state, by the rules of the boot mode. */
export async function stage(
  lab: Lab,
  scenario: Scenario,
  conditions: TrialConditions,
  bench: Bench
): Promise<Stage | { readonly problem: string }> {
  const { engine } = lab
  const { plant, mode } = scenario
  const seeded = conditions.control.volumes.every(({ truncated }) => !truncated)
  const volumes = bench.volumes({ noCopy: seeded })
  const seed = seedEntries(conditions.control, plant)

  if (mode === 'restart' || plant.kill === true) {
    const container = await bench.container(volumes)
    await writeState(lab, bench, container, volumes, seedEntries(conditions.control, NOTHING))
    const clean = await bootOnce(lab, conditions, bench, container, {
      canary: undefined,
      label: 'clean boot'
    })
    if (!isUp(clean)) return { problem: `the clean boot before the fault failed: ${clean.outcome.kind}` }
    await bench.timeline.during('clean boot')('stop', () =>
      plant.kill === true ? engine.killContainer(container.id) : stop(lab, conditions, container.id)
    )
    await writeState(lab, bench, container, volumes, plant.entries)
    if (mode === 'restart') return { containers: [container], next: () => Promise.resolve(container) }
    return { containers: [await bench.container(volumes)], next: () => bench.container(volumes) }
  }

  const mounted = withReadOnlyMount(volumes, scenario, bench)
  const count = mode === 'concurrent' ? conditions.replicas : 1
  const containers: Container[] = []
  for (let made = 0; made < count; made++) containers.push(await bench.container(mounted))
  const [first] = containers
  if (first === undefined) return { problem: 'no container was created' }
  await writeState(lab, bench, first, mounted, [...seed, ...readOnlyContent(lab, scenario), ...plant.entries])
  return { containers, next: () => bench.container(mounted) }
}

const NOTHING = { entries: [], summary: 'nothing' }

/** The run's volumes, with the one at the fault's path read-only, or one more that is. */
function withReadOnlyMount(
  volumes: readonly VolumeMount[],
  { plant }: Scenario,
  bench: Bench
): VolumeMount[] {
  const { readOnlyMount } = plant
  if (readOnlyMount === undefined) return [...volumes]
  if (volumes.some(({ target }) => target === readOnlyMount)) {
    return volumes.map((volume) => (volume.target === readOnlyMount ? { ...volume, readOnly: true } : volume))
  }
  return [...volumes, bench.volume(readOnlyMount, { noCopy: true, readOnly: true })]
}

/** What a volume mounted read-only at the target holds: what healthy start-up left there, owned as it was. */
function readOnlyContent(lab: Lab, { plant, target }: Scenario): TreeEntry[] {
  if (plant.readOnlyMount === undefined || lab.mounts.includes(plant.readOnlyMount)) return []
  return target.entry?.type === 'directory' ? [...target.tree.values()] : []
}

/**
 * Writes through the container itself, or, where it could not (a read-only mount or root file system), through one that is
 * never started and mounts the same volumes writable.
 */
async function writeState(
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
