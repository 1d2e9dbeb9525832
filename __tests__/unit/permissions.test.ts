import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'

const granted = z.record(z.string(), z.string())
const Workflow = z.looseObject({
  permissions: granted,
  jobs: z.record(
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
})

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

const jobs = readdirSync('examples/workflows').flatMap((file) => {
  const workflow = Workflow.parse(parse(readFileSync(`examples/workflows/${file}`, 'utf8')))
  return Object.entries(workflow.jobs).map(([id, job]) => ({
    name: `${file}: ${id}`,
    has: Object.entries(job.permissions ?? workflow.permissions).map(
      ([scope, access]) => `${scope}: ${access}`
    ),
    steps: job.steps
  }))
})

test('the page says what each feature needs', () => {
  expect(needs.get(COMMENT)).toEqual(['pull-requests: write'])
  expect(needs.get(BUILD)).toEqual(['contents: read'])
  expect(needs.get(MERGE)).toEqual([])
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
