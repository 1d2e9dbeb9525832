import { bootOnce, stop, type TrialConditions } from './boots.js'
import { stageFull } from './full-mount.js'
import { stateToRestore } from './plant.js'
import { isUp, shortcoming } from '../boot-health.js'
import { writeState } from './state.js'
import { stageUpgrade } from './upgrade.js'
import type { Bench, Container, Lab } from './lab.js'
import type { VolumeMount } from './container.js'
import type { BootObservation, Observation, Scenario, TreeEntry } from '../model.js'

/** Containers that wait to be started on the planted state. */
export interface Stage {
  readonly containers: readonly Container[]
  /** Makes one more on the state that they left, without planting; to be called once they are stopped. A problem where it cannot. */
  readonly next: () => Promise<Container | Problem>
  /** Set where the next boot shows something also when the first one did not come up. */
  readonly nextEvenIfDown?: true
  /**
   * Finds out why a boot that did not come up says nothing about the fault; undefined when it does. To be called when nothing of
   * the trial runs any more, since it boots on the same ports.
   */
  readonly excuse?: () => Promise<Problem | undefined>
  /** Code of another release that start-up runs from the volumes; undefined where nobody looked. */
  readonly oldCode?: Observation['oldCode']
}

/** Why nothing can be said about the fault, and the boot that showed it. */
export interface Problem {
  readonly problem: string
  readonly boot?: BootObservation
}

/** Brings the volumes and containers into the planted state, by the rules of the boot mode. */
export async function stage(
  lab: Lab,
  scenario: Scenario,
  conditions: TrialConditions,
  bench: Bench
): Promise<Stage | Problem> {
  const { engine } = lab
  const { plant, mode } = scenario
  if (plant.previousRelease === true) return await stageUpgrade(lab, conditions, bench)
  if (plant.fullMount !== undefined) return await stageFull(lab, scenario, plant.fullMount, conditions, bench)
  const seeded = conditions.control.volumes.every(({ truncated }) => !truncated)
  const volumes = bench.volumes({ noCopy: seeded })
  const seed = ownedBy(plant.runAs?.uid, stateToRestore(conditions.control, conditions.seedState, plant))

  if (mode === 'restart' || plant.kill === true) {
    const container = await bench.container(volumes)
    await writeState(
      lab,
      bench,
      container,
      volumes,
      stateToRestore(conditions.control, conditions.seedState, NOTHING)
    )
    const clean = await bootOnce(lab, conditions, bench, container, {
      canary: undefined,
      label: 'clean boot'
    })
    if (!isUp(clean))
      return { problem: `the clean boot before the fault failed: it ${shortcoming(clean)}`, boot: clean }
    await bench.timeline.during('clean boot')('stop', () =>
      plant.kill === true ? engine.killContainer(container.id) : stop(lab, conditions.control, container.id)
    )
    await writeState(lab, bench, container, volumes, plant.entries)
    if (mode === 'restart') return { containers: [container], next: () => Promise.resolve(container) }
    return { containers: [await bench.container(volumes)], next: () => bench.container(volumes) }
  }

  const mounted = withReadOnlyMount(volumes, scenario, bench)
  const make = (): Promise<Container> =>
    bench.container(mounted, plant.runAs === undefined ? {} : { user: strangerName(plant.runAs) })
  const count = mode === 'concurrent' ? conditions.replicas : 1
  const containers: Container[] = []
  for (let made = 0; made < count; made++) containers.push(await make())
  const [first] = containers
  if (first === undefined) return { problem: 'no container was created' }
  await writeState(lab, bench, first, mounted, [...seed, ...readOnlyContent(lab, scenario), ...plant.entries])
  return { containers, next: make }
}

/** As OpenShift runs images: a user of its own, and the group of root. */
export function strangerName({ uid }: { readonly uid: number }): string {
  return `${uid}:0`
}

/** State that belongs to the user of a deployment, as on a volume that was made for it; as it was where there is none. */
export function ownedBy(uid: number | undefined, entries: readonly TreeEntry[]): readonly TreeEntry[] {
  return uid === undefined ? entries : entries.map((entry) => ({ ...entry, uid, gid: 0 }))
}

/** Plants nothing: healthy state. */
export const NOTHING = { entries: [], summary: 'nothing' }

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
