import { isFine } from '../boot-health.js'
import { rounded, type Clean } from './clean.js'
import { excerpt } from './excerpt.js'
import type { LabelledBoot } from './logs.js'
import type { ReportScenario } from './schema.js'
import type { BootObservation, Observation, Verdict } from '../model.js'

/** The slowest boot's time to ready, in seconds; null unless every one was ready. */
export function slowestReady(boots: readonly BootObservation[]): number | null {
  const times = boots.flatMap(({ outcome }) => (outcome.kind === 'ready' ? [outcome.seconds] : []))
  return times.length === 0 || times.length < boots.length ? null : rounded(Math.max(...times))
}

/** A scenario's boots in the order in which they began, as its phases name them. */
export function labelledBoots({ boots, secondBoot }: Observation): LabelledBoot[] {
  const label = (index: number): string => (boots.length === 1 ? 'boot' : `replica ${index + 1}`)
  return [
    ...boots.map((observation, index) => ({ label: label(index), observation })),
    ...(secondBoot === undefined ? [] : [{ label: 'second boot', observation: secondBoot }])
  ]
}

/** The boot whose log explains the verdict; undefined when there is nothing to explain. */
export function bootToShow(observation: Observation, verdict: Verdict): LabelledBoot | undefined {
  if (verdict.kind === 'recovered' || verdict.kind === 'tolerated') return undefined
  const all = labelledBoots(observation)
  if (verdict.kind === 'failed' && verdict.reason === 'second-boot' && observation.secondBoot !== undefined)
    return all.at(-1)
  return all.find(({ observation: boot }) => !isFine(boot) || boot.canary) ?? all[0]
}

export function bootOf({ outcome, stability }: BootObservation): ReportScenario['boots'][number] {
  const exit = outcome.kind === 'exited' ? outcome : stability?.kind === 'exited' ? stability : undefined
  return {
    outcome: outcome.kind,
    readySeconds: outcome.kind === 'ready' ? rounded(outcome.seconds) : null,
    exitCode: exit?.exitCode ?? null,
    oomKilled: exit?.oomKilled ?? false
  }
}

const SMOKE_TEST_BOUNDS = { head: 0, tail: 60, line: 1_000, total: 16_384 }

export function smokeTestOf(boot: BootObservation | undefined, clean: Clean): ReportScenario['smokeTest'] {
  const test = boot?.smokeTest
  if (test === undefined || (test.exitCode === 0 && !test.timedOut)) return null
  const tail = test.output
    .trimEnd()
    .split(/\r\n|\n|\r/)
    .map((line) => clean.line(line))
  const { tail: lines } = excerpt({ head: [], omittedLines: 0, tail }, SMOKE_TEST_BOUNDS)
  return {
    exitCode: test.exitCode,
    timedOut: test.timedOut,
    seconds: rounded(test.seconds),
    output: lines.join('\n')
  }
}
