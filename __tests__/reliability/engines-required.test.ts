import { describe, expect, test } from '@jest/globals'
import { isGood, notRun, requiredRows } from './engines-required.js'

const NAMES = ['unix socket', 'ssh', 'Docker of Debian trixie', 'rootless Docker of Debian trixie']
const [PASSED, MISSING] = ['pass (Docker 20.10.24)', 'not run: sshd cannot be run']

describe('the rows that must run', () => {
  test.each([
    ['', []],
    ['all', NAMES],
    ['socket, ssh', ['unix socket', 'ssh']],
    ['Debian', ['Docker of Debian trixie', 'rootless Docker of Debian trixie']]
  ])('are, for “%s”, %j', (asked, required) => {
    expect(requiredRows(asked, NAMES)).toEqual({ required })
  })

  test('have to be rows', () => {
    expect(requiredRows('ssh,telnet', NAMES)).toEqual({ unknown: 'telnet' })
  })

  test('are missed when they did not run, or were not chosen', () => {
    const rows = [
      { name: 'unix socket', result: PASSED },
      { name: 'ssh', result: MISSING }
    ]
    expect(notRun(['unix socket'], rows)).toBeUndefined()
    expect(notRun(NAMES.slice(0, 3), rows)).toBe(
      'Required, and not run: ssh (sshd cannot be run); Docker of Debian trixie (not chosen)'
    )
  })
})

test('a table is good when something ran and nothing failed', () => {
  const table = (...results: readonly string[]) => results.map((result) => ({ name: 'any', result }))
  expect(isGood(table(PASSED, MISSING))).toBe(true)
  expect(isGood(table(PASSED, 'FAIL: heals came out as failed'))).toBe(false)
  expect(isGood(table(MISSING, MISSING))).toBe(false)
  expect(isGood(table())).toBe(false)
})
