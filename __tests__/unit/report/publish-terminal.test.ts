import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { terminalPublisher } from '../../../src/publish-terminal.js'
import { width } from '../../../src/report/paint.js'
import { makeReport } from '../../../src/report/report.js'
import { HOSTILE_LINES } from '../../fixtures/report/hostile.js'
import { knowledge, record, result } from '../../fixtures/report/record.js'
import { rich } from '../../fixtures/report/rich.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'publish-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

function streams({
  isTTY = false,
  columns = 80,
  environment = {}
}: { isTTY?: boolean; columns?: number; environment?: NodeJS.ProcessEnv } = {}) {
  const written = { stdout: '', stderr: '', codes: [] as number[] }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns,
    write: (text: string) => (written[name] += text)
  })
  const clock = { at: 0, tick: undefined as (() => void) | undefined }
  const publisher = terminalPublisher({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    environment,
    clock: {
      now: () => clock.at,
      every: (_, tick) => {
        clock.tick = tick
        return () => (clock.tick = undefined)
      }
    },
    setExitCode: (code) => written.codes.push(code)
  })
  return { publisher, written, clock }
}

/** What comes before a live line is drawn anew. */
const WIPED = '\r\u001b[2K'

function lastDrawn(output: string): string | undefined {
  return output.split(WIPED).at(-1)
}

const [first, second] = rich.results

function story(publisher: ReturnType<typeof streams>['publisher']): void {
  if (first === undefined || second === undefined) throw new Error('the fixture has results')
  publisher.progress({ kind: 'build', reference: 'gpu-worker' })
  publisher.progress({ kind: 'facts', reference: 'gpu-worker:dev' })
  publisher.progress({ kind: 'control' })
  publisher.progress({ kind: 'control-done', control: { kind: 'passed', knowledge: knowledge() } })
  publisher.progress({ kind: 'plan', scenarios: 12, omissions: 3, seconds: 42.4 })
  publisher.progress({ kind: 'scenario-start', scenario: first.scenario, secondsLeft: 42.4 })
  publisher.progress({ kind: 'scenario-start', scenario: second.scenario, secondsLeft: 42 })
  publisher.progress({ kind: 'scenario-again', scenario: second.scenario, secondsLeft: 41 })
  publisher.progress({ kind: 'scenario-done', result: first, done: 1, total: 12, secondsLeft: 39 })
  publisher.progress({ kind: 'scenario-start', scenario: second.scenario, secondsLeft: 38 })
  publisher.progress({ kind: 'scenario-done', result: second, done: 2, total: 12, secondsLeft: 36 })
  publisher.progress({ kind: 'cleanup' })
}

