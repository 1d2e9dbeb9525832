import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { z } from 'zod'
import { omissions } from '../action/fixture-images.js'
import { BASES, leftBehindBy, root, runAction, verdicts, type ActionRun } from '../action/runner.js'

const baseNames = z.enum(['python3.9', 'python3.13', 'no-shell'])
type Base = z.infer<typeof baseNames>

/** What every example comes out as, the same on each of its bases: verdict and reason of each scenario, and what is left out. */
const TABLE = z
  .record(
    z.string(),
    z.object({
      bases: z.array(baseNames),
      exitCode: z.int(),
      scenarios: z.record(z.string(), z.string()),
      omissions: z.record(z.string(), z.string())
    })
  )
  .parse(JSON.parse(readFileSync(join(root, '__tests__/fixtures/verdicts/examples.json'), 'utf8')))

const INPUTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gpu-worker': { 'cache-paths': '/root/.cache\n/workspace/docstrange' },
  'manual-space': { 'cache-paths': '/data/manual_store/ocr_cache', 'data-paths': '/data/uploads' }
}

/** Runs the action on an example, e.g. `gpu-worker/fragile`, as a workflow step with these inputs would. */
export async function crashTest(
  name: string,
  base: Base,
  inputs: Readonly<Record<string, string>>
): Promise<ActionRun> {
  const [example = ''] = name.split('/')
  return await runAction({
    context: `examples/${example}`,
    file: `examples/${name}/Dockerfile`,
    'build-args': `BASE_IMAGE=${BASES[base]}`,
    'stable-for': '500ms',
    ...INPUTS[example],
    ...inputs
  })
}

/**
 * The incident's loader tries its directory with a file that has one name in every container: of several that start at once
 * one may remove it under the other, on healthy volumes too. What concurrent-start says of that is true, and up to chance.
 */
const RACES_WITH_ITSELF = ['manual-space/fragile', 'manual-space/published-advice']

const runs = new Map<string, Promise<ActionRun>>()

/** The one run of an example with the default faults and the link that must be left alone, which several tests look at. */
export async function everyFault(name: string, base: Base = 'python3.13'): Promise<ActionRun> {
  const key = `${name} ${base}`
  const faults = [
    'default',
    'symlink-to-volume',
    ...(RACES_WITH_ITSELF.includes(name) ? ['!concurrency'] : [])
  ]
  const started = runs.get(key) ?? crashTest(name, base, { faults: faults.join('\n') })
  runs.set(key, started)
  const run = await started
  if (run.report?.control.result !== 'passed') throw new Error(`nothing was tested:\n${run.output}`)
  return run
}

/** The examples that the table has on these bases, each with its base. */
export function cells(onBases: readonly Base[]): (readonly [name: string, base: Base])[] {
  return Object.entries(TABLE).flatMap(([name, { bases }]) =>
    bases.filter((base) => onBases.includes(base)).map((base) => [name, base] as const)
  )
}

/** Holds a whole run to the table: every scenario and every omission, no more and no less, and nothing left behind. */
export async function holdCell(name: string, base: Base): Promise<void> {
  const run = await everyFault(name, base)
  expect({
    bases: TABLE[name]?.bases,
    exitCode: run.exitCode,
    scenarios: verdicts(run.report),
    omissions: omissions(run)
  }).toEqual(TABLE[name])
  expect(await leftBehindBy(run)).toEqual([])
}
