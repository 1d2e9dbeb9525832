import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { findReports } from '../../src/found-reports.js'
import { makeReport } from '../../src/report/report.js'
import { record } from '../fixtures/report/record.js'
import { rich } from '../fixtures/report/rich.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'found-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function put(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(join(directory, file)), { recursive: true })
  await writeFile(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content))
}

const report = makeReport(rich)

test('every report is found, as artifacts are laid out', async () => {
  await put('b/report.json', report)
  await put('a/cache-crash-test-report/report.json', makeReport(record()))
  await put('a/other.json', '{')
  await put('report.json', report)
  const found = await findReports(directory)
  expect(found.map((one) => one.directory)).toEqual(['.', 'a/cache-crash-test-report', 'b'])
  expect(found[0]?.report).toEqual(report)
})

test('they are not read where all of them together are too large', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await put(`${name}/report.json`, '')
    await truncate(join(directory, name, 'report.json'), 60 * 1024 ** 2)
  }
  await expect(findReports(directory)).rejects.toThrow('its reports are larger than 256 MiB together')
})

test('links are not followed', async () => {
  await put('a/report.json', report)
  await symlink(join(directory, 'a'), join(directory, 'loop'))
  expect(await findReports(directory)).toHaveLength(1)
})

test('none is no pass', async () => {
  await expect(findReports(directory)).rejects.toThrow('there is no report.json in it')
})

test('what is no report of this version is named, all at once', async () => {
  await put('cut/report.json', JSON.stringify(report).slice(0, 500))
  await put('list/report.json', [1])
  await put('newer/report.json', { ...report, schemaVersion: 2 })
  await put('other/report.json', { ...report, verdict: 'fine' })
  await put('right/report.json', report)
  await put('large/report.json', '')
  await truncate(join(directory, 'large/report.json'), 65 * 1024 ** 2)
  await expect(findReports(directory)).rejects.toThrow(
    new RegExp(
      [
        'the reports cannot be joined:',
        'cut/report.json: it is not valid JSON, or truncated',
        'large/report.json: it is larger than 64 MiB',
        'list/report.json: it is no report of Cache Crash Test',
        'newer/report.json: its schemaVersion is 2; this version reads 1',
        'other/report.json: it does not have the form of a report, .*verdict: .*'
      ].join('\n')
    )
  )
})