describe('a command line', () => {
  test('that is redirected gets plain lines of progress', () => {
    const { publisher, written } = streams()
    story(publisher)
    expect(written.stderr).toBe(
      [
        '▸ Building gpu-worker',
        '▸ Inspecting gpu-worker:dev',
        '▸ Control: booting on clean state',
        '✔ Control: ready after 0.37 s, then 0.35 s on the state it left',
        '▸ Plan: 12 scenarios, 3 left out, about 42 s',
        '▸ dangling-symlink@/root/.cache/restart did not come through; it runs again alone',
        '✔  1/12 recovered    file-for-directory@/root/.cache/restart  3.20 s',
        '✖  2/12 failed: crashed dangling-symlink@/root/.cache/restart: exited 1 after 0.21 s, before it was ready  3.20 s',
        '▸ Removing what this run left on the engine',
        ''
      ].join('\n')
    )
    expect(written.stdout).toBe('')
  })

  test('on a terminal shows what is running, and wipes it before it writes', () => {
    const { publisher, written } = streams({ isTTY: true, environment: { NO_COLOR: '1' } })
    story(publisher)
    expect(written.stderr).toContain(
      '\r\u001b[2K  0/12 done; 11 waiting; about 42 s left; running file-for-directory@/root/.ca…'
    )
    expect(written.stderr).toContain('\r\u001b[2K✔  1/12 recovered')
    publisher.close()
    expect(written.stderr.endsWith('\n\r\u001b[2K') || written.stderr.endsWith('\n')).toBe(true)
  })

  test('counts down while nothing happens, and says when it takes longer than estimated', () => {
    const { publisher, written, clock } = streams({ isTTY: true, environment: { NO_COLOR: '1' } })
    if (first === undefined) throw new Error('the fixture has results')
    publisher.progress({ kind: 'plan', scenarios: 1, omissions: 0, seconds: 9 })
    publisher.progress({ kind: 'scenario-start', scenario: first.scenario, secondsLeft: 9 })
    clock.at = 4_000
    clock.tick?.()
    expect(lastDrawn(written.stderr)).toMatch(/^ {2}0\/1 done; about 5 s left; running \S+$/)
    clock.at = 9_500
    clock.tick?.()
    expect(lastDrawn(written.stderr)).toMatch(/^ {2}0\/1 done; takes longer than estimated; running \S+$/)
    publisher.progress({ kind: 'scenario-done', result: first, done: 1, total: 1, secondsLeft: 0 })
    expect(clock.tick).toBeUndefined()
    expect(written.stderr).toMatch(/3\.20 s\n$/)
  })

  test.each([60, 80, 120])('of %i columns never has a line of results that is wider', (columns) => {
    const { publisher, written } = streams({ isTTY: true, columns, environment: { NO_COLOR: '1' } })
    for (const [index, one] of rich.results.entries()) {
      const [done, total] = [index + 1, rich.results.length]
      publisher.progress({ kind: 'scenario-start', scenario: one.scenario, secondsLeft: 90 })
      publisher.progress({ kind: 'scenario-done', result: one, done, total, secondsLeft: 80 })
    }
    const lines = written.stderr.replaceAll(WIPED, '\n').split('\n')
    expect(lines.length).toBeGreaterThan(2 * rich.results.length)
    expect(lines.filter((line) => width(line) > columns)).toEqual([])
  })

  test('that is redirected has no live line, and nothing that only a terminal understands', () => {
    const { publisher, written, clock } = streams()
    story(publisher)
    expect(clock.tick).toBeUndefined()
    expect(written.stderr).not.toMatch(/\r|running/)
    expect(written.stderr).not.toContain('\u001b')
  })

  test.each([
    [{ isTTY: true }, true],
    [{ isTTY: false }, false],
    [{ isTTY: true, environment: { NO_COLOR: '1' } }, false],
    [{ isTTY: true, environment: { TERM: 'dumb' } }, false],
    [{ isTTY: false, environment: { FORCE_COLOR: '1' } }, true]
  ])('%j has colours: %s', (given, coloured) => {
    const { publisher, written } = streams(given)
    publisher.error('wrong')
    expect(written.stderr.includes('\u001b[31m')).toBe(coloured)
  })

  test('gets the report on standard output, and where it is as a file', async () => {
    const { publisher, written } = streams()
    await publisher.publish(makeReport(rich), directory)
    expect(written.stdout).toContain('✖ Start-up failed 8 of 14 scenarios')
    for (const name of ['report.json', 'report.html', 'report-junit.xml'])
      expect(written.stdout).toContain(`Report: ${join(directory, name)}\n`)
    expect(await readdir(directory)).toEqual(['report-junit.xml', 'report.html', 'report.json'])
    expect(written.codes).toEqual([1])
  })

  test('ends with 0 when all is well and with 2 when it could not run', async () => {
    const fine = streams()
    const results = [result({}, { kind: 'recovered', detail: 'fine' })]
    await fine.publisher.publish(makeReport(record({ results })), directory)
    expect(fine.written.codes).toEqual([])
    const { publisher, written } = streams()
    publisher.fail('no daemon\nstart one')
    expect(written.codes).toEqual([2])
    expect(written.stderr).toBe('✖ no daemon\n  start one\n')
  })

  test('keeps secrets and control characters of others off the terminal', async () => {
    const { publisher, written } = streams()
    publisher.mask(['sup3r-s3cret'])
    await publisher.group('Build', (write) => {
      for (const line of HOSTILE_LINES) write(`${line} sup3r-s3cret\n`)
      return Promise.resolve()
    })
    publisher.warning(HOSTILE_LINES.join('\n'))
    expect(written.stderr).not.toContain('sup3r')
    expect(written.stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
  })
})
