import { verdicts } from '../action/runner.js'
import { newBystander } from './bystander.js'
import { CLEANERS, endAt, ENDS, killPoints, timeWholeRun, type Aftermath } from './kill.js'

/** How many runs are ended at a time, beside one that must pass. */
const AT_A_TIME = 2

const [count = '100', seed = 'kill'] = process.argv.slice(2)
const points = killPoints(seed, Number(count))
const bystander = await newBystander()
const before = await bystander.state()
const { ms: wholeMs } = await timeWholeRun()
console.log(
  `A whole run takes ${(wholeMs / 1000).toFixed(1)} s. Ending ${points.length} of them, seed ${seed}.`
)

const aftermaths: Aftermath[] = []
const waiting = [...points.entries()]
async function endOneAfterTheOther(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [index, point] = next
    const aftermath = await endAt(point, wholeMs)
    aftermaths.push(aftermath)
    const { run, before: left, after, said, endedMs } = aftermath
    const how = run.signal ?? `exit ${String(run.exitCode)}`
    console.log(
      `${index + 1}. ${point.end} at ${(point.at * 100).toFixed(1)} % (${how} after ${endedMs.toFixed(0)} ms): ` +
        `${left.length} left, ${after.length} after ${point.cleaner}; it said: ${said.slice(0, 80)}`
    )
    for (const thing of after) console.log(`   LEFT BEHIND: ${thing}`)
  }
}

const beside = { runs: 0, passed: 0 }
async function passBesideThem(): Promise<void> {
  while (waiting.length > 0) {
    const { run } = await timeWholeRun()
    beside.runs += 1
    const all = Object.values(verdicts(run.report))
    if (run.exitCode === 0 && all.length === 2) beside.passed += 1
    else console.log(`A RUN BESIDE THEM DID NOT PASS: ${run.output}`)
  }
}

await Promise.all([...Array.from({ length: AT_A_TIME }, endOneAfterTheOther), passBesideThem()])
const untouched = JSON.stringify(await bystander.state()) === JSON.stringify(before)
await bystander.remove()

const dirty = aftermaths.filter(({ after }) => after.length > 0)
const row = (name: string, some: readonly Aftermath[]): string => {
  const left = some.reduce((sum, aftermath) => sum + aftermath.before.length, 0)
  const slowest = Math.max(0, ...some.map(({ endedMs }) => endedMs))
  const still = some.reduce((sum, { after }) => sum + after.length, 0)
  return `| ${name} | ${some.length} | ${left} | ${(slowest / 1000).toFixed(1)} s | ${still} |`
}
console.log('\n| ended by | runs | left before anyone cleaned up | longest until it had ended | left after |')
console.log('| --- | --- | --- | --- | --- |')
for (const end of ENDS)
  console.log(
    row(
      end,
      aftermaths.filter(({ point }) => point.end === end)
    )
  )
for (const cleaner of CLEANERS) {
  console.log(
    row(
      `any, cleaned up by ${cleaner}`,
      aftermaths.filter(({ point }) => point.cleaner === cleaner)
    )
  )
}
console.log(
  `\nBeside them ${beside.passed} of ${beside.runs} runs passed; what belongs to others is ${untouched ? 'as it was' : 'CHANGED'}.`
)
process.exitCode = dirty.length === 0 && untouched && beside.passed === beside.runs ? 0 : 1
