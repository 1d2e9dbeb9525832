import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from './trial/thrown.js'
import type { Report } from './report/report.js'

/**
 * Writes `report.json`. Whoever reads it while it is written sees the whole old file or the whole new one.
 * @param directory absolute; it is created
 * @param mask takes secrets out of a string
 * @returns the file's absolute path
 * @throws when it cannot be written; the message names the directory
 */
export async function writeReport(
  directory: string,
  report: Report,
  mask: (text: string) => string
): Promise<string> {
  const masked = (_: string, value: unknown): unknown => (typeof value === 'string' ? mask(value) : value)
  try {
    return await writeWhole(directory, 'report.json', `${JSON.stringify(report, masked, 2)}\n`)
  } catch (cause) {
    throw new Error(`the report could not be written to ${directory}: ${messageOf(cause)}`, { cause })
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
