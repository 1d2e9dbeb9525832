import { isWithin } from '../paths.js'
import type { Fault, NotApplicable, Plant, Target } from '../model.js'

/** What a container has at its paths, beside its own writable layer and the run's volumes. */
export interface ContainerMounts {
  /** Where the user's options mount a tmpfs, absolute. */
  readonly tmpfs: readonly string[]
  /** Whether the container cannot write to its own layer. */
  readonly readOnlyRoot: boolean
}

/**
 * Why nothing can be planted at a target because of what is mounted there. A tmpfs covers what was written before the start,
 * so the fault would never be met; and nothing can become corrupt in a layer that nobody can write to.
 */
export function covered(fault: Fault, target: Target, mounts: ContainerMounts): NotApplicable | undefined {
  if (fault.aim === 'container' || fault.aim === 'user' || fault.aim === 'volumes') return undefined
  const tmpfs = mounts.tmpfs.find((mount) => isWithin(target.path, mount))
  if (tmpfs !== undefined && !isWithin(target.volume ?? '/', tmpfs)) {
    return { reason: `${tmpfs} is a tmpfs, which is empty whenever a container starts` }
  }
  return mounts.readOnlyRoot && target.volume === undefined
    ? { reason: `${target.path} is in the root file system, which is read-only` }
    : undefined
}

/**
 * Why a plant would not outlast the engine: it takes away the directory that something is mounted at, so the engine makes it
 * again or refuses to start (`not a directory`, Docker 20.10). Start-up never gets to see that.
 * @param mountPoints of every volume and tmpfs
 */
export function inTheWay(plant: Plant, mountPoints: readonly string[]): NotApplicable | undefined {
  const taken = [
    ...plant.entries.filter(({ type }) => type !== 'directory').map(({ path }) => path),
    ...(plant.remove ?? [])
  ]
  for (const path of taken) {
    const mount = mountPoints.find((point) => isWithin(point, path))
    if (mount !== undefined)
      return { reason: `${path} leads to the mount point ${mount}, which keeps it in place` }
  }
  return undefined
}
