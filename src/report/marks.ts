import { grouped } from '../grouped.js'
import type { Report, ReportLocation, ReportScenario } from './schema.js'
import { byUrgency, named, sentence, shortVerdict, standing, verdictWords, whatToDo } from './words.js'

/** What is pointed out of a run beside its report: text that is not yet escaped, and where in the repository it belongs. */
export interface Mark {
  readonly kind: 'warning' | 'error'
  readonly text: string
  /** Of a line in a file; null for what belongs to no line. */
  readonly location: ReportLocation | null
  /** A few words for the head of a mark on a line. */
  readonly title: string
}

/** One mark a scenario that needs a reader, the most urgent first; failures at the same line are one mark. */
export function marksOf(report: Report): Mark[] {
  const scenarios = byUrgency(report.scenarios)
  const failed = scenarios.filter((scenario) => standing(scenario) === 'failed')
  const others = scenarios.filter((scenario) => standing(scenario) !== 'failed')
  return [
    ...[...grouped(failed, lineOf).values()].map(failureMark),
    ...others.flatMap((scenario) => otherMark(scenario, report.strict))
  ]
}

/** What scenarios share that fail at one line; those without a line share nothing. */
function lineOf(scenario: ReportScenario): string {
  const { location } = scenario
  return location === null ? `scenario ${named(scenario)}` : `line ${location.line} of ${location.file}`
}

function failureMark(scenarios: readonly ReportScenario[]): Mark {
  const [first, ...more] = scenarios
  if (first === undefined) throw new RangeError('a group of failures has at least one')
  const names =
    more.length === 0
      ? `${verdictWords(first)} ${named(first)}`
      : `${scenarios.length} scenarios fail here: ${scenarios.map((one) => `${shortVerdict(one)} ${named(one)}`).join(', ')}`
  return {
    kind: 'error',
    text: `${names}: ${sentence(first.detail)} ${first.remedy ?? ''}`.trimEnd(),
    location: first.location,
    title: `Start-up ${shortVerdict(first)}`
  }
}

function otherMark(scenario: ReportScenario, strict: boolean): Mark[] {
  const text =
    `${verdictWords(scenario)} ${named(scenario)}: ${sentence(scenario.detail)} ${scenario.remedy ?? ''}`.trimEnd()
  const mark = { text, location: null, title: verdictWords(scenario) }
  switch (standing(scenario)) {
    case 'inconclusive':
      return [{ ...mark, kind: 'warning' }]
    case 'surprise':
      return [{ ...mark, kind: strict ? 'error' : 'warning', text: `${text} ${whatToDo(scenario)}` }]
    case 'failed':
    case 'expected-failure':
    case 'passed':
      return []
  }
}
