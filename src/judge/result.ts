import { diagnose, diagnoseInGeneral } from './diagnosis.js'
import { judge, type Standards } from './judge.js'
import { isUp } from '../boot-health.js'
import type {
  BootObservation,
  Diagnosis,
  FailureReason,
  Fault,
  Observation,
  Reduction,
  Scenario,
  ScenarioResult,
  Verdict
} from '../model.js'

/** Judges a trial and explains it from its logs where it did not pass. */
export function judgeTrial(
  scenario: Scenario,
  observation: Observation,
  standards: Standards,
  fault: Pick<Fault, 'signatures'>,
  expectFailures: readonly string[]
): Omit<ScenarioResult, 'keptContainer' | 'phases' | 'location' | 'reduction'> {
  const verdict = judge(scenario, observation, standards)
  const passed = verdict.kind === 'recovered' || verdict.kind === 'tolerated'
  return {
    scenario,
    verdict,
    observation,
    diagnosis: passed ? undefined : explain(verdict, observation, fault),
    expectedToFail: expectFailures.includes(scenario.id) || scenario.knownToFail !== undefined
  }
}

/** Says in a verdict which files were found to be enough, before what was seen when all of them were damaged. */
export function narrowedDown(verdict: Verdict, reduction: Reduction | undefined): Verdict {
  if (verdict.kind !== 'failed' || reduction === undefined) return verdict
  const { finding, outcome } = reduction
  const detail = outcome === 'unrepeated' ? `${verdict.detail}; ${finding}` : `${finding}: ${verdict.detail}`
  return { ...verdict, detail }
}

/** Reasons that are about a process which failed, so that whatever its log says last may be why. */
const GENERAL: ReadonlySet<FailureReason> = new Set([
  'wrong-answer',
  'crashed',
  'timed-out',
  'unstable',
  'second-boot',
  'replica'
])

/** The first boot whose log a signature of the fault knows; the last boot tells most. Else what is known in general. */
function explain(
  verdict: Verdict,
  { boots, secondBoot }: Observation,
  fault: Pick<Fault, 'signatures'>
): Diagnosis | undefined {
  const observed: BootObservation[] = [...(secondBoot === undefined ? [] : [secondBoot]), ...boots]
  for (const { log } of observed) {
    const diagnosis = diagnose(log, fault.signatures)
    if (diagnosis !== undefined) return diagnosis
  }
  if (verdict.kind !== 'failed' || !GENERAL.has(verdict.reason)) return undefined
  const down = observed.find((boot) => !isUp(boot))
  return down === undefined ? undefined : diagnoseInGeneral(down)
}
