import type { BootObservation, Observation, SmokeTestResult } from './model.js'

/** Every boot of a trial on the planted state, in order. */
export function everyBoot({
  boots,
  secondBoot
}: Pick<Observation, 'boots' | 'secondBoot'>): readonly BootObservation[] {
  return [...boots, ...(secondBoot === undefined ? [] : [secondBoot])]
}

/** Ready, and up for as long as it was watched. */
export function staysUp({ outcome, stability }: BootObservation): boolean {
  return outcome.kind === 'ready' && (stability === undefined || stability.kind === 'stable')
}

/** Ready and still fine at the end of its checks. */
export function isUp(observed: BootObservation): boolean {
  const { smokeTest } = observed
  return staysUp(observed) && (smokeTest === undefined || smokeTest.exitCode === 0)
}

/** Ready and stable, every check passed, and nothing in the log that the user forbids. */
export function isFine(observed: BootObservation): boolean {
  return isUp(observed) && observed.forbiddenLog === undefined
}

/** What was wrong with a boot that is not fine, as the end of a sentence about it: `exited 1 before it was ready`. */
export function shortcoming(observed: BootObservation): string {
  const { outcome } = observed
  switch (outcome.kind) {
    case 'exited':
      return `exited ${outcome.exitCode} before it was ready`
    case 'timed-out':
      return `was not ready in time: ${outcome.waitingFor.join('; ')}`
    case 'engine-error':
      return `met an engine failure: ${outcome.message}`
    case 'ready':
      return `was ready, but ${checkFailure(observed)}`
  }
}

/** What failed after ready, as a clause. */
export function checkFailure({ stability, smokeTest, forbiddenLog }: BootObservation): string {
  if (stability !== undefined && stability.kind !== 'stable') return `then ${instability(stability)}`
  if (smokeTest !== undefined && smokeTest.exitCode !== 0) return smokeTestFailure(smokeTest)
  return `its log matches forbid-logs /${forbiddenLog?.pattern ?? ''}/: ${forbiddenLog?.line ?? ''}`
}

/** What a container did after it was ready: `exited 1`, `restarted once`. */
export function instability(
  stability: Exclude<BootObservation['stability'], undefined | { readonly kind: 'stable' }>
): string {
  switch (stability.kind) {
    case 'exited':
      return stability.oomKilled ? 'was killed for memory (OOM)' : `exited ${stability.exitCode}`
    case 'restarted':
      return `restarted ${stability.count === 1 ? 'once' : `${stability.count} times`}`
    case 'unhealthy':
      return 'its health check failed'
  }
}

/** How a smoke test failed, with the last line that it printed. */
export function smokeTestFailure({ exitCode, timedOut, seconds, output }: SmokeTestResult): string {
  if (timedOut) return `the smoke test did not end within ${seconds.toFixed(1)} s`
  const how = exitCode === null ? 'was killed' : `exited ${exitCode}`
  const lastLine = output.trimEnd().split('\n').at(-1)?.trim() ?? ''
  return `the smoke test ${how}${lastLine === '' ? ', and printed nothing' : `: ${lastLine}`}`
}
