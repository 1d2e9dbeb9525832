import { isUp } from '../boot-health.js'
import { lastFailure, type ShownFailure } from './traceback.js'
import type { BootObservation, Observation, Verdict } from '../model.js'

/** A boot that failed, and what its log shows of the lines that it failed at. */
export interface FailedBoot {
  readonly boot: BootObservation
  readonly failure: ShownFailure
}

/**
 * The failure in the log that the verdict is about. A traceback says nothing about lost data, about old code, or about a link
 * that should have been left alone; where a log line was forbidden, only a failure that printed this line counts.
 */
export function shownFailure(
  verdict: Verdict,
  { boots, secondBoot }: Pick<Observation, 'boots' | 'secondBoot'>
): FailedBoot | undefined {
  if (verdict.kind !== 'failed') return undefined
  switch (verdict.reason) {
    case 'data-lost':
    case 'stale-code':
      return undefined
    case 'second-boot':
      return secondBoot === undefined ? undefined : failureOf(secondBoot)
    case 'wrong-answer':
      return first(boots, ({ smokeTest }) => smokeTest !== undefined && smokeTest.exitCode !== 0)
    case 'forbidden-log':
      return first(boots, ({ forbiddenLog }) => forbiddenLog !== undefined, printedForbidden)
    case 'crashed':
    case 'timed-out':
    case 'unstable':
    case 'replica':
      return first(boots, (boot) => !isUp(boot))
  }
}

/** What the log of a boot that failed shows. */
export function failureOf(boot: BootObservation): FailedBoot | undefined {
  const failure = lastFailure(boot.log, hasEnded(boot))
  return failure === undefined ? undefined : { boot, failure }
}

function first(
  boots: readonly BootObservation[],
  isMeant: (boot: BootObservation) => boolean,
  counts: (found: FailedBoot) => boolean = () => true
): FailedBoot | undefined {
  for (const boot of boots.filter(isMeant)) {
    const found = failureOf(boot)
    if (found !== undefined && counts(found)) return found
  }
  return undefined
}

function printedForbidden({ boot, failure }: FailedBoot): boolean {
  const { forbiddenLog } = boot
  return forbiddenLog !== undefined && failure.lines.includes(forbiddenLog.line)
}

function hasEnded({ outcome, stability }: BootObservation): boolean {
  return outcome.kind === 'exited' || stability?.kind === 'exited'
}
