import { expect } from '@jest/globals'
import { type FixtureImages, omissions } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

/**
 * What the catalogue's bytecode comes to where the interpreter is called in another way, seen through a whole run. The rules
 * themselves are in bytecode-table.ts.
 */
export interface Row {
  readonly situation: string
  readonly image: 'stale-code-correct-answer' | 'plugin-path' | 'purges-bytecode' | 'no-bytecode-on-volume'
  readonly args?: readonly string[]
  /** What each fault of the family comes to that is planned. */
  readonly scenarios: Readonly<Record<string, string>>
  /** Why the faults that are named here are not planned. */
  readonly omitted?: Readonly<Record<string, RegExp>>
}

const [STALE, UNCHECKED, CUT] = ['stale-bytecode', 'stale-bytecode-unchecked', 'truncated-bytecode'].map(
  (fault) => `${fault}@/data/pycache/recreate`
) as [string, string, string]
/** Where the control wrote no bytecode there is nothing on the volume but its mount point. */
const ALL_BAD_UNWRITTEN = {
  'truncated-bytecode@/data/recreate': 'failed: crashed',
  'stale-bytecode@/data/recreate': 'failed: stale-code',
  'stale-bytecode-unchecked@/data/recreate': 'failed: stale-code'
}
const ALL_BAD = {
  [CUT]: 'failed: crashed',
  [STALE]: 'failed: stale-code',
  [UNCHECKED]: 'failed: stale-code'
}
const NEVER_READ = /^Python in this image never reads bytecode from \/data$/

export const ROWS: readonly Row[] = [
  {
    situation:
      'a prefix on the volume: what has equal mtime and size runs, what is never checked runs, a cut body is fatal',
    image: 'stale-code-correct-answer',
    scenarios: ALL_BAD
  },
  {
    situation: '-B only keeps Python from writing: it reads all the same',
    image: 'stale-code-correct-answer',
    args: ['--command', 'python3 -B start.py'],
    scenarios: ALL_BAD_UNWRITTEN
  },
  {
    situation: 'neither does PYTHONDONTWRITEBYTECODE keep it from reading',
    image: 'stale-code-correct-answer',
    args: ['--env', 'PYTHONDONTWRITEBYTECODE=1'],
    scenarios: ALL_BAD_UNWRITTEN
  },
  {
    situation: '--check-hash-based-pycs always helps against unchecked hashes, and against nothing else',
    image: 'stale-code-correct-answer',
    args: ['--command', 'python3 --check-hash-based-pycs always start.py'],
    scenarios: { ...ALL_BAD, [UNCHECKED]: 'recovered' }
  },
  {
    situation: 'without the prefix nothing on the volume is read',
    image: 'stale-code-correct-answer',
    args: ['--env', 'PYTHONPYCACHEPREFIX='],
    scenarios: {},
    omitted: { [at(STALE)]: NEVER_READ, [at(UNCHECKED)]: NEVER_READ, [at(CUT)]: NEVER_READ }
  },
  {
    situation: 'a purge before the interpreter starts helps against all of it',
    image: 'purges-bytecode',
    scenarios: { [CUT]: 'recovered', [STALE]: 'recovered', [UNCHECKED]: 'recovered' }
  },
  {
    situation:
      'legacy bytecode in an earlier directory of the search path runs; that of another version is fatal',
    image: 'plugin-path',
    scenarios: {
      'stale-bytecode-legacy@/plugins/recreate': 'failed: stale-code',
      'orphan-bytecode@/plugins/recreate': 'failed: crashed'
    }
  },
  {
    situation: 'in a directory behind the code it is never looked for: only the standard library comes later',
    image: 'plugin-path',
    args: ['--env', 'PYTHONPATH=/app/lib:/plugins'],
    scenarios: {},
    omitted: {
      'stale-bytecode-legacy@/plugins': /comes before the code of this image$/,
      'orphan-bytecode@/plugins': /comes before the code of this image$/
    }
  }
]

/** As an omission names it: the fault at the volume. */
function at(scenario: string): string {
  return `${scenario.slice(0, scenario.indexOf('@'))}@/data`
}

/** Runs a row on the Python of the images, and holds what it says. */
export async function holdRow(
  images: FixtureImages,
  { image, args = [], scenarios, omitted = {} }: Row
): Promise<void> {
  const faults = ['--faults', 'bytecode']
  const run = await images.crashTest(image, [...faults, '--second-boot', 'false', ...args])
  expect(run.report.control).toMatchObject({ result: 'passed' })
  expect(verdicts(run.report)).toEqual(scenarios)
  const reasons = omissions(run)
  for (const [id, reason] of Object.entries(omitted)) expect(reasons[id]).toMatch(reason)
}
