import { expect } from '@jest/globals'
import { omissions } from '../action/fixture-images.js'
import { leftBehindBy, runAction, verdicts, type ActionRun } from '../action/runner.js'
import { exampleInputs, EXAMPLES, tableFaults, type ExampleBase } from './examples.js'

/** Runs the action on an example, e.g. `gpu-worker/fragile`, as a workflow step with these inputs would. */
export async function crashTest(
  name: string,
  base: ExampleBase,
  inputs: Readonly<Record<string, string>>
): Promise<ActionRun> {
  return await runAction({ ...exampleInputs(name, base), ...inputs })
}

const runs = new Map<string, Promise<ActionRun>>()

/** The one run of an example with the default faults and the link that must be left alone, which several tests look at. */
export async function everyFault(name: string, base: ExampleBase = 'python3.13'): Promise<ActionRun> {
  const key = `${name} ${base}`
  const started = runs.get(key) ?? crashTest(name, base, { faults: tableFaults(name) })
  runs.set(key, started)
  const run = await started
  if (run.report?.control.result !== 'passed') throw new Error(`nothing was tested:\n${run.output}`)
  return run
}

/** The examples that the table has on these bases, each with its base. */
export function cells(onBases: readonly ExampleBase[]): (readonly [name: string, base: ExampleBase])[] {
  return Object.entries(EXAMPLES).flatMap(([name, { bases }]) =>
    bases.filter((base) => onBases.includes(base)).map((base) => [name, base] as const)
  )
}

/** Holds a whole run to the table: every scenario and every omission, no more and no less, and nothing left behind. */
export async function holdCell(name: string, base: ExampleBase): Promise<void> {
  const run = await everyFault(name, base)
  expect({
    bases: EXAMPLES[name]?.bases,
    exitCode: run.exitCode,
    scenarios: verdicts(run.report),
    omissions: omissions(run)
  }).toEqual(EXAMPLES[name])
  expect(await leftBehindBy(run)).toEqual([])
}
