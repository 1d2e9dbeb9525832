import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { catalogue, faultIn } from '../../../src/faults/catalogue.js'
import { VERSION } from '../../../src/version.js'

describe('the catalogue', () => {
  test('has unique ids that make valid scenario ids', () => {
    const ids = catalogue.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  test.each(catalogue.map((fault) => [fault.id, fault] as const))('%s explains itself', (_, fault) => {
    expect(fault.title).toMatch(/^[A-Z]/)
    expect(fault.remedy).toMatch(/^[A-Z].*\.$/)
    for (const { pattern, cause, remedy } of fault.signatures) {
      expect(() => new RegExp(pattern)).not.toThrow()
      expect(cause).toMatch(/^[A-Z].*\.$/)
      expect(remedy).toMatch(/\.$/)
    }
    for (const thread of fault.evidence) expect(thread).toMatch(/^[\w.-]+\/[\w.-]+#\d+$/)
  })

  test.each([
    ['dangling-symlink', "FileExistsError: [Errno 17] File exists: '/root/.cache'"],
    ['file-for-directory', "NotADirectoryError: [Errno 20] Not a directory: '/root/.cache/docstrange'"],
    ['file-for-directory', "Error: ENOTDIR: not a directory, mkdir '/root/.cache/x'"],
    ['symlink-loop', "OSError: [Errno 40] Too many levels of symbolic links: '/root/.cache'"],
    ['foreign-owner', "PermissionError: [Errno 13] Permission denied: '/data/cache/.write_test'"],
    ['read-only', "OSError: [Errno 30] Read-only file system: '/root/.cache/x'"],
    ['truncated-bytecode', 'EOFError: marshal data too short'],
    ['truncated-bytecode', 'Aborted!'],
    ['orphan-bytecode', "ImportError: bad magic number in 'argparse': b'\\xff\\xff\\r\\n'"],
    [
      'npm-cache-flipped',
      'npm WARN tarball cached data for graceful-fs@http://127.0.0.1/package.tgz seems to be corrupted. Refreshing cache.'
    ],
    ['killed', 'A server is already running. Check /app/tmp/pids/server.pid.'],
    ['truncated', 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)']
  ])('%s knows the log line "%s"', (id, line) => {
    expect(faultIn(catalogue, id).signatures.some(({ pattern }) => new RegExp(pattern).test(line))).toBe(true)
  })

  test('an id that is not in it is an error of ours', () => {
    expect(() => faultIn(catalogue, 'no-such-fault')).toThrow('no-such-fault')
  })
})

describe('documents', () => {
  test('the version is that of package.json', () => {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
    )
    expect(manifest).toMatchObject({ version: VERSION })
  })
})
