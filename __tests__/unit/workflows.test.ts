import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'

const step = z.looseObject({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional()
})
const permissions = z.union([z.string(), z.record(z.string(), z.string())])
const job = z.looseObject({
  if: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  permissions: permissions.optional(),
  'timeout-minutes': z.number().optional(),
  strategy: z.unknown().optional(),
  steps: z.array(step).default([])
})
const workflow = z.looseObject({ permissions: permissions.optional(), jobs: z.record(z.string(), job) })

const files = ['.github/workflows', 'examples/workflows'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => {
      const text = readFileSync(`${folder}/${name}`, 'utf8')
      return { file: `${folder}/${name}`, text, ...workflow.parse(parse(text)) }
    })
)
const jobs = files.flatMap(({ file, jobs }) => Object.entries(jobs).map(([id, job]) => ({ file, id, job })))

/** This action as an example names it; the only one that cannot be pinned here, since a commit cannot name itself. */
const OURS = /^cache-crash-test\/cache-crash-test@v1$/
/** `uses:` with a full commit SHA, and beside it the version, which Dependabot keeps up to date. */
const PINNED = /^\s*(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/

/** Actions that cannot do their work with less. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'github/codeql-action/analyze': { contents: 'read', 'security-events': 'write' },
  'actions/attest-build-provenance': { contents: 'read', 'id-token': 'write', attestations: 'write' }
}

describe.each(files)('$file', ({ text, permissions: granted, jobs }) => {
  test('pins every action by its full commit SHA and says its version', () => {
    const uses = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line))
    const loose = uses.filter((line) => {
      const action = line.replace(/^.*uses: */, '')
      return !PINNED.test(line) && action !== './' && !OURS.test(action)
    })
    expect(loose).toEqual([])
    expect(uses).toHaveLength(
      Object.values(jobs).flatMap(({ steps }) => steps.filter(({ uses }) => uses !== undefined)).length
    )
  })

  test('grants nothing but reading the repository, and commenting where that is asked for', () => {
    expect(granted).toEqual({ contents: 'read' })
    for (const { permissions: own, steps } of Object.values(jobs)) {
      const comments = steps.some((step) => (step.with?.comment ?? 'never') !== 'never')
      const more = { contents: 'read', 'pull-requests': 'write' }
      const needed = steps.flatMap(({ uses }) => {
        const most = NEEDED[uses?.split('@')[0] ?? '']
        return most === undefined ? [] : [most]
      })
      const allowed = comments ? [more] : needed.length > 0 ? needed : [undefined, {}]
      expect(allowed).toContainEqual(own)
    }
  })

  test('leaves no credentials in the checkout', () => {
    const checkouts = Object.values(jobs).flatMap(({ steps }) =>
      steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    )
    for (const { with: inputs } of checkouts) expect(inputs).toMatchObject({ 'persist-credentials': false })
  })

  test('gives this action only inputs that it has', () => {
    const { inputs } = z
      .object({ inputs: z.record(z.string(), z.unknown()) })
      .parse(parse(readFileSync('action.yml', 'utf8')))
    const given = Object.values(jobs).flatMap(({ steps }) =>
      steps
        .filter(({ uses }) => uses === './' || (uses !== undefined && OURS.test(uses)))
        .flatMap((step) => Object.keys(step.with ?? {}))
    )
    expect(given.filter((name) => !(name in inputs))).toEqual([])
  })
})

const isOurs = ({ uses }: z.infer<typeof step>): boolean => uses !== undefined && OURS.test(uses)
const matrices = jobs.filter(({ job: { strategy, steps } }) => strategy !== undefined && steps.some(isOurs))

test('every example with a matrix joins what its jobs found', () => {
  expect(matrices.map(({ file }) => file)).toEqual([
    'examples/workflows/matrix.yml',
    'examples/workflows/sharded.yml'
  ])
})

test.each(matrices)(
  '$file: the reports of $id are joined, whatever came out',
  ({ file, id, job: { steps } }) => {
    const others = jobs.filter((other) => other.file === file)
    const joining = others.find((other) => other.job.steps.some((one) => one.with?.mode === 'merge'))?.job
    expect(joining).toMatchObject({ if: '${{ !cancelled() }}', needs: expect.arrayContaining([id]) })
    const name = (all: typeof steps, action: string, input: string): unknown =>
      all.find(({ uses }) => uses?.startsWith(action))?.with?.[input]
    const pattern = String(name(joining?.steps ?? [], 'actions/download-artifact@', 'pattern'))
    const uploads = others.flatMap((other) =>
      other.job.steps.filter(({ uses }) => uses?.startsWith('actions/upload-artifact@'))
    )
    const taken = uploads.filter((one) => String(one.with?.name).startsWith(pattern.replace('*', '')))
    expect(taken.map((one) => one.with?.name)).toEqual([name(steps, 'actions/upload-artifact@', 'name')])
  }
)

test.each(jobs)('$file: $id ends by itself', ({ job }) => {
  expect(job['timeout-minutes']).toBeLessThanOrEqual(120)
})

describe.each(files.filter(({ jobs }) => 'gate' in jobs))('the gate of $file', ({ jobs }) => {
  test('needs every other job', () => {
    const others = Object.keys(jobs).filter((id) => id !== 'gate')
    expect([jobs.gate?.needs].flat().sort()).toEqual(others.sort())
  })

  test('runs even if they fail, and passes only if all of them did', () => {
    expect(jobs.gate?.if).toBe('always()')
    expect(jobs.gate?.steps).toMatchObject([
      {
        run: `jq --exit-status 'all(.result == "success")' <<<"$NEEDS"`,
        env: { NEEDS: '${{ toJSON(needs) }}' }
      }
    ])
  })
})

test.each(['ci.yml', 'dogfood.yml'])('%s has a gate for branch protection to ask for', (name) => {
  expect(files.find(({ file }) => file.endsWith(`/${name}`))?.jobs).toHaveProperty('gate')
})

test('dogfood lets the fragile examples fail, and fails unless they do', () => {
  const dogfood = files.find(({ file }) => file.endsWith('/dogfood.yml'))
  expect(dogfood?.jobs['must-fail']?.steps).toMatchObject([
    {},
    { uses: './', 'continue-on-error': true },
    { run: expect.stringContaining('test "$OUTCOME" = failure') }
  ])
})
