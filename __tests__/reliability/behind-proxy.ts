import { expect } from '@jest/globals'
import { engineSocket, startFaultProxy, type FaultPlan, type FaultProxy } from './fault-proxy.js'
import { newJob, type Job } from '../action/job.js'
import { leftBehindBy, runAction, startAction, type ActionRun } from '../action/runner.js'

/** What goes wrong, by chance, is chosen anew for each of these. */
export const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 1) }, (_, at) => at + 1)

/** A run whose engine failed. */
export interface FaultyRun {
  readonly run: ActionRun
  readonly proxy: FaultProxy
  /** With `proxy`, the caller's to close. */
  readonly job: Job
}

/** Runs the action behind a proxy, which lets things go wrong from the words on that the action says. */
export async function behindProxy(
  inputs: Readonly<Record<string, string>>,
  plan: FaultPlan,
  from: string
): Promise<FaultyRun> {
  const [job, proxy] = [await newJob(), await startFaultProxy(engineSocket())]
  const env = { ...job.env, DOCKER_HOST: proxy.address }
  const running = await startAction(inputs, { env })
  const armed = running.says(from).then(() => {
    proxy.arm(plan)
  })
  const [run] = await Promise.all([running.finished, armed])
  return { run, proxy, job }
}

/**
 * What was known is right, what was not known says why, and verdict and exit code say no more than that.
 * @param right what each scenario comes out as when nothing fails, as `verdicts` gives it
 */
export function expectHonest({ run }: FaultyRun, right: Readonly<Record<string, string>>): void {
  for (const { id, verdict, reason, detail } of run.report?.scenarios ?? []) {
    if (verdict === 'inconclusive') expect(detail).toMatch(/\S/)
    else expect([id, reason === null ? verdict : `${verdict}: ${reason}`]).toEqual([id, right[id]])
  }
  const said = run.outputs.get('verdict')
  const isFragile = Object.values(right).some((each) => each.startsWith('failed'))
  expect(said).not.toBe(isFragile ? 'passed' : 'failed')
  // Without a verdict the job fails, and says of what.
  if (said === undefined) {
    expect(run.exitCode).toBe(1)
    expect(run.output).toMatch(/^::error::.+/m)
  }
}

/** Nothing is left once the job's post step has run, whose engine answers again. */
export async function expectClean({ run, job }: FaultyRun): Promise<void> {
  await runAction({}, { entry: 'post/index.js', env: job.env })
  expect(await leftBehindBy(run)).toEqual([])
}
