import { rounded, type Clean } from './clean.js'
import type { ReportScenario } from './schema.js'
import { cut, visible } from './untrusted.js'
import type { Diagnosis, Reduction, SourceLocation } from '../model.js'

/** UTF-16 units of a line that is quoted. */
const LONGEST_QUOTE = 500

/** What the log says of a failure, as the report says it. */
export function diagnosisOf(diagnosis: Diagnosis | undefined, clean: Clean): ReportScenario['diagnosis'] {
  if (diagnosis === undefined) return null
  const { cause, remedy, lines } = diagnosis
  return {
    cause: clean.text(cause),
    remedy: clean.text(remedy),
    lines: lines.map((line) => cut(clean.line(line), LONGEST_QUOTE))
  }
}

/** A file whose name cannot be shown as it is has no place: what is shown would be another file's name. */
export function locationOf(location: SourceLocation | undefined, clean: Clean): ReportScenario['location'] {
  if (location === undefined) return null
  const { file, line, language, source } = location
  if (clean.text(file) !== file) return null
  return {
    file,
    line,
    function: location.function === undefined ? null : cut(clean.text(location.function), LONGEST_QUOTE),
    language,
    source: cut(clean.line(source).trim(), LONGEST_QUOTE)
  }
}

/** Files of a reduction that are named. */
const NAMED_FILES = 100

export function reductionOf(reduction: Reduction | undefined, clean: Clean): ReportScenario['reduction'] {
  if (reduction === undefined) return null
  const { finding, files, outcome, trials, seconds } = reduction
  return {
    finding: clean.text(finding),
    files: files.slice(0, NAMED_FILES).map(visible),
    count: files.length,
    outcome,
    trials,
    seconds: rounded(seconds)
  }
}
