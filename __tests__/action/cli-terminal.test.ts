import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { reportSchema } from '../../src/report/schema.js'
import { FixtureImages } from './fixture-images.js'
import { execute, root } from './runner.js'
import { shown } from './screen.js'

const CLI = join(root, 'dist/cli/index.js')
const images = new FixtureImages()
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-terminal-'))
})
afterAll(async () => {
  await images.remove()
  await rm(directory, { recursive: true })
})

const ESCAPE = '\u001b'
const CACHE = ['--cache-paths', '/data/cache', '--stable-for', '200ms', '--second-boot', 'false']
const READY = ['--ready', "'log:/worker ready/'"]
const SHAPES = ['file-for-directory', 'dangling-symlink', 'symlink-loop'].flatMap((id) => ['--faults', id])
const ONE = ['--faults', 'file-for-directory']

/** Runs the command line tool as somebody types it who sits at a terminal of that width. */
async function inTerminal(
  image: string,
  args: readonly string[],
  { columns = 100, env = {} }: { columns?: number; env?: NodeJS.ProcessEnv } = {}
): Promise<{ exitCode: number | null; output: string }> {
  const report = ['--report-dir', join(directory, 'report')]
  const command = [CLI, '--image', await images.tag(image), ...CACHE, ...args, ...report].join(' ')
  // It gives the command a terminal; -e passes its exit code on.
  const typed = `stty columns ${columns}; ${command}`
  return await execute('script', ['-qefc', typed, '/dev/null'], {
    TERM: 'xterm',
    NO_COLOR: '',
    FORCE_COLOR: '',
    ...env
  })
}

describe('on a terminal', () => {
  test('there are colours, and a live line', async () => {
    const { exitCode, output } = await inTerminal('heals', ONE)
    expect(exitCode).toBe(0)
    expect(output).toContain(`${ESCAPE}[32m`)
    expect(output).toMatch(/\r.*0\/1 done; about \d+ s left; running file-for-directory@/)
  })

  test('there are no colours where NO_COLOR is set', async () => {
    const { exitCode, output } = await inTerminal('heals', ONE, { env: { NO_COLOR: '1' } })
    expect(exitCode).toBe(0)
    expect(output).not.toMatch(new RegExp(`${ESCAPE}\\[\\d*m`))
    expect(output).toContain('0/1 done; about')
  })

  test.each([80, 120])(
    'of %i columns no line is broken but commands, and the live line leaves nothing behind',
    async (columns) => {
      const { exitCode, output } = await inTerminal('logs-ready-line', [...SHAPES, ...READY], { columns })
      expect(exitCode).toBe(1)
      const { lines, broken, wiped } = shown(output, columns)

      const { scenarios } = reportSchema.parse(
        JSON.parse(await readFile(join(directory, 'report/report.json'), 'utf8'))
      )
      const commands = scenarios.flatMap(({ reproduce }) => reproduce.split('\n'))
      const files = ['json', 'html'].map((type) => `Report: ${join(directory, `report/report.${type}`)}`)
      expect(broken.filter((line) => ![...commands, ...files].includes(line))).toEqual([])

      // What runs, what is done, what is left.
      expect(wiped.filter((line) => !/^ {2}\d\/3 done[,;] .*running \S/.test(line))).toEqual([])
      expect(wiped.some((line) => /about \d+ s left/.test(line))).toBe(true)
      expect(lines.filter((line) => line.includes('; running '))).toEqual([])

      // A row a scenario at the end, then what failed, and where all of it is.
      for (const { id } of scenarios)
        expect(lines).toContainEqual(expect.stringMatching(`^[✔✖] \\S+ +${id.replaceAll('.', '\\.')}`))
      expect(lines).toEqual(expect.arrayContaining(files))
    }
  )
})
