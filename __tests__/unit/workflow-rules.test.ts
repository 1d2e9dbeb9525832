import { describe, expect, test } from '@jest/globals'
import { violations } from '../../script/workflow-rules.mjs'

const SHA = 'de0fac2e4500dabe0009e67214ff5f5447ce83dd'

/** A workflow that breaks no rule, but for what is put in. */
function workflow({
  on = 'pull_request',
  permissions = 'permissions:\n  contents: read',
  job = '',
  steps = `- uses: actions/checkout@${SHA}\n        with:\n          persist-credentials: false`
}: Readonly<Partial<Record<'on' | 'permissions' | 'job' | 'steps', string>>>): string {
  return `name: Test
on: ${on}
${permissions}
jobs:
  test:
    runs-on: ubuntu-latest
    ${job}
    steps:
      ${steps}
`
}

const rulesOf = (text: string): string[] => violations(text).map(({ rule }) => rule)

test('a workflow that keeps to the rules has no findings', () => {
  expect(violations(workflow({}))).toEqual([])
})

describe('finds', () => {
  test.each<[string, string, Parameters<typeof workflow>[0]]>([
    ['no permissions', 'permissions', { permissions: '' }],
    ['all permissions', 'permissions', { permissions: 'permissions: write-all' }],
    ['reading everything', 'permissions', { permissions: 'permissions: read-all' }],
    ['writing by every job', 'permissions', { permissions: 'permissions:\n  pull-requests: write' }],
    ['a job with all permissions', 'permissions', { job: 'permissions: write-all' }],
    ['secrets on foreign code', 'dangerous-trigger', { on: 'pull_request_target' }],
    ['secrets after foreign code', 'dangerous-trigger', { on: '{ workflow_run: { workflows: [CI] } }' }],
    ['secrets handed on', 'secrets-inherit', { job: 'secrets: inherit' }],
    ['an action by its tag', 'unpinned', { steps: '- uses: actions/setup-node@v6' }],
    ['an action by its branch', 'unpinned', { steps: '- uses: actions/setup-node@main' }],
    ['an action by a short SHA', 'unpinned', { steps: `- uses: actions/setup-node@${SHA.slice(0, 12)}` }],
    ['an image by its tag', 'unpinned', { steps: '- uses: docker://alpine:3' }],
    ['a workflow by its branch', 'unpinned', { job: 'uses: octo-org/shared/.github/workflows/x.yml@main' }],
    ['a title in a script', 'template-injection', { steps: '- run: echo ${{ github.event.issue.title }}' }],
    ['a branch in a script', 'template-injection', { steps: '- run: git log ${{github.head_ref}}' }],
    ['an input in a script', 'template-injection', { steps: '- run: echo "${{ inputs.image }}"' }],
    ['an output in a script', 'template-injection', { steps: '- run: echo ${{ steps.a.outputs.b }}' }],
    [
      'a value of a function',
      'template-injection',
      { steps: "- run: echo ${{ format('{0}', github.ref) }}" }
    ],
    [
      'a title in JavaScript',
      'template-injection',
      {
        steps: `- uses: actions/github-script@${SHA}\n        with:\n          script: f("\${{ github.event.issue.title }}")`
      }
    ],
    ['credentials in the checkout', 'credentials', { steps: `- uses: actions/checkout@${SHA}` }],
    ['scripts of packages', 'install-scripts', { steps: '- run: npm ci' }]
  ])('%s', (_, rule, parts) => {
    expect(rulesOf(workflow(parts))).toEqual([rule])
  })
})

describe('lets pass', () => {
  test.each<[string, Parameters<typeof workflow>[0]]>([
    ['no permissions at all', { permissions: 'permissions: {}' }],
    ['what one job writes', { job: 'permissions: { pull-requests: write }' }],
    ['an action of the repository', { steps: '- uses: ./' }],
    ['an image by its digest', { steps: `- uses: docker://alpine@sha256:${'0'.repeat(64)}` }],
    [
      'a title by the environment',
      { steps: '- run: echo "$TITLE"\n        env:\n          TITLE: ${{ github.event.issue.title }}' }
    ],
    ['what GitHub itself makes', { steps: '- run: echo ${{ github.sha }} ${{ github.run_id }}' }],
    ['packages without their scripts', { steps: '- run: npm ci --ignore-scripts' }]
  ])('%s', (_, parts) => {
    expect(violations(workflow(parts))).toEqual([])
  })
})
