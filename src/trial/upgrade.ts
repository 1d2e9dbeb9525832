import { parentOf } from '../paths.js'
import { bootRequest, FIRST_BOOT_MS, patience, type TrialConditions } from './boots.js'
import { STATE_BOUNDS, readRoots, type Bench, type Lab } from './lab.js'
import { boot } from './observe.js'
import { findOldCode, hasPythonCode, mayLoadFromVolumes, SILENT_PYTHON } from './old-code.js'
import { isUp, shortcoming } from '../boot-health.js'
import { writeState } from './state.js'
import type { Problem, Stage } from './stage.js'
import { UNKNOWN_CODE } from '../model.js'

/**
 * Lets the previous release fill fresh volumes: boots it with the same readiness checks, stops it gracefully, and adds users'
 * files. Where it does not start, there is nothing to upgrade from, which says nothing about the image under test.
 */
export async function stageUpgrade(
  lab: Lab,
  conditions: TrialConditions,
  bench: Bench
): Promise<Stage | Problem> {
  const { engine, mounts } = lab
  const { previous, control, seedState } = conditions
  if (previous === undefined) return { problem: 'there is no previous image' }
  const { reference, template } = previous
  const volumes = bench.volumes({ noCopy: false })
  const before = await bench.container(volumes, { template })
  await writeState(lab, bench, before, volumes, seedState)
  const deadlineMs = lab.health.startupTimeoutMs ?? Math.max(FIRST_BOOT_MS, conditions.deadlineMs)
  const limits = { ...conditions, deadlineMs }
  const request = { ...bootRequest(lab, before, limits, undefined), checks: conditions.checks }
  const during = bench.timeline.during('previous release')
  // What this release's smoke test asks, and what must not be in its log, the previous one need not know.
  const observed = await conditions.slot((onSettled) =>
    boot(engine, { ...request, smokeTest: undefined, forbidLogs: [] }, lab.signal, { onSettled, during })
  )
  if (!isUp(observed)) {
    const words = `the previous image ${reference} does not start: it ${shortcoming(observed)}`
    return { problem: words, boot: observed }
  }
  // Another release may end gracefully where this one does not.
  await during('stop', () =>
    engine.stopContainer(before.id, control.ignoresStopSignal ? undefined : patience(lab))
  )

  const left = await readRoots(engine, before.id, mounts, { ...STATE_BOUNDS, keepContent: true })
  if ([...left.entries.keys()].every((path) => mounts.includes(path))) {
    return { problem: `the previous image ${reference} left nothing on ${mounts.join(', ')}` }
  }
  const first = await bench.container(volumes)
  const sentinels = [...control.sentinels.values()].filter(
    ({ path }) => left.entries.get(parentOf(path))?.type === 'directory'
  )
  await writeState(lab, bench, first, volumes, sentinels)

  // Where it stays unknown, the boot itself may still fail, which is worth more than a reason not to look.
  const { python } = conditions
  let oldCode: Stage['oldCode']
  if (python === SILENT_PYTHON) {
    if (hasPythonCode(left.entries)) oldCode = UNKNOWN_CODE
  } else if (python !== undefined && !mayLoadFromVolumes(python, mounts, left.entries)) {
    oldCode = []
  } else if (python !== undefined) {
    const state = {
      entries: [...left.entries.values()],
      seedState,
      cleanState: control.volumes,
      canary: conditions.canary,
      checks: conditions.checks,
      limits
    }
    const found = left.truncated ? undefined : await findOldCode(lab, bench, python, state)
    oldCode = found?.map(({ file, own }) => ({ file, own })) ?? UNKNOWN_CODE
  }
  return { containers: [first], next: () => bench.container(volumes), oldCode }
}
