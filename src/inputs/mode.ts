import type { RunMode } from '../model.js'
import { didYouMean } from './nearest.js'
import type { ProblemList } from './problems.js'

const MODES = ['test', 'plan', 'merge'] as const satisfies readonly RunMode[]

/** @returns what the run is for, or undefined after a problem */
export function parseMode(value: string, problems: ProblemList): RunMode | undefined {
  const mode = MODES.find((candidate) => candidate === value)
  if (mode === undefined) {
    problems.add('mode', value, `is not a mode${didYouMean(value, MODES)}`, MODES.join(', '))
  }
  return mode
}
