import { excerpt, excerptLines } from './excerpt.js'
import type { Report, ReportScenario } from './schema.js'
import { causeOf, place, sentence, standing } from './words.js'
import { xmlDocument, type XmlElement } from './xml.js'

/** Of each log; readers keep all of it in memory. */
const LOG_BOUNDS = { head: 20, tail: 80, line: 1_000, total: 32_768 }

type Outcome = 'passed' | 'failure' | 'error' | 'skipped'

interface Case {
  readonly outcome: Outcome
  readonly seconds: number
  readonly element: XmlElement
}

/**
 * JUnit's XML as Jenkins and the reporters for GitHub read it: one suite for the control, one a path, a test case a scenario.
 *
 * A case is red exactly where the run is: what is inconclusive or was not run is an `error` with `strict` and else `skipped`;
 * failures that were expected are `skipped`, too. Combinations that do not apply are no cases at all; their number is a property.
 *
 * The elements are those of Jenkins' junit-10.xsd in its strict form (jenkinsci/xunit-plugin), with `file` and `line` of a
 * test case, which its earlier form has, where a line is proven: mikepenz/action-junit-report and
 * EnricoMi/publish-unit-test-result-action read them there.
 */
export function renderJunit(report: Report): string {
  const { image, engine, control, skipped, strict } = report
  const itself: Leg = { name: null, image, engine, control }
  const legs: readonly Leg[] = report.legs.length === 0 ? [itself] : report.legs
  const notRun = skipped.map((one) => skippedCase(one, strict))
  const suites = [
    ...legs.flatMap((leg) => suitesOf(leg, report)),
    ...(notRun.length === 0 ? [] : [suite('not run', itself, report, notRun)])
  ]
  const cases = suites.flatMap(({ cases: all }) => all)
  return xmlDocument({
    name: 'testsuites',
    attributes: {
      name: 'Cache Crash Test',
      tests: cases.length,
      failures: numberOf(cases, 'failure'),
      errors: numberOf(cases, 'error'),
      time: time(report.seconds)
    },
    children: suites.map(({ element }) => element)
  })
}

/** What the suites of one leg of a matrix have in common; a run by itself is a leg without a name. */
type Leg = Pick<Report['legs'][number], 'image' | 'engine' | 'control'> & { readonly name: string | null }

interface Suite {
  readonly element: XmlElement
  readonly cases: readonly Case[]
}

function suitesOf(leg: Leg, report: Report): Suite[] {
  const scenarios = report.scenarios.filter((scenario) => scenario.leg === leg.name)
  const paths = [...new Set(scenarios.map(({ path }) => path))]
  return [
    suite('control', leg, report, [controlCase(leg)]),
    ...paths.map((path) => {
      const cases = scenarios.filter((one) => one.path === path).map((one) => scenarioCase(one, report))
      return suite(path, leg, report, cases)
    })
  ]
}

function suite(path: string, leg: Leg, report: Report, cases: readonly Case[]): Suite {
  const omitted = report.omissions.filter((one) => one.leg === leg.name && one.path === path)
  const properties = {
    image: leg.image.reference,
    'image-id': leg.image.id,
    engine: `Docker ${leg.engine.version}`,
    version: report.tool.version,
    strict: String(report.strict),
    'not-applicable': String(omitted.length),
    ...(report.origin.sha === null ? {} : { sha: report.origin.sha })
  }
  const element: XmlElement = {
    name: 'testsuite',
    attributes: {
      name: inLeg(leg.name, path),
      tests: cases.length,
      failures: numberOf(cases, 'failure'),
      errors: numberOf(cases, 'error'),
      skipped: numberOf(cases, 'skipped'),
      time: time(cases.reduce((sum, { seconds }) => sum + seconds, 0)),
      // Without fractions and zone, as Ant writes it.
      timestamp: report.startedAt.slice(0, 19)
    },
    children: [
      {
        name: 'properties',
        children: Object.entries(properties).map(([key, value]) => ({
          name: 'property',
          attributes: { name: key, value }
        }))
      },
      ...cases.map((one) => one.element)
    ]
  }
  return { element, cases }
}

function numberOf(cases: readonly Case[], wanted: Outcome): number {
  return cases.filter(({ outcome }) => outcome === wanted).length
}

