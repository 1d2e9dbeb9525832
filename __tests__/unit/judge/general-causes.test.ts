import { describe, expect, test } from '@jest/globals'
import { diagnoseInGeneral } from '../../../src/judge/diagnosis.js'
import { DEATHS, GENERAL_SIGNATURES } from '../../../src/judge/general-causes.js'
import { judgeTrial } from '../../../src/judge/result.js'
import { failureOf, shownFailure } from '../../../src/judge/shown-failure.js'
import { boot, CRASH, log, observation, scenario, STANDARDS } from './cases.js'
import type { FailureReason, Verdict } from '../../../src/model.js'

function causeOf(lines: readonly string[], exit: Partial<typeof CRASH> = {}): string | undefined {
  return diagnoseInGeneral(boot({ outcome: { ...CRASH, ...exit }, log: log(...lines) }))?.cause
}

/** What real programs print, and words of the cause that it is taken for. */
const LINES: readonly [line: string, cause: RegExp][] = [
  ["OSError: [Errno 28] No space left on device: '/data/x'", /disk.*full/],
  ['Error: ENOSPC: no space left on device, write', /disk.*full/],
  ["touch: cannot touch '/x': Read-only file system", /may only read/],
  ["PermissionError: [Errno 13] Permission denied: '/data'", /another user/],
  ["Error: EACCES: permission denied, mkdir '/data/x'", /another user/],
  ['chown: changing ownership of /data: Operation not permitted', /only the owner or root/],
  ["OSError: [Errno 40] Too many levels of symbolic links: '/x'", /leads to itself/],
  ["IsADirectoryError: [Errno 21] Is a directory: '/x'", /A directory stands/],
  ["Error: ENOTDIR: not a directory, open '/x/y'", /directory is expected/],
  ['/app/start.sh: 5: cannot create /x/y: Directory nonexistent', /directory is expected/],
  ["mkdir: cannot create directory '/x': File exists", /already there/],
  ['java.nio.file.FileAlreadyExistsException: /x', /already there/],
  ['Error: listen EADDRINUSE: address already in use :::8000', /port or socket/],
  ['OSError: [Errno 24] Too many open files', /more files/],
  ['json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)', /JSON/],
  ['SyntaxError: Unexpected end of JSON input', /JSON/],
  ['SyntaxError: "undefined" is not valid JSON', /JSON/],
  ["invalid character 'x' looking for beginning of value", /JSON/],
  ['yaml.scanner.ScannerError: mapping values are not allowed here', /configuration/],
  ['_pickle.UnpicklingError: pickle data was truncated', /pickle/],
  ['EOFError: marshal data too short', /bytecode/],
  ['sqlite3.DatabaseError: database disk image is malformed', /SQLite/],
  ['sqlite3.OperationalError: database is locked', /holds the database/],
  ['zipfile.BadZipFile: File is not a zip file', /archive/],
  ['exec /app/server: exec format error', /another processor/],
  [
    './server: error while loading shared libraries: libx.so: cannot open shared object file',
    /shared library/
  ],
  ["ModuleNotFoundError: No module named 'flask'", /imports is not there/],
  ["Error: Cannot find module 'express'", /imports is not there/],
  ['java.lang.NoClassDefFoundError: com/acme/App', /imports is not there/],
  ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', /out of memory/],
  ["UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff", /no text/],
  ['A server is already running (pid: 1)', /lock/],
  ['lock file "postmaster.pid" already exists', /lock/],
  [
    'The profile appears to be in use by another Chromium process (10) on another computer (oldhost).',
    /lock/
  ],
  ['getaddrinfo EAI_AGAIN db', /another machine/],
  ['/app/start.sh: line 3: CACHE: unbound variable', /environment variable/],
  ["KeyError: 'DATABASE_URL'", /environment variable/],
  ['/app/start.sh: line 5: make-cache: command not found', /command is not in the image/],
  ["FileNotFoundError: [Errno 2] No such file or directory: '/x'", /expects is not there/],
  ['/app/half.sh: line 4: syntax error: unexpected end of file', /cannot be compiled/],
  ['Segmentation fault (core dumped)', /Native code/]
]

