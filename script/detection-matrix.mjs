// The detection matrix: for every plantable fault an image that fails on it and one that does not, as tests saw them.
//
//   node script/detection-matrix.mjs check LOG [LOG…]    every cell that these test files could see was seen again, with its verdict
//   node script/detection-matrix.mjs write LOG [LOG…]    makes the matrix anew
//
// A LOG is what tests add to where VERDICT_LOG says (__tests__/action/runner.ts): `{ fault, image, verdict, suite }` a line.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../__tests__/fixtures/verdicts/detection-matrix.json')
const [mode, ...logs] = process.argv.slice(2)
if (!['check', 'write'].includes(mode) || logs.length === 0) {
  console.error('usage: detection-matrix.mjs check|write LOG…')
  process.exit(2)
}

/** @type {{ fault: string, image: string, verdict: string, suite: string }[]} */
const seen = logs
  .flatMap((log) => readFileSync(log, 'utf8').split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line))

const holds = {
  fragile: (verdict) => verdict.startsWith('failed'),
  hardened: (verdict) => PASSES.has(verdict)
}
const PASSES = new Set(['recovered', 'tolerated', 'refused'])

if (mode === 'write') {
  const matrix = {}
  for (const fault of [...new Set(seen.map((one) => one.fault))].sort()) {
    const cells = Object.entries(holds).map(([role, is]) => [role, cellOf(fault, is)])
    matrix[fault] = Object.fromEntries(cells.filter(([, cell]) => cell !== undefined))
  }
  writeFileSync(file, `${JSON.stringify(matrix, undefined, 2)}\n`)
} else {
  const matrix = JSON.parse(readFileSync(file, 'utf8'))
  const suites = new Set(seen.map(({ suite }) => suite))
  const missing = Object.entries(matrix).flatMap(([fault, cells]) =>
    Object.entries(cells)
      .filter(([, { suite }]) => suites.has(suite))
      .filter(
        ([, { image, verdict }]) =>
          !seen.some((one) => one.fault === fault && one.image === image && one.verdict === verdict)
      )
      .map(
        ([role, { image, verdict }]) =>
          `${fault}: ${role} ${image} was ${verdict}, and that was not seen again`
      )
  )
  for (const line of missing) console.error(line)
  if (missing.length > 0 || suites.size === 0) process.exit(1)
  console.log(`every cell of ${[...suites].join(', ')} was seen again`)
}

/** The image that says it most plainly: one that does so at every path, without heavy software, the first by name. */
function cellOf(fault, is) {
  const runs = seen.filter((one) => one.fault === fault)
  return runs
    .filter(({ verdict }) => is(verdict))
    .map(({ image, verdict, suite }) => ({ image, verdict, suite }))
    .sort(
      (a, b) =>
        Number(mixed(a)) - Number(mixed(b)) ||
        Number(a.suite === 'software') - Number(b.suite === 'software') ||
        a.image.localeCompare(b.image) ||
        a.verdict.localeCompare(b.verdict)
    )[0]

  function mixed({ image }) {
    return runs.some((one) => one.image === image && !is(one.verdict))
  }
}
