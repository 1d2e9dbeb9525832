import { boot, type BootRequest } from './observe.js'
import type { Bench, Container, Lab } from './lab.js'
import type { PythonStart, SILENT_PYTHON } from './old-code.js'
import type { ReadyCheck } from './probes/probe.js'
import type { PreviousImage } from '../image/image.js'
import type { BootObservation, ControlKnowledge, TreeEntry } from '../model.js'

/** A first boot of an image that nobody has timed yet: models are loaded, databases are made. */
export const FIRST_BOOT_MS = 300_000

/** How long one boot may take. */
export interface BootLimits {
  /** Until it is ready. */
  readonly deadlineMs: number
  /** For the smoke test, by how long the control's own took. */
  readonly smokeTestMs: number
}

/** What trials need beside the lab: what the control taught. */
export interface TrialConditions extends BootLimits {
  readonly control: ControlKnowledge
  readonly checks: readonly ReadyCheck[]
  readonly secondBoot: boolean
  readonly replicas: number
  /** What every volume holds before an image boots for the first time. */
  readonly seedState: readonly TreeEntry[]
  /** Where users' data is, by declaration. */
  readonly dataPaths: readonly string[]
  /** Undefined where none is given. */
  readonly previous: PreviousImage | undefined
  /** Undefined where the image has no Python, or nobody asked what it imports. */
  readonly python: PythonStart | typeof SILENT_PYTHON | undefined
  /** Printed by planted code when it runs. */
  readonly canary: string
  /** Holds a place among the trials that are booting until the work says that what follows only waits. */
  readonly slot: <T>(work: (settled: () => void) => Promise<T>) => Promise<T>
}

/** What a boot is watched for, and what the timeline calls it. */
export interface BootWatch {
  readonly canary: string | undefined
  readonly label: string
}

/** Boots containers at the same moment: replicas that race for their volume, or just one. */
export async function bootAll(
  lab: Lab,
  conditions: TrialConditions,
  { timeline }: Bench,
  containers: readonly Container[],
  { canary, label }: BootWatch
): Promise<BootObservation[]> {
  const labels = containers.map((_, index) => (containers.length === 1 ? label : `replica ${index + 1}`))
  const endWait = timeline.begin(labels[0] ?? label, 'wait')
  return await conditions.slot((settled) => {
    endWait()
    let unsettled = containers.length
    const onSettled = (): void => {
      if (--unsettled === 0) settled()
    }
    return Promise.all(
      containers.map((container, index) =>
        boot(
          lab.engine,
          { ...bootRequest(lab, container, conditions, canary), checks: conditions.checks },
          lab.signal,
          { onSettled, during: timeline.during(labels[index] ?? label) }
        )
      )
    )
  })
}

/** Boots one container. */
export async function bootOnce(
  lab: Lab,
  conditions: TrialConditions,
  bench: Bench,
  container: Container,
  watch: BootWatch
): Promise<BootObservation> {
  const [observation] = await bootAll(lab, conditions, bench, [container], watch)
  if (observation === undefined) throw new Error('a boot of one container gave no observation')
  return observation
}

/** How much longer whatever was over its time once may take the second time. */
const CONFIRMATION_FACTOR = 2

/** The limits of a boot that is to confirm that another one was not only slow. */
export function longer<T extends BootLimits>(limits: T): T {
  return {
    ...limits,
    deadlineMs: limits.deadlineMs * CONFIRMATION_FACTOR,
    smokeTestMs: limits.smokeTestMs * CONFIRMATION_FACTOR
  }
}

/** Whether a boot was over a limit, which on a busy machine says little. */
export function wasOverTime({ outcome, smokeTest }: BootObservation): boolean {
  return outcome.kind === 'timed-out' || smokeTest?.timedOut === true
}

/** What is asked of one boot beside its readiness checks, by the run's inputs. */
export function bootRequest(
  lab: Lab,
  container: Container,
  { deadlineMs, smokeTestMs }: BootLimits,
  canary: string | undefined
): Omit<BootRequest, 'checks'> {
  const { smokeTest, stableForMs, forbidLogs } = lab.health
  return {
    containerId: container.id,
    name: container.name,
    deadlineMs,
    stableForMs,
    forbidLogs,
    canary,
    smokeTest:
      smokeTest === undefined
        ? undefined
        : {
            script: smokeTest,
            workspace: lab.workspace,
            environment: lab.environment,
            deadlineMs: smokeTestMs
          }
  }
}

/**
 * How long a container may take to stop, in seconds, where the engine's 10 s may not do or it has been seen to end within them: a
 * busy machine must not turn a stop into a SIGKILL, whose traces would be taken for those of the fault.
 */
const GRACE_SECONDS = 60

/** The grace period of a stop that must not become a SIGKILL, in seconds; longer only where `options` says so. */
export function patience({ template }: Lab): number {
  return Math.max(GRACE_SECONDS, Number(template.StopTimeout ?? 0))
}

/** Graceful, unless the control showed that the image ignores its stop signal: waiting out the grace period changes nothing. */
export async function stop(
  lab: Lab,
  { ignoresStopSignal }: Pick<ControlKnowledge, 'ignoresStopSignal'>,
  id: string
): Promise<void> {
  if (ignoresStopSignal) await lab.engine.killContainer(id)
  else await lab.engine.stopContainer(id, patience(lab))
}
