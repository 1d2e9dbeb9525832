// The closing table of script/demo. Exits 0 if every run came out as expected, else 1.
import { readFileSync } from 'node:fs'

const directory = process.argv[2]
const runs = readFileSync(`${directory}/runs.tsv`, 'utf8').split('\n').filter(Boolean).map(parseRun)

function parseRun(line) {
  const [example, variant, expected, code, mustFail] = line.split('\t')
  return {
    example,
    variant,
    expected: Number(expected),
    code: Number(code),
    mustFail: mustFail.split(',').filter(Boolean)
  }
}

/** @returns what the report says, or undefined when the run did not get that far */
function readReport({ example, variant }) {
  try {
    return JSON.parse(readFileSync(`${directory}/${example}-${variant}/report.json`, 'utf8'))
  } catch {
    return undefined
  }
}

function row(run) {
  const report = readReport(run)
  const failed = report?.scenarios.filter(({ verdict }) => verdict === 'failed') ?? []
  const ids = new Set(failed.map(({ id }) => id))
  const missing = run.mustFail.filter((id) => !ids.has(id))
  const isAsExpected = report !== undefined && run.code === run.expected && missing.length === 0
  return {
    cells: [
      run.example,
      run.variant,
      report?.verdict ?? 'could not run',
      report === undefined ? '' : `${failed.length} of ${report.total}`,
      report === undefined ? '' : `${report.seconds.toFixed(0)} s`,
      isAsExpected ? 'as expected' : 'NOT AS EXPECTED'
    ],
    failed,
    missing,
    isAsExpected
  }
}

const rows = runs.map(row)
const table = [['example', 'variant', 'verdict', 'failed', 'time', ''], ...rows.map(({ cells }) => cells)]
const widths = table[0].map((_, column) => Math.max(...table.map((cells) => cells[column].length)))

console.log('\n')
for (const [index, cells] of table.entries()) {
  console.log(
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  )
  const { failed = [], missing = [] } = rows[index - 1] ?? {}
  for (const { reason, id } of failed) console.log(`    ${reason.padEnd(10)}  ${id}`)
  for (const id of missing) console.log(`    should have failed: ${id}`)
}
console.log(`\nReports: ${directory}/EXAMPLE-VARIANT/report.json`)
process.exit(rows.every(({ isAsExpected }) => isAsExpected) ? 0 : 1)