function scenarioCase(scenario: ReportScenario, report: Report): Case {
  const outcome = outcomeOf(scenario, report.strict)
  const { location, log, smokeTest } = scenario
  const output = [
    ...(log === null ? [] : excerptLines(excerpt(log, LOG_BOUNDS))),
    ...(smokeTest === null ? [] : ['Output of the smoke test:', smokeTest.output])
  ]
  return {
    outcome,
    seconds: scenario.seconds,
    element: {
      name: 'testcase',
      attributes: {
        // Not the path alone: a reporter that looks for a file of that name might find one.
        classname: inLeg(scenario.leg, `${scenario.path} (${scenario.mode})`),
        name: scenario.fault,
        time: time(scenario.seconds),
        file: location?.file,
        line: location?.line
      },
      children: [
        result(outcome, scenario, explanation(scenario)),
        output.length === 0 ? undefined : { name: 'system-out', children: [output.join('\n')] }
      ]
    }
  }
}

function outcomeOf(scenario: ReportScenario, strict: boolean): Outcome {
  switch (standing(scenario)) {
    case 'failed':
      return 'failure'
    case 'surprise':
      return strict ? 'failure' : 'passed'
    case 'inconclusive':
      return strict ? 'error' : 'skipped'
    case 'expected-failure':
      return 'skipped'
    case 'passed':
      return 'passed'
  }
}

function result(outcome: Outcome, scenario: ReportScenario, words: string): XmlElement | undefined {
  if (outcome === 'passed') return undefined
  const type = standing(scenario) === 'surprise' ? 'unexpected-pass' : (scenario.reason ?? scenario.verdict)
  const before = standing(scenario) === 'expected-failure' ? 'failed as expected: ' : ''
  return { name: outcome, attributes: { type, message: `${before}${scenario.detail}` }, children: [words] }
}

/** What a reader needs to act on it, without the log. */
function explanation(scenario: ReportScenario): string {
  const { location, planted, detail, remedy, diagnosis, verdict, reproduce } = scenario
  const cause = verdict === 'failed' ? causeOf(scenario) : ''
  return [
    ...(location === null ? [] : [`at ${place(location)}: ${location.source}`]),
    `Planted: ${sentence(planted)}`,
    `Seen: ${sentence(detail)}`,
    ...(cause === '' ? [] : [`Cause: ${cause}`]),
    ...(diagnosis?.lines ?? []).map((line) => `  ${line}`),
    ...(remedy === null ? [] : [`What to do: ${sentence(remedy)}`]),
    'See it again:',
    reproduce
  ].join('\n')
}

function controlCase({ name, control }: Leg): Case {
  const failed = control.result === 'failed' ? control : undefined
  const seconds = control.result === 'passed' ? control.readySeconds : 0
  const where = failed?.location == null ? [] : [`at ${place(failed.location)}: ${failed.location.source}`]
  const cause = failed === undefined ? '' : causeOf(failed)
  return {
    outcome: failed === undefined ? 'passed' : 'failure',
    seconds,
    element: {
      name: 'testcase',
      attributes: {
        classname: inLeg(name, 'control (clean state)'),
        name: 'starts, and starts again',
        time: time(seconds),
        file: failed?.location?.file,
        line: failed?.location?.line
      },
      children:
        failed === undefined
          ? []
          : [
              {
                name: 'failure',
                attributes: { type: failed.stage, message: failed.message },
                children: [
                  [...where, sentence(failed.message), ...(cause === '' ? [] : [`Cause: ${cause}`])].join(
                    '\n'
                  )
                ]
              },
              { name: 'system-out', children: [excerptLines(excerpt(failed.log, LOG_BOUNDS)).join('\n')] }
            ]
    }
  }
}

function skippedCase({ leg, id, reason }: Report['skipped'][number], strict: boolean): Case {
  const outcome = strict ? 'error' : 'skipped'
  return {
    outcome,
    seconds: 0,
    element: {
      name: 'testcase',
      attributes: { classname: inLeg(leg, 'not run'), name: id, time: time(0) },
      children: [{ name: outcome, attributes: { type: 'not-run', message: reason } }]
    }
  }
}

function inLeg(leg: string | null, words: string): string {
  return leg === null ? words : `${leg}: ${words}`
}

/** Seconds with three digits, never in groups of thousands or with an exponent. */
function time(seconds: number): string {
  return seconds.toFixed(3)
}
