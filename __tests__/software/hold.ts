import { expect } from '@jest/globals'
import { logLines, scenarioOf, type FixtureImages, type ReportedRun } from '../action/fixture-images.js'
import { leftBehindBy, verdicts } from '../action/runner.js'
import { keptVerdicts, versionIn } from './crash-test.js'
import { faultsOf, type Pair } from './pairs.js'
import { WELL_BEHAVED_FAULTS, type WellBehaved } from './well-behaved.js'

/**
 * Every default fault at a well-behaved image: nothing fails or shows nothing, something ran, and each verdict is the one
 * that is kept.
 */
export async function holdWellBehaved(images: FixtureImages, entry: WellBehaved): Promise<void> {
  const run = await images.crashTest(entry.image, [...WELL_BEHAVED_FAULTS, ...entry.args])
  expect(run.report.control).toMatchObject({ result: 'passed' })
  const found = verdicts(run.report)
  expect(Object.entries(found).filter(([, verdict]) => /^(failed|inconclusive)/.test(verdict))).toEqual([])
  expect(Object.keys(found)).not.toEqual([])
  expect(run.exitCode).toBe(0)
  expect(found).toEqual(await keptVerdicts(entry.image, found))
  expect(await leftBehindBy(run)).toEqual([])
  if (entry.version !== undefined) await holdVersion(images, entry.image, entry.version)
}

/** Each cell of a pair: the fragile one fails for the reason that is stated, the hardened one does not. */
export async function holdPair(images: FixtureImages, pair: Pair): Promise<void> {
  const faults = faultsOf(pair)
  const fragile = await images.crashTest(pair.image, [...pair.args, ...pair.fragileArgs, ...faults])
  const hardened = await images.crashTest(pair.image, [...pair.args, ...pair.hardenedArgs, ...faults])
  expect({ fragile: verdictsOf(pair, fragile), hardened: verdictsOf(pair, hardened) }).toEqual({
    fragile: Object.fromEntries(pair.cells.map(({ scenario, fails }) => [scenario, fails])),
    hardened: Object.fromEntries(pair.cells.map(({ scenario, passes }) => [scenario, passes]))
  })
  for (const { scenario, says } of pair.cells) {
    if (says !== undefined) expect(logOf(fragile, scenario)).toMatch(says)
  }
  await holdVersion(images, pair.image, pair.version)
}

/** What came out of the scenarios that the pair has cells for; a fault may also meet other paths. */
function verdictsOf({ cells }: Pair, run: ReportedRun): Record<string, string | undefined> {
  const found = verdicts(run.report)
  return Object.fromEntries(cells.map(({ scenario }) => [scenario, found[scenario]]))
}

function logOf(run: ReportedRun, scenario: string): string {
  return logLines(scenarioOf(run, scenario)).join('\n')
}

async function holdVersion(images: FixtureImages, image: string, version: Pair['version']): Promise<void> {
  const found = await versionIn(await images.tag(image), version.package)
  if (version.begins === undefined) return
  expect(`${found}.`).toMatch(new RegExp(String.raw`^${version.begins.replaceAll('.', String.raw`\.`)}[.+~]`))
}
