import { PLANTED_MTIME } from '../planted-mtime.js'
import { EngineError } from '../engine/errors.js'
import { bootAll, longer, type TrialConditions } from './boots.js'
import { doubtOf, UnconfirmedError, untilConfirmed } from './doubt.js'
import { Bench, type Lab } from './lab.js'
import { stateToRestore } from './plant.js'
import { isFine, shortcoming } from '../boot-health.js'
import { NOTHING, ownedBy, strangerName } from './stage.js'
import { writeState } from './state.js'
import type { BootObservation, NotApplicable, Rehearsed, Scenario, TreeEntry } from '../model.js'

/** The hope that an image stands everything: what a plan is first made with, to see what is worth a rehearsal. */
export const HOPED_FOR: Rehearsed = { concurrent: true, stranger: true }

/** A home that only this user has; absolute, and nobody's path. */
const HOME = '/cache-crash-test-home'

/**
 * Boots on healthy state under the conditions that planned scenarios need, so that a failure there can be told from the
 * fault: as many containers at once as trials start, and a user whom the image does not know but who has a home.
 *
 * @param scenarios what would be run if the image stood everything
 * @throws EngineError when the engine fails, also during a boot
 */
export async function rehearse(
  lab: Lab,
  scenarios: readonly Scenario[],
  conditions: Omit<TrialConditions, 'slot'>
): Promise<Rehearsed> {
  const stranger = scenarios.find(({ plant }) => plant.runAs !== undefined)?.plant.runAs
  const needsReplicas = scenarios.some(({ mode }) => mode === 'concurrent')
  return {
    concurrent: needsReplicas ? await unlessUnconfirmed(atOnce(lab, conditions)) : true,
    stranger: stranger === undefined ? true : await unlessUnconfirmed(asStranger(lab, conditions, stranger))
  }
}

/** Where nothing can be known, what needs to be known is left out. */
async function unlessUnconfirmed(rehearsal: Promise<true | NotApplicable>): Promise<true | NotApplicable> {
  return await rehearsal.catch((error: unknown) => {
    if (error instanceof UnconfirmedError) return { reason: error.daemonMessage }
    throw error
  })
}

async function atOnce(lab: Lab, conditions: Omit<TrialConditions, 'slot'>): Promise<true | NotApplicable> {
  const healthy = { name: 'rehearsal-replicas', count: conditions.replicas }
  const boots = await bootUnlessByChance(lab, conditions, healthy)
  const failed = boots.filter((observed) => !isFine(observed))
  const [first] = failed
  if (first === undefined) return true
  const some = failed.length === boots.length ? 'all' : `${failed.length}`
  return {
    reason: `${boots.length} containers of this image cannot share one healthy volume, before anything is broken: ${some} of them failed, the first one ${shortcoming(first)}`
  }
}

async function asStranger(
  lab: Lab,
  conditions: Omit<TrialConditions, 'slot'>,
  runAs: { readonly uid: number }
): Promise<true | NotApplicable> {
  const [observed] = await bootUnlessByChance(lab, conditions, {
    name: 'rehearsal-stranger',
    count: 1,
    runAs
  })
  if (observed === undefined || isFine(observed)) return true
  return {
    reason: `the image does not run as a user it does not know (uid ${runAs.uid}, group 0), even with volumes and a home of its own: it ${shortcoming(observed)}`
  }
}

interface Healthy {
  readonly name: string
  readonly count: number
  readonly runAs?: { readonly uid: number }
}

/**
 * Boots again, and waits longer, where it may have failed by the machine's doing: else scenarios would be left out for it.
 * @throws UnconfirmedError where it failed in another such way each time; EngineError
 */
async function bootUnlessByChance(
  lab: Lab,
  conditions: Omit<TrialConditions, 'slot'>,
  healthy: Healthy
): Promise<BootObservation[]> {
  return await untilConfirmed(async (run) => {
    const boots = await bootHealthy(lab, run === '' ? conditions : longer(conditions), {
      ...healthy,
      name: `${healthy.name}${run}`
    })
    const failed = boots.filter((observed) => !isFine(observed))
    return {
      result: boots,
      // A crash beside one that the machine may have ended proves nothing: it may be why.
      doubts: failed.flatMap((observed) => doubtOf(observed) ?? []),
      failure: failed.map((observed) => `it ${shortcoming(observed)}`).join('; ')
    }
  })
}

async function bootHealthy(
  lab: Lab,
  conditions: Omit<TrialConditions, 'slot'>,
  { name, count, runAs }: Healthy
): Promise<BootObservation[]> {
  const bench = new Bench(lab, name)
  try {
    const whole = conditions.control.volumes.every(({ truncated }) => !truncated)
    const state = ownedBy(runAs?.uid, stateToRestore(conditions.control, conditions.seedState, NOTHING))
    const home = runAs === undefined ? [] : [homeOf(runAs.uid)]
    const volumes = [
      ...bench.volumes({ noCopy: whole }),
      ...home.map(({ path }) => bench.volume(path, { noCopy: true }))
    ]
    const options = runAs === undefined ? {} : { user: strangerName(runAs), env: { HOME } }
    const containers = []
    for (let made = 0; made < count; made++) containers.push(await bench.container(volumes, options))
    const [first] = containers
    if (first !== undefined) await writeState(lab, bench, first, volumes, [...state, ...home])
    const boots = await bootAll(
      lab,
      { ...conditions, slot: (work) => work(() => undefined) },
      bench,
      containers,
      { canary: undefined, label: name }
    )
    for (const { outcome } of boots) {
      if (outcome.kind === 'engine-error') throw new EngineError('rehearse', undefined, outcome.message)
    }
    return boots
  } finally {
    await bench.dispose()
  }
}

function homeOf(uid: number): TreeEntry {
  return { path: HOME, type: 'directory', mode: 0o700, uid, gid: 0, mtime: PLANTED_MTIME, size: 0 }
}
