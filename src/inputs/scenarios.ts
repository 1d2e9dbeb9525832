import type { BootMode, Inputs } from '../model.js'
import type { CatalogueEntry } from './fault-selection.js'
import { parseLines } from './lists.js'
import { didYouMean } from './nearest.js'
import { type ProblemList, quote } from './problems.js'

const MODES = ['recreate', 'restart', 'concurrent', 'upgrade'] as const satisfies readonly BootMode[]

/** @returns `auto`, or modes without repetitions, always in the same order */
export function parseBootModes(value: string, problems: ProblemList): readonly BootMode[] | 'auto' {
  const accepted = `auto, or any of ${MODES.join(', ')}, one a line`
  const lines = parseLines(value)
  for (const line of lines) {
    if (line === 'auto' && lines.length > 1) {
      problems.add('boot-modes', line, 'cannot be combined with other modes', accepted)
    } else if (line !== 'auto' && !MODES.some((mode) => mode === line)) {
      problems.add('boot-modes', line, `is not a boot mode${didYouMean(line, ['auto', ...MODES])}`, accepted)
    }
  }
  return lines.length === 0 || lines.includes('auto') ? 'auto' : MODES.filter((mode) => lines.includes(mode))
}

/** Only an image of the last release makes an upgrade. */
export function checkUpgrade(
  { bootModes, previousImage }: Pick<Inputs, 'bootModes' | 'previousImage'>,
  problems: ProblemList
): void {
  if (bootModes !== 'auto' && bootModes.includes('upgrade') && previousImage === undefined) {
    problems.add('boot-modes', 'upgrade', 'needs the image of the last release in previous-image')
  }
}

/**
 * Checks the form of scenario ids. Whether the plan has such a scenario is known only later, and differs between shards.
 */
export function parseExpectFailures(
  value: string,
  catalogue: readonly CatalogueEntry[],
  problems: ProblemList
): readonly string[] {
  const accepted = `FAULT@PATH/MODE, one a line, e.g. dangling-symlink@/root/.cache/recreate`
  const ids = catalogue.map(({ id }) => id)
  const lines = parseLines(value)
  for (const line of lines) {
    const match = /^([^@]+)@(.+)\/([^/]+)$/.exec(line)
    const [fault, path, mode] = [match?.[1] ?? '', match?.[2] ?? '', match?.[3] ?? '']
    if (match === null || !(path.startsWith('/') || path === 'container' || path === 'volumes')) {
      problems.add('expect-failures', line, 'is not a scenario id', accepted)
    } else if (!MODES.some((known) => known === mode)) {
      problems.add('expect-failures', line, `ends in ${quote(mode)}, which is not a boot mode`, accepted)
    } else if (!ids.includes(fault)) {
      const complaint = `names the fault ${quote(fault)}, which does not exist${didYouMean(fault, ids)}`
      problems.add('expect-failures', line, complaint, accepted)
    }
  }
  return [...new Set(lines)]
}
