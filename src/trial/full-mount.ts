import { isWithin } from '../paths.js'
import { bootOnce, type TrialConditions } from './boots.js'
import { STATE_BOUNDS, type Bench, type Lab, type Container } from './lab.js'
import { stateToRestore } from './plant.js'
import { isUp, shortcoming } from '../boot-health.js'
import { writeState } from './state.js'
import type { Problem, Stage } from './stage.js'
import type { TmpfsVolume, VolumeMount } from './container.js'
import type { FullMount, Scenario, TreeEntry } from '../model.js'

/** A tmpfs counts whole pages of 4 KiB (of 64 KiB on few machines, where a full one then only has room left). */
const PAGE_BYTES = 4096
/** Linux keeps the target of a shorter link in its inode. */
const LONGEST_INLINE_LINK = 127
/** What a file system that is full in one respect has left in the other. */
const SPARE_BYTES = 16 * 1024 * 1024
const SPARE_INODES = 100_000
/** Room for what a healthy start-up writes. */
const ROOM_BYTES = 256 * 1024 * 1024

/**
 * A container with a full file system at a path. It is a tmpfs volume, just large enough for what lies there, which is kept
 * mounted until the boot after it, so that what start-up left on the full disk can be given to an ordinary volume.
 */
export async function stageFull(
  lab: Lab,
  scenario: Scenario,
  full: FullMount,
  conditions: TrialConditions,
  bench: Bench
): Promise<Stage> {
  const { container, underneath, release } = await mountFull(lab, scenario, full, bench, {
    conditions,
    roomy: false
  })
  const next = async (): Promise<Container | Problem> => {
    const left = await lab.engine.read(container.id, full.path, { ...STATE_BOUNDS, keepContent: true })
    await release()
    // On a part of it, what start-up misses would be our doing.
    if (left?.truncated !== false)
      return { problem: `what it left at ${full.path} is too much to be read back` }
    const planted = new Set(scenario.plant.entries.map(({ path }) => path))
    const kept = [...left.entries.values()].filter(({ path }) => !isOurs(path, planted, full.path))
    const ordinary = underneath.some(({ target }) => isWithin(full.path, target))
      ? underneath
      : [...underneath, bench.volume(full.path, { noCopy: true })]
    const again = await bench.container(ordinary)
    await writeState(lab, bench, again, ordinary, kept)
    return again
  }
  const excuse = async (): Promise<Problem | undefined> => {
    const roomy = await mountFull(lab, scenario, full, bench, { conditions, roomy: true })
    const observed = await bootOnce(lab, conditions, bench, roomy.container, {
      canary: undefined,
      label: 'boot with room'
    })
    if (isUp(observed)) return undefined
    const words = `it fails as well with the same file system at ${full.path} when there is room on it: it ${shortcoming(observed)}`
    return { problem: words, boot: observed }
  }
  return { containers: [container], next, nextEvenIfDown: true, excuse }
}

interface Mounted {
  readonly container: Container
  /** The run's volumes without the full one. */
  readonly underneath: readonly VolumeMount[]
  readonly release: () => Promise<void>
}

async function mountFull(
  lab: Lab,
  { plant }: Scenario,
  full: FullMount,
  bench: Bench,
  { conditions, roomy }: { readonly conditions: TrialConditions; readonly roomy: boolean }
): Promise<Mounted> {
  const entries = [...stateToRestore(conditions.control, conditions.seedState, plant), ...plant.entries]
  const whole = conditions.control.volumes.every(({ truncated }) => !truncated)
  const underneath = bench.volumes({ noCopy: whole }).filter(({ target }) => target !== full.path)
  const on = entries.filter(({ path }) => isWithin(path, full.path) && path !== full.path)
  const tmpfs = sizeFor(full, on, roomy)
  const volumes = [...underneath, bench.volume(full.path, { noCopy: true, tmpfs })]
  const container = await bench.container(volumes)
  const release = await bench.keepMounted(volumes)
  await writeState(lab, bench, container, volumes, entries)
  return { container, underneath, release }
}

/** A tmpfs that holds these entries and nothing more, or has room for a start-up. */
export function sizeFor(full: FullMount, entries: readonly TreeEntry[], roomy: boolean): TmpfsVolume {
  const { uid, gid, mode } = full
  const bytes = PAGE_BYTES * entries.reduce((pages, entry) => pages + pagesOf(entry), 0)
  // The root is one.
  const inodes = 1 + new Set(entries.map(({ path }) => path)).size
  if (roomy) return { uid, gid, mode, bytes: bytes + ROOM_BYTES, inodes: inodes + SPARE_INODES }
  switch (full.outOf) {
    case 'space':
      return { uid, gid, mode, bytes: Math.max(PAGE_BYTES, bytes), inodes: inodes + SPARE_INODES }
    case 'inodes':
      return { uid, gid, mode, bytes: bytes + SPARE_BYTES, inodes }
  }
}

function pagesOf({ type, content, linkTarget }: TreeEntry): number {
  if (type === 'file') return Math.ceil((content?.length ?? 0) / PAGE_BYTES)
  return type === 'symlink' && (linkTarget ?? '').length > LONGEST_INLINE_LINK ? 1 : 0
}

/** What the plant put there is not what start-up left, nor is what the check of the plant tried to write beside it. */
function isOurs(path: string, planted: ReadonlySet<string>, root: string): boolean {
  const top = path.slice(root.length + 1).split('/', 1)[0] ?? ''
  return top === 'lost+found' && planted.has(`${root}/${top}`)
}
