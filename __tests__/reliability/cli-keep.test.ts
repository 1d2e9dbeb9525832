import { afterAll, describe, expect, test } from '@jest/globals'
import { docker } from '../action/docker.js'
import { FixtureImages, scenarioOf } from '../action/fixture-images.js'
import { newJob } from '../action/job.js'
import { execute, leftBehindBy, runAction, type CliRun } from '../action/runner.js'

const images = new FixtureImages()
const runs: CliRun[] = []

afterAll(async () => {
  // What a failing test left.
  for (const run of runs) await removeKept(run)
  await images.remove()
})

const FILE = 'file-for-directory@/data/cache/recreate'
const ONE = ['--cache-paths', '/data/cache', '--faults', 'file-for-directory', '--stable-for', '200ms']
const ASK_FOR_WORK = `node -e 'fetch(process.env.BASE_URL + "/work").then((answer) => process.exit(answer.ok ? 0 : 1))'`

async function keep(image: string, args: readonly string[]): Promise<CliRun> {
  const run = await images.crashTest(image, [...ONE, ...args, '--keep'])
  runs.push(run)
  return run
}

/** A shell command that the terminal shows, up to the end of its line. */
function shown(run: CliRun, after: RegExp): string {
  return after.exec(run.stdout)?.[1] ?? ''
}

/** Types into the shell that the command opens; there is no terminal here. */
async function typed(command: string, words: string): Promise<string> {
  const { exitCode, output } = await execute('sh', [
    '-c',
    `${command.replace(' -it ', ' -i ')} -c '${words}'`
  ])
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
  return output
}

const INSIDE = /\n {2}Look inside:\n(.+)\n/
const REMOVAL = /\nWhat was kept stays until you remove it:\n((?:docker .+\n)+)/

async function removeKept(run: CliRun): Promise<void> {
  const command = shown(run, REMOVAL)
  if (command !== '') await execute('sh', ['-c', command])
}

describe('--keep', () => {
  test.each([
    [
      'that has exited',
      'logs-ready-line',
      ['--ready', 'log:/worker ready/'],
      /^docker run .*docker commit/,
      /^-rw/
    ],
    ['that runs', 'wrong-answer', ['--smoke-test', ASK_FOR_WORK], /^docker exec /, /^drwx/]
  ])(
    'leaves a container %s, and the command that is shown enters it',
    async (_, image, args, command, found) => {
      const run = await keep(image, args)
      expect(run.exitCode).toBe(1)
      const name = scenarioOf(run, FILE).keptContainer ?? ''
      expect(await docker('ps', '--all', '--format', '{{.Names}}', '--filter', `name=${name}`)).toEqual([
        name
      ])

      const inside = shown(run, INSIDE)
      expect(inside).toMatch(command)
      expect(await typed(inside, 'ls -ld /data/cache')).toMatch(found)

      await removeKept(run)
      expect(await leftBehindBy(run)).toEqual([])
    }
  )

  test('is respected by the post step and by later runs', async () => {
    const job = await newJob()
    const run = await keep('logs-ready-line', ['--ready', 'log:/worker ready/'])
    const kept = await leftBehindBy(run)
    expect(kept.join('\n')).toMatch(/container/)
    // Its process is gone, which is what a sweep looks at.
    await runAction({ image: 'registry.invalid/none' }, { env: job.env })
    await runAction({}, { entry: 'post/index.js', env: job.env })
    expect(await leftBehindBy(run)).toEqual(kept)
    await removeKept(run)
    expect(await leftBehindBy(run)).toEqual([])
    await job.remove()
  })

  test('leaves nothing where nothing failed', async () => {
    const run = await keep('heals', [])
    expect(run.exitCode).toBe(0)
    expect(run.stdout).not.toMatch(REMOVAL)
    expect(await leftBehindBy(run)).toEqual([])
  })
})
