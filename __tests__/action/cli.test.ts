import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { INPUT_DEFINITIONS } from '../../src/inputs/definitions.js'
import { reportSchema } from '../../src/report/schema.js'
import { FixtureImages, scenarioOf } from './fixture-images.js'
import { BASES, execute, leftBehindBy, root, runCli, verdicts, type CliRun } from './runner.js'

const CLI = join(root, 'dist/cli/index.js')
const images = new FixtureImages()
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

const FILE = 'file-for-directory@/data/cache/recreate'
const ONE = ['--cache-paths', '/data/cache', '--faults', 'file-for-directory', '--stable-for', '200ms']
const READY = ['--ready', 'log:/worker ready/']
const ESCAPE = '\u001b'

describe('the command line', () => {
  test('exits 0 when start-up recovers; the report is on stdout, progress on stderr', async () => {
    const run = await images.crashTest('heals', ONE)
    expect(run).toMatchObject({ exitCode: 0, signal: null })
    expect(run.stderr).toMatch(
      /▸ Inspecting .*\n▸ Control: .*\n✔ Control: ready after .*\n▸ Plan: 1 scenario, 1 left out, about \d+ s\n/
    )
    expect(run.stderr).toContain(`✔ 1/1 recovered    ${FILE}`)
    expect(run.stdout).toMatch(/\n✔ recovered +file-for-directory@/)
    expect(run.stdout).toMatch(/\nReport: \/.*report\.json\nReport: \/.*report\.html\n/)
    expect(run.output).not.toContain(ESCAPE)
    expect(verdicts(run.report)).toEqual({ [FILE]: 'recovered' })
    expect(await leftBehindBy(run)).toEqual([])
  })

  test('exits 1 when a scenario fails; the last thing is what failed and how to repeat it', async () => {
    const run = await images.crashTest('logs-ready-line', [...ONE, ...READY])
    expect(run.exitCode).toBe(1)
    expect(run.stdout).toContain('FileExistsError')
    expect(run.stdout).toMatch(/\n {2}Again:\ncache-crash-test \\\n {2}--image /)
    expect(run.stdout).toMatch(/\n✖ Start-up failed 1 of 1 scenario\n/)
    expect(await leftBehindBy(run)).toEqual([])
  })

  test.each(['--help', '-h'])('%s names every input and the exit codes', async (flag) => {
    const { exitCode, stdout, stderr } = await execute(CLI, [flag])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const offered = INPUT_DEFINITIONS.filter((definition) => !('actionOnly' in definition))
    for (const { name } of offered) expect(stdout).toMatch(new RegExp(`^ +--${name} `, 'm'))
    expect(stdout).toMatch(/--keep .*\n[\s\S]*Exit codes: 0 [^;]*; 1 [^;]*;\s+2 /)
  })

  test.each(['--version', '-V'])('%s is that of the package', async (flag) => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    expect(await execute(CLI, [flag])).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('the package', () => {
  // What a user of npx gets: no lock file holds what it would fetch beside the bundle.
  test('needs nothing but itself, without a network', async () => {
    const project = join(directory, 'project')
    await mkdir(project)
    const packed = await execute('npm', ['pack', '--silent', '--pack-destination', project])
    expect(packed.exitCode).toBe(0)
    const tarball = join(project, packed.stdout.trim())
    const npm = ['--prefix', project, '--offline', '--no-audit', '--no-fund']
    expect(await execute('npm', ['install', ...npm, tarball])).toMatchObject({ exitCode: 0 })
    const installed = await readdir(join(project, 'node_modules'))
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['cache-crash-test'])
    const { stdout } = await execute(join(project, 'node_modules/.bin/cache-crash-test'), ['--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('the command that is shown for a failing scenario', () => {
  /** Runs it as a reader would who has the tool on the PATH, in the repository. */
  async function again(failed: CliRun): Promise<Omit<CliRun, 'files'>> {
    await symlink(CLI, join(directory, 'cache-crash-test')).catch(() => undefined)
    const reportDir = join(directory, 'again')
    const { reproduce } = scenarioOf(failed, FILE)
    const finished = await execute('sh', ['-c', `${reproduce} --report-dir ${reportDir}`], {
      PATH: `${directory}:${process.env.PATH ?? ''}`,
      API_TOKEN: 'of the reader'
    })
    const text = await readFile(join(reportDir, 'report.json'), 'utf8')
    await rm(reportDir, { recursive: true })
    return { ...finished, report: reportSchema.parse(JSON.parse(text)) }
  }

  test('gives the same verdict for an image, with every input that matters', async () => {
    const first = await images.crashTest('logs-ready-line', [
      ...ONE,
      ...READY,
      ...['--env', `GREETING=it's "$HOME" \`id\` \\ *`],
      ...['--env', 'API_TOKEN=tok-9f8e7d6c5b4a'],
      ...['--forbid-logs', `/never 'said' "$this" #/i`],
      ...['--options', `--memory 256m --label "a=b it's"`],
      ...['--second-boot', 'false']
    ])
    const second = await again(first)
    expect(second.stdout).toContain('failed: crashed')
    expect(second.exitCode).toBe(1)
    expect(verdicts(second.report)).toEqual(verdicts(first.report))
    expect(verdicts(second.report)).toEqual({ [FILE]: 'failed: crashed' })
    expect(first.output).not.toContain('tok-9f8e7d6c5b4a')
  })

  test('gives the same verdict for a build', async () => {
    const context = '__tests__/fixtures/images'
    const first = await runCli([
      ...['--context', context, '--file', `${context}/logs-ready-line/Dockerfile`],
      ...['--build-args', `BASE_IMAGE=${BASES['python3.11']}`],
      ...ONE,
      ...READY
    ])
    const second = await again(first)
    expect(verdicts(second.report)).toEqual(verdicts(first.report))
    expect(verdicts(second.report)).toEqual({ [FILE]: 'failed: crashed' })
  })
})
