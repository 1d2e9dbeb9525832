import { buildVariables, containerSecrets, maskAround, masker, secretValues } from './secrets.js'
import { cut, oneLine, visible } from './untrusted.js'
import type { RunRecord } from '../model.js'

/** Makes strings of a run fit for a report. */
export interface Clean {
  /** Prose: one line, at most 2,000 UTF-16 units. */
  readonly text: (text: string) => string
  /** A line of output: indented as it was, not yet cut. */
  readonly line: (line: string) => string
}

const LONGEST_TEXT = 2_000

/** Takes a run's secrets out before anything is cut, since half a secret would not be recognised. */
export function cleaner({ inputs, facts }: Pick<RunRecord, 'inputs' | 'facts'>): Clean {
  const build = inputs.image.kind === 'build' ? inputs.image : undefined
  const variables = { ...buildVariables(build), ...inputs.env }
  const { given, ofImage } = containerSecrets(facts)
  const mask = masker([...secretValues(variables, build?.secrets ?? {}).keys(), ...given], ofImage)
  return {
    text: (text) => cut(maskAround(text, oneLine, mask), LONGEST_TEXT),
    line: (line) => maskAround(line, visible, mask)
  }
}

/** Milliseconds are what a clock around a container can tell. */
export function rounded(seconds: number): number {
  return Math.round(Math.max(0, seconds) * 1_000) / 1_000
}
