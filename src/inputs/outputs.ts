/** One output of the action. */
export interface OutputDefinition {
  readonly name: string
  /** Markdown, one line. */
  readonly description: string
}

/** Every output that this version sets: the single source of `action.yml` and the README's table. */
export const OUTPUT_DEFINITIONS = [
  { name: 'verdict', description: '`passed`, `failed` or `inconclusive`.' },
  { name: 'total', description: 'Number of scenarios that ran; in the mode `plan`, that are planned.' },
  { name: 'recovered', description: 'Scenarios after which the path was healthy again.' },
  {
    name: 'tolerated',
    description: 'Scenarios in which start-up worked around a fault that is still there.'
  },
  { name: 'refused', description: 'Scenarios in which start-up rightly refused to run on damaged data.' },
  { name: 'failed', description: 'Scenarios that failed, expected failures included: gate on `verdict`.' },
  { name: 'inconclusive', description: 'Scenarios that showed nothing either way.' },
  { name: 'not-applicable', description: 'Combinations of fault and path that were left out for a reason.' },
  {
    name: 'failed-scenarios',
    description: 'Ids of the scenarios that failed, expected ones included, as a JSON array.'
  },
  {
    name: 'control-seconds',
    description: 'Time to ready of the control: a boot on clean state, in seconds.'
  },
  { name: 'image-id', description: 'Id of the image under test, `sha256:…`.' },
  { name: 'report-dir', description: 'Absolute path of the directory that holds the reports.' },
  { name: 'report-json', description: 'Absolute path of the JSON report.' },
  { name: 'report-html', description: 'Absolute path of the HTML report, one file that needs nothing else.' },
  {
    name: 'report-junit',
    description:
      'Absolute path of the JUnit XML report: one suite per path and one for the control, one test case per scenario. Inconclusive scenarios and expected failures are skipped ones; with `strict`, inconclusive ones are errors.'
  },
  { name: 'plan-file', description: 'Absolute path of `plan.json`; only in the mode `plan`.' },
  {
    name: 'matrix',
    description:
      'The shards of the plan for `strategy.matrix`, e.g. `{"shard":["1/2","2/2"]}`; only in the mode `plan`.'
  }
] as const satisfies readonly OutputDefinition[]

/** The name of an output. */
export type OutputName = (typeof OUTPUT_DEFINITIONS)[number]['name']
