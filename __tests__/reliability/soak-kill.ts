import { verdicts } from '../action/runner.js'
import { newBystander } from './bystander.js'
import { builders, ENDS, Killer, killPoints, OF_BUILD, STAGES, type Aftermath } from './kill.js'
import { CLEANERS, tellLeft, tracesOnEngine } from './left.js'

/** How many runs are ended at a time, beside one that must pass. */
const AT_A_TIME = 2

const [count = '100', seed = 'kill'] = process.argv.slice(2)
const some = await builders()
const points = killPoints(seed, Number(count), some)
const bystander = await newBystander()
const before = await bystander.state()
const killer = await Killer.open(some)
const times = [...killer.wholeMs].map(([builder, ms]) => `${(ms / 1000).toFixed(1)} s, built by ${builder}`)
console.log(`A whole run takes ${times.join('; ')}. Ending ${points.length} of them, seed ${seed}.`)

const aftermaths: Aftermath[] = []
const waiting = [...points.entries()]
async function endOneAfterTheOther(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [index, point] = next
    for (const aftermath of await killer.endAt(point)) {
      aftermaths.push(aftermath)
      tell(index, aftermath)
    }
  }
}

function tell(index: number, aftermath: Aftermath): void {
  const { point, run, stage, before: left, afterPost, after, lastLine, endedMs } = aftermath
  const how = run.signal ?? `exit ${String(run.exitCode)}`
  const kinds = new Set(left.map((thing) => thing.replace(/ [^ ]+$/, '')))
  const where = stage === point.stage ? '' : stage === undefined ? ', too late' : `, by then in ${stage}`
  console.log(
    `${index + 1}. ${point.end} at ${(point.part * 100).toFixed(1)} % of ${point.stage}${where}, built by ${point.builder} ` +
      `(${how} after ${endedMs.toFixed(0)} ms): ${left.length} left${left.length === 0 ? '' : ` (${[...kinds].join(', ')})`}, ` +
      (point.cleaner === 'the post step' ? `${afterPost.length} after the post step, ` : '') +
      `${after.length} in the end, with ${point.cleaner}; it said: ${lastLine.slice(0, 80)}`
  )
  tellLeft(aftermath)
}

const beside = { runs: 0, passed: 0 }
async function passBesideThem(): Promise<void> {
  while (waiting.length > 0) {
    const run = await killer.wholeRun()
    beside.runs += 1
    const all = Object.values(verdicts(run.report))
    if (run.exitCode === 0 && all.length === 2) beside.passed += 1
    else console.log(`A RUN BESIDE THEM DID NOT PASS: ${run.output}`)
  }
}

await Promise.all([...Array.from({ length: AT_A_TIME }, endOneAfterTheOther), passBesideThem()])
// What an engine was still at may have appeared since.
let late = 0
for (const { run, after } of aftermaths) {
  const found = (await tracesOnEngine(run)).filter((thing) => !after.includes(thing))
  for (const thing of found) console.log(`APPEARED SINCE, of process ${run.pid}: ${thing}`)
  late += found.length
}
const untouched = JSON.stringify(await bystander.state()) === JSON.stringify(before)
await killer.remove()
await bystander.remove()

console.log(
  '\n| ended | runs | left before anyone cleaned up | longest until it had ended | left after the post step | left after the next run |'
)
console.log('| --- | --- | --- | --- | --- | --- |')
function row(name: string, belongs: (aftermath: Aftermath) => boolean): void {
  const these = aftermaths.filter(belongs)
  const sum = (left: (aftermath: Aftermath) => readonly string[]): number =>
    these.reduce((total, aftermath) => total + left(aftermath).length, 0)
  const slowest = Math.max(0, ...these.map(({ endedMs }) => endedMs))
  const cells = [
    name,
    these.length,
    sum((aftermath) => aftermath.before),
    `${(slowest / 1000).toFixed(1)} s`,
    sum(({ afterPost }) => afterPost),
    sum(({ after }) => after)
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
for (const end of ENDS) row(`by ${end}`, ({ point }) => point.end === end)
for (const cleaner of CLEANERS) row(`and ${cleaner} came first`, ({ point }) => point.cleaner === cleaner)
for (const { builder } of some) row(`built by ${builder}`, ({ point }) => point.builder === builder)
for (const { name } of STAGES) {
  row(`in ${name}`, ({ stage }) => stage === name)
  if (OF_BUILD.some((stage) => stage.name === name))
    for (const { builder } of some)
      row(`in ${name} by ${builder}`, ({ stage, point }) => stage === name && point.builder === builder)
}

const hit = (name: string, builder?: string): boolean =>
  aftermaths.some(
    ({ stage, point }) => stage === name && (builder === undefined || point.builder === builder)
  )
const missed = STAGES.flatMap(({ name }) =>
  points.length < STAGES.length * some.length
    ? hit(name)
      ? []
      : [name]
    : some.filter(({ builder }) => !hit(name, builder)).map(({ builder }) => `${name} by ${builder}`)
)
const isEnough = points.length >= STAGES.length
if (missed.length > 0) console.log(`\n${isEnough ? 'NEVER ENDED' : 'Not ended'} in: ${missed.join(', ')}.`)
const tooLate = aftermaths.filter(({ stage }) => stage === undefined).length
console.log(
  `\n${tooLate} of ${aftermaths.length} signals came after their run had ended. ${late} things appeared after everyone had cleaned up.\n` +
    `Beside them ${beside.passed} of ${beside.runs} runs passed; what belongs to others is ${untouched ? 'as it was' : 'CHANGED'}.`
)
const isClean = aftermaths.every(({ after }) => after.length === 0) && late === 0
const isComplete = !isEnough || missed.length === 0
process.exitCode = isClean && isComplete && untouched && beside.passed === beside.runs ? 0 : 1
