import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { inspect } from 'node:util'
import { z } from 'zod'
import { MOST_JOBS } from './matrix.js'
import { MergeError, type FoundReport } from './report/merge.js'
import { reportSchema } from './report/report.js'
import { messageOf } from './thrown.js'

/** A directory for each artifact, the report's own directory in it, and one to spare. */
const DEEPEST = 3
const MIB = 1024 ** 2
/** A report is bounded by rule to far less. */
const LARGEST_BYTES = 64 * MIB
/** All of them are in memory at the same time. */
const LARGEST_BYTES_OF_ALL = 256 * MIB

/**
 * Reads every `report.json` in a directory and below, as `actions/download-artifact` lays them out. Links are not followed.
 * @param directory absolute
 * @returns in the order of their directories' names
 * @throws MergeError with every file that is no report of this version, and when there is none: one that was left out could be
 *   the one that failed
 */
export async function findReports(directory: string): Promise<readonly FoundReport[]> {
  const files = await reportFiles(directory, DEEPEST)
  if (files.length === 0) throw new MergeError([`${directory}: there is no report.json in it`])
  if (files.length > MOST_JOBS)
    throw new MergeError([`${directory}: ${files.length} reports found; at most ${MOST_JOBS} can be merged`])
  const sized = await Promise.all(files.map(async (file) => ({ file, size: (await stat(file)).size })))
  const bytes = sized.reduce((sum, { size }) => sum + size, 0)
  if (bytes > LARGEST_BYTES_OF_ALL)
    throw new MergeError([
      `${directory}: its reports are larger than ${LARGEST_BYTES_OF_ALL / MIB} MiB together`
    ])
  const found: FoundReport[] = []
  const problems: string[] = []
  for (const { file, size } of sized) {
    try {
      const name = relative(directory, join(file, '..'))
      found.push({ directory: name === '' ? '.' : name, report: await readReport(file, size) })
    } catch (error) {
      problems.push(`${relative(directory, file)}: ${messageOf(error)}`)
    }
  }
  if (problems.length > 0) throw new MergeError(problems)
  return found
}

async function reportFiles(directory: string, depth: number): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const here = entries.filter((entry) => entry.isFile() && entry.name === 'report.json')
  const below = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const found = here.map(({ name }) => join(directory, name))
  for (const name of below.sort()) found.push(...(await reportFiles(join(directory, name), depth - 1)))
  return found
}

const versioned = z.looseObject({ schemaVersion: z.unknown() })

async function readReport(file: string, size: number): Promise<FoundReport['report']> {
  if (size > LARGEST_BYTES) throw new Error(`it is larger than ${LARGEST_BYTES / MIB} MiB`)
  const text = await readFile(file, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Error('it is not valid JSON, or truncated', { cause })
  }
  const { data } = versioned.safeParse(value)
  if (data === undefined) throw new Error('it is no report of Cache Crash Test')
  if (data.schemaVersion !== 1)
    throw new Error(`its schemaVersion is ${inspect(data.schemaVersion)}; this version reads 1`)
  const report = reportSchema.safeParse(value)
  if (report.success) return report.data
  const [first] = report.error.issues
  const where = first === undefined ? '' : `${first.path.join('.')}: ${first.message}`
  throw new Error(
    `it does not have the form of a report, or is one of another version of the action (${where})`
  )
}
