import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { terminalPublisher } from '../../../src/publish-terminal.js'
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
  environment = {}
}: { isTTY?: boolean; environment?: NodeJS.ProcessEnv } = {}) {
  const written = { stdout: '', stderr: '', codes: [] as number[] }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    columns: 80,
    write: (text: string) => (written[name] += text)
  })
  const publisher = terminalPublisher({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    environment,
    setExitCode: (code) => written.codes.push(code)
  })
  return { publisher, written }
}

const [first, second] = rich.results

function story(publisher: ReturnType<typeof streams>['publisher']): void {
  if (first === undefined || second === undefined) throw new Error('the fixture has results')
  publisher.progress({ kind: 'build', reference: 'gpu-worker' })
  publisher.progress({ kind: 'facts', reference: 'gpu-worker:dev' })
  publisher.progress({ kind: 'control' })
  publisher.progress({ kind: 'control-done', control: { kind: 'passed', knowledge: knowledge() } })
  publisher.progress({ kind: 'plan', scenarios: 12, omissions: 3, seconds: 42.4 })
  publisher.progress({ kind: 'scenario-start', scenario: first.scenario })
  publisher.progress({ kind: 'scenario-start', scenario: second.scenario })
  publisher.progress({ kind: 'scenario-done', result: first, done: 1, total: 12 })
  publisher.progress({ kind: 'scenario-done', result: second, done: 2, total: 12 })
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
      '\r\u001b[2K  0/12 done; running file-for-directory@/root/.cache/restart'
    )
    expect(written.stderr).toContain('\r\u001b[2K✔  1/12 recovered')
    publisher.close()
    expect(written.stderr.endsWith('\n\r\u001b[2K') || written.stderr.endsWith('\n')).toBe(true)
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
    publisher.mask('sup3r-s3cret')
    await publisher.group('Build', (write) => {
      for (const line of HOSTILE_LINES) write(`${line} sup3r-s3cret\n`)
      return Promise.resolve()
    })
    publisher.warning(HOSTILE_LINES.join('\n'))
    expect(written.stderr).not.toContain('sup3r')
    expect(written.stderr).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u)
  })
})
