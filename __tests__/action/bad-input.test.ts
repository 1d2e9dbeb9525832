import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BASES, execute, leftBehindBy, root, runAction } from './runner.js'
import { hear, valuesOf } from '../workflow-commands.js'

/** A workspace without a Dockerfile. */
let workspace = ''
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'bad-input-'))
})
afterAll(async () => {
  await rm(workspace, { recursive: true })
})

interface Wrong {
  readonly inputs: Readonly<Record<string, string>>
  readonly env?: NodeJS.ProcessEnv
  /** Names the input, what was given and what would have been right. */
  readonly message: RegExp
}

const IMAGE = { image: BASES['python3.11'] }
const WRONG: Readonly<Record<string, Wrong>> = {
  'an unknown fault': {
    inputs: { ...IMAGE, faults: 'dangling-symlnk' },
    message: /faults: "dangling-symlnk" is not a fault \(did you mean "dangling-symlink"\?\)/
  },
  'a relative path': {
    inputs: { ...IMAGE, 'cache-paths': 'root/.cache' },
    message: /cache-paths: "root\/\.cache" is not an absolute path; accepted: absolute paths/
  },
  'a bad duration': {
    inputs: { ...IMAGE, 'startup-timeout': '90 parsecs' },
    message: /startup-timeout: "90 parsecs" is not a duration; accepted: a duration from 1s to 1h, e\.g\. /
  },
  'a bad regular expression': {
    inputs: { ...IMAGE, 'forbid-logs': '/fatal(/i' },
    message: /forbid-logs: "\/fatal\(\/i" is not a regular expression \(.*\); accepted: \/PATTERN\/FLAGS/
  },
  'a shard that is not there': {
    inputs: { ...IMAGE, shard: '5/4' },
    message: /shard: "5\/4" is not a part of the plan; accepted: I\/N with I from 1 to N/
  },
  'no Dockerfile': {
    inputs: {},
    message:
      /file: there is no Dockerfile at \/.*\/Dockerfile; accepted: the path of a Dockerfile, or an image/
  },
  'an image that is nowhere': {
    inputs: { image: 'registry.invalid/shop:1' },
    message: /the image registry\.invalid\/shop:1 is not on this Docker engine, and it could not be pulled: /
  },
  'no daemon': {
    inputs: IMAGE,
    env: { DOCKER_HOST: 'unix:///nonexistent.sock' },
    message:
      /Docker is not reachable at unix:\/\/\/nonexistent\.sock: .*ENOENT.* Start the daemon or set DOCKER_HOST/
  }
}

describe('what a run cannot be carried out with is said in one message:', () => {
  test.each(Object.entries(WRONG))('%s, to a workflow', async (_, { inputs, env = {}, message }) => {
    const run = await runAction({ ...inputs, 'report-dir': 'report' }, { workspace, env })
    expect(run).toMatchObject({ exitCode: 1, stderr: '', summary: '' })
    expect(valuesOf(hear(run.output), 'error')).toEqual([expect.stringMatching(message)])
    expect(run.outputs.size).toBe(0)
    expect(await readdir(workspace)).toEqual([])
    expect(await leftBehindBy(run)).toEqual([])
  })

  test.each(Object.entries(WRONG))('%s, in a terminal', async (_, { inputs, env = {}, message }) => {
    const reportDir = join(workspace, 'report')
    const flags = Object.entries(inputs).flatMap(([name, value]) => [`--${name}`, value])
    const run = await execute(
      join(root, 'dist/cli/index.js'),
      ['--report-dir', reportDir, ...flags],
      // The command line has no other way to name a workspace than the runner's.
      { ...env, GITHUB_WORKSPACE: workspace }
    )
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).toMatch(message)
    expect(existsSync(reportDir)).toBe(false)
    expect(await leftBehindBy(run)).toEqual([])
  })
})

describe('several problems', () => {
  const inputs = {
    faults: 'no-such-fault',
    'cache-paths': 'data/cache',
    'stable-for': 'soon',
    'forbid-logs': '(',
    shard: '5/4',
    replicas: 'many'
  }
  const named = [...Object.keys(inputs), 'file']

  test('are all said to a workflow, each on a line of its own in the log and together in the annotation', async () => {
    const run = await runAction(inputs, { workspace })
    const { text } = hear(run.output)
    const [error = ''] = valuesOf(hear(run.output), 'error')
    expect(run.exitCode).toBe(1)
    for (const name of named) {
      const line = new RegExp(`^${name}: `)
      expect([...text, error].filter((said) => line.test(said))).toHaveLength(1)
    }
  })

  test('are all said in a terminal', async () => {
    const flags = Object.entries(inputs).flatMap(([name, value]) => [`--${name}`, value])
    const run = await execute(join(root, 'dist/cli/index.js'), flags, { GITHUB_WORKSPACE: workspace })
    expect(run.exitCode).toBe(2)
    const lines = run.stderr.trim().split('\n')
    expect(lines).toHaveLength(named.length)
    for (const name of named) {
      expect(lines.filter((line) => line.replace(/^✖? +/, '').startsWith(`${name}: `))).toHaveLength(1)
    }
  })

  test('of the command line itself are said together', async () => {
    const run = await execute(join(root, 'dist/cli/index.js'), ['--imag', 'x', 'stray', '--no-such'])
    expect(run).toMatchObject({ exitCode: 2, stdout: '' })
    expect(run.stderr).toMatch(/--imag: there is no such option \(did you mean --image\?\)/)
    expect(run.stderr).toMatch(/--no-such: there is no such option/)
    expect(run.stderr).toMatch(/"stray" belongs to no option/)
  })
})

test('an input that nearly has the name of one of ours is a mistake, not left out in silence', async () => {
  const run = await runAction({ ...IMAGE, 'cache-path': '/root/.cache' }, { workspace })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(/cache-path: there is no such input \(did you mean "cache-paths"\?\)/)
})
