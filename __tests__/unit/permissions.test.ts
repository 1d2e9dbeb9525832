import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'

const granted = z.record(z.string(), z.string())
const Jobs = z.record(
  z.string(),
  z.looseObject({
    permissions: granted.optional(),
    steps: z.array(
      z.looseObject({
        uses: z.string().optional(),
        with: z.record(z.string(), z.unknown()).optional()
      })
    )
  })
)
const Workflow = z.looseObject({ permissions: granted.optional(), jobs: Jobs })

/** What a job gets that nobody speaks of: whatever the repository's settings give. */
const UNSAID = { everything: 'unknown' }

/** Rows of docs/permissions.md: what a feature needs. */
const needs = new Map(
  [
    ...readFileSync('docs/permissions.md', 'utf8').matchAll(/^\| (?!feature|-)(.+?) +\| (.+?) +\| .+\|$/gm)
  ].map(([, feature = '', permissions = '']) => [
    feature,
    [...permissions.matchAll(/`([\w-]+: \w+)`/g)].map(([, one = '']) => one)
  ])
)
const COMMENT = '`comment: on-failure` or `always`'
const BUILD = 'build and test the Dockerfile of a checkout'
const MERGE = '`mode: merge`'

const files = readdirSync('examples/workflows').map(
  (file) => [file, readFileSync(`examples/workflows/${file}`, 'utf8')] as const
)
/** Workflows and parts of them: what says nothing of permissions says nothing that could be wrong. */
const shown = [...readFileSync('README.md', 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)]
  .map(([, text = ''], index) => [`README, workflow ${index + 1}`, text] as const)
  .filter(([, text]) => text.includes('permissions:'))

const jobs = [...files, ...shown].flatMap(([name, text]) => {
  const document: unknown = parse(text)
  const whole = Workflow.safeParse(document)
  const { permissions = UNSAID, jobs } = whole.success ? whole.data : { jobs: Jobs.parse(document) }
  return Object.entries(jobs).map(([id, job]) => ({
    name: `${name}: ${id}`,
    has: Object.entries(job.permissions ?? permissions).map(([scope, access]) => `${scope}: ${access}`),
    steps: job.steps
  }))
})

test('the page says what each feature needs', () => {
  expect(needs.get(COMMENT)).toEqual(['pull-requests: write'])
  expect(needs.get(BUILD)).toEqual(['contents: read'])
  expect(needs.get(MERGE)).toEqual([])
})

test('README shows workflows with permissions', () => {
  expect(shown).toHaveLength(3)
})

test.each(jobs)('$name asks for what the page says, and for no more', ({ has, steps }) => {
  const features = [
    ...(steps.some(({ uses }) => uses?.startsWith('actions/checkout@')) ? [BUILD] : []),
    ...(steps.some((step) => (step.with?.comment ?? 'never') !== 'never') ? [COMMENT] : [])
  ]
  const needed = new Set(features.flatMap((feature) => needs.get(feature) ?? ['unknown: feature']))
  expect(has.sort()).toEqual([...needed].sort())
})

test('no workflow of an example is run with secrets on what strangers write', () => {
  for (const file of readdirSync('examples/workflows'))
    expect(readFileSync(`examples/workflows/${file}`, 'utf8')).not.toMatch(
      /pull_request_target|secrets: inherit/
    )
})
