import type { BootObservation, SmokeTestResult, Stability } from '../model.js'
import type { RunningBoot } from './running-boot.js'
import { runSmokeTest } from './smoke-test.js'
import { linkedController, sleep, within } from '../wait.js'

/** What was seen after ready. */
export type Steadiness = Pick<BootObservation, 'stability' | 'smokeTest'>

/** How long output takes from the process through the engine to us, generously. */
const LOG_LATENCY_MS = 50

/**
 * Watches a container that has become ready: whether it stays as it is for `stable-for`, and then what the smoke test says.
 * A container that does not stay up under the smoke test is unstable, and the test's result then tells nothing.
 * @throws the signal's reason, or an error that says nothing about the image
 */
export async function watchSteadiness(boot: RunningBoot): Promise<Steadiness> {
  const { request, signal, during } = boot
  const stability = await during('stable', () => watchStability(boot))
  if (stability.kind !== 'stable') return { stability, smokeTest: undefined }
  if (!request.smokeTest) {
    if (request.stableForMs < LOG_LATENCY_MS) await sleep(LOG_LATENCY_MS, signal)
    await hearAll(boot)
    return { stability, smokeTest: undefined }
  }
  const { smokeTest: asked } = request
  const smokeTest = await during('smoke-test', () => testUnlessDead(boot, asked))
  const after = await stateNow(boot)
  if (after.kind !== 'stable') return { stability: after, smokeTest: undefined }
  // What the smoke test made the service say must be in the log before the log is judged.
  await sleep(LOG_LATENCY_MS, signal)
  await hearAll(boot)
  return { stability, smokeTest }
}

/** A container that is well is judged by what it said, where that is watched for. @throws as `heard` of its log does */
async function hearAll({ request, log }: RunningBoot): Promise<void> {
  if (request.canary !== undefined || request.forbidLogs.length > 0) await log.heard()
}

async function watchStability(boot: RunningBoot): Promise<Stability> {
  await within(boot.request.stableForMs, firstTrouble(boot), boot.signal)
  return await stateNow(boot)
}

/** Settles when the container has died or become unhealthy; rejects when it cannot be observed any more. */
async function firstTrouble({ life, log, output }: RunningBoot): Promise<void> {
  await Promise.race([life.died, life.worsened, log.broken, output.failed])
}

async function stateNow(boot: RunningBoot): Promise<Stability> {
  const { engine, request, life } = boot
  await boot.log.intact()
  const asked = life.healthNews
  const state = await engine.inspectContainer(request.containerId)
  if (!state.running) life.ended()
  if (life.death) {
    await boot.log.drained()
    const { exitCode, oomKilled } = await boot.exit()
    return { kind: 'exited', exitCode, oomKilled }
  }
  life.inspected(state.health, asked)
  if (state.restartCount > 0) return { kind: 'restarted', count: state.restartCount }
  return life.unhealthy ? { kind: 'unhealthy' } : { kind: 'stable' }
}

/** @returns undefined when the container died or became unhealthy first */
async function testUnlessDead(
  boot: RunningBoot,
  smokeTest: NonNullable<RunningBoot['request']['smokeTest']>
): Promise<SmokeTestResult | undefined> {
  const { controller, unlink } = linkedController(boot.signal)
  const ports = await portsForTest(boot)
  const run = runSmokeTest({ ...smokeTest, container: boot.request.name, ports }, controller.signal)
  try {
    return (await Promise.race([run, firstTrouble(boot)])) ?? undefined
  } finally {
    controller.abort()
    unlink()
    // Its processes are gone and its file is removed before anyone goes on.
    await run.catch(() => undefined)
  }
}

/** Published ports, those that speak HTTP as far as the checks tell first. */
async function portsForTest({ ports, request }: RunningBoot) {
  const http = new Set<number>()
  for (const check of request.checks) {
    if (check.kind === 'http') http.add(check.port)
    if (check.kind === 'answers' && check.answer.kind === 'http') http.add(check.port)
  }
  const published = await ports.published()
  return [...published].sort((a, b) => Number(http.has(b.containerPort)) - Number(http.has(a.containerPort)))
}