describe('a common failure', () => {
  test.each(LINES)('%s', (line, cause) => {
    const found = diagnoseInGeneral(boot({ outcome: CRASH, log: log('starting', line, 'bye') }))
    expect(found?.cause).toMatch(cause)
    expect(found?.lines).toEqual([line])
  })

  test('is shown for every signature of the table', () => {
    const unused = GENERAL_SIGNATURES.filter(
      ({ pattern }) => !LINES.some(([line]) => new RegExp(pattern).test(line))
    )
    expect(unused).toEqual([])
  })

  test.each<[Partial<typeof CRASH>, RegExp]>([
    [{ oomKilled: true, exitCode: 137 }, /more memory/],
    [{ exitCode: 126 }, /cannot be executed/],
    [{ exitCode: 127 }, /is not there/],
    [{ exitCode: 132 }, /SIGILL/],
    [{ exitCode: 134 }, /SIGABRT/],
    [{ exitCode: 135 }, /SIGBUS/],
    [{ exitCode: 139 }, /SIGSEGV/]
  ])('is told by how the container ended: %j', (exit, cause) => {
    expect(causeOf(['Permission denied'], exit)).toMatch(cause)
    expect(causeOf(['Permission denied'])).toMatch(/another user/)
  })

  test('is what was said last, since what came before may have been survived', () => {
    expect(causeOf(['Permission denied', 'ENOSPC', 'stopping'])).toMatch(/disk/)
    expect(causeOf(['ENOSPC', 'Permission denied'])).toMatch(/another user/)
  })

  test('of no known kind has no cause', () => {
    expect(causeOf(['it is all over'])).toBeUndefined()
    expect(causeOf([])).toBeUndefined()
    expect(causeOf([], { exitCode: 137 })).toBeUndefined()
  })

  test('has a cause and a remedy in whole sentences', () => {
    for (const { cause, remedy } of [...DEATHS, ...GENERAL_SIGNATURES])
      for (const text of [cause, remedy]) expect(text).toMatch(/^[A-Z].*[.]$/)
  })
})

describe('a verdict', () => {
  const own = [{ pattern: 'Errno 17', cause: 'the fault itself', remedy: 'x' }]
  const diagnosed = (lines: string[], exit: Partial<typeof CRASH> = {}) =>
    judgeTrial(
      scenario(),
      observation({
        boots: [boot({ outcome: { ...CRASH, ...exit }, log: log(...lines) })],
        secondBoot: undefined
      }),
      STANDARDS,
      { signatures: own },
      []
    ).diagnosis?.cause

  test('is explained by the fault’s own signature before anything else', () => {
    expect(diagnosed(['[Errno 17]', 'ENOSPC'], { exitCode: 127 })).toBe('the fault itself')
    expect(diagnosed(['ENOSPC'])).toMatch(/disk/)
    expect(diagnosed(['hm'])).toBeUndefined()
  })

  test('is not explained in general where the process is not what failed', () => {
    const canary = boot({ canary: true, log: log('ENOSPC') })
    const { verdict, diagnosis } = judgeTrial(
      scenario(),
      observation({ boots: [canary] }),
      STANDARDS,
      { signatures: own },
      []
    )
    expect(verdict).toMatchObject({ reason: 'stale-code' })
    expect(diagnosis).toBeUndefined()
  })
})

describe('the line that a verdict points at', () => {
  const trace = ['Traceback (most recent call last):', '  File "/app/a.py", line 1, in f', 'OSError: gone']
  const down = boot({ outcome: CRASH, log: log(...trace) })
  const up = boot({ log: log(...trace) })
  const smoke = boot({
    log: log(...trace),
    smokeTest: { exitCode: 1, timedOut: false, seconds: 1, output: '' }
  })
  const failed = (reason: FailureReason): Verdict => ({ kind: 'failed', reason, detail: '', also: [] })
  const forbidden = (line: string) => boot({ log: log(...trace), forbiddenLog: { pattern: 'x', line } })

  test.each<[string, Verdict, ReturnType<typeof boot>[], boolean]>([
    ['crash', failed('crashed'), [down], true],
    ['replica that failed', failed('replica'), [up, down], true],
    ['failed smoke test', failed('wrong-answer'), [smoke], true],
    ['line that was forbidden', failed('forbidden-log'), [forbidden('OSError: gone')], true],
    ['second boot', failed('second-boot'), [up], true],
    ['forbidden line elsewhere', failed('forbidden-log'), [forbidden('deprecated')], false],
    ['link that was replaced', failed('wrong-answer'), [up], false],
    ['loss of data', failed('data-lost'), [down], false],
    ['old code', failed('stale-code'), [down], false],
    ['recovery', { kind: 'recovered', detail: '' }, [up], false],
    ['refusal', { kind: 'refused', detail: '' }, [down], false]
  ])('is in the log of a %s: %#', (_, verdict, boots, expected) => {
    const found = shownFailure(verdict, { boots, secondBoot: down })
    expect(found !== undefined).toBe(expected)
  })

  test('is that of the boot that failed', () => {
    expect(shownFailure(failed('replica'), { boots: [up, down], secondBoot: undefined })?.boot).toBe(down)
    expect(failureOf(boot({ log: log('fine') }))).toBeUndefined()
  })
})
