import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderHtml } from './report/html/page.js'
import { renderJunit } from './report/junit.js'
import { messageOf } from './thrown.js'
import type { PlanFile } from './plan/plan-file.js'
import type { Report } from './report/report.js'

/** Every form of a report that is a file, by the output that names it. */
const FORMATS = {
  'report-json': {
    file: 'report.json',
    render: (report: Report): string => `${JSON.stringify(report, undefined, 2)}\n`
  },
  'report-html': { file: 'report.html', render: renderHtml },
  'report-junit': { file: 'report-junit.xml', render: renderJunit }
} as const

/** Absolute paths of the files of one report. */
export type ReportFiles = Readonly<Record<keyof typeof FORMATS, string>>

/**
 * Writes the report in every form. Whoever reads a file while it is written sees the whole old one or the whole new one.
 * @param directory absolute; it is created
 * @param report without secrets: see `maskedReport`
 * @throws when one cannot be written; the message names the directory
 */
export async function writeReports(directory: string, report: Report): Promise<ReportFiles> {
  const write = (output: keyof typeof FORMATS): Promise<string> =>
    writeWhole(directory, FORMATS[output].file, FORMATS[output].render(report))
  try {
    return {
      'report-json': await write('report-json'),
      'report-html': await write('report-html'),
      'report-junit': await write('report-junit')
    }
  } catch (cause) {
    throw new Error(`the report could not be written to ${directory}: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Writes `plan.json`, whole or not at all.
 * @param plan without secrets: see `maskedPlan`
 * @returns its absolute path
 * @throws when it cannot be written; the message names the directory
 */
export async function writePlan(directory: string, plan: PlanFile): Promise<string> {
  try {
    return await writeWhole(directory, 'plan.json', `${JSON.stringify(plan, undefined, 2)}\n`)
  } catch (cause) {
    throw new Error(`the plan could not be written to ${directory}: ${messageOf(cause)}`, { cause })
  }
}

async function writeWhole(directory: string, name: string, text: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  const file = join(directory, name)
  const partial = join(directory, `.${name}.${randomUUID()}`)
  try {
    await writeFile(partial, text, { flag: 'wx' })
    await rename(partial, file)
  } finally {
    await rm(partial, { force: true })
  }
  return file
}
