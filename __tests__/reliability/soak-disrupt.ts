import { verdicts } from '../action/runner.js'
import { newBystander } from './bystander.js'
import { disruptAt, disruptionPoints, undisturbed, type Disrupted } from './disrupt.js'
import { tellLeft } from './left.js'
import { WAYS, type Way } from './ways.js'

const [count = '20', names = Object.keys(WAYS).join(','), seed = 'disrupt'] = process.argv.slice(2)
const ways = names.split(',').map((name) => {
  const [found] = Object.entries<Way>(WAYS).filter(([each]) => each === name)
  if (found === undefined) throw new Error(`no way ${name}: one of ${Object.keys(WAYS).join(', ')}`)
  return found
})
const right = await undisturbed()
console.log(`A whole run takes ${(right.whole.ms / 1000).toFixed(1)} s: ${JSON.stringify(right.verdicts)}`)

/** Disrupts runs in one way. @returns a row of the table */
async function soak([name, way]: readonly [string, Way]): Promise<string> {
  const daemon = await way.daemon?.()
  if (daemon !== undefined) process.env.DOCKER_HOST = daemon.address
  const bystander = await newBystander()
  const others = (): Promise<readonly string[]> =>
    daemon === undefined ? bystander.state() : bystander.remains()
  const before = await others()
  const all: Disrupted[] = []
  for (const [index, point] of disruptionPoints(`${seed} ${name}`, Number(count)).entries()) {
    const disruption = await way.open(`${seed} ${index}`, daemon)
    const disrupted = await disruptAt(point, disruption, right)
    await disruption.close?.()
    all.push(disrupted)
    tell(`${name} ${index + 1}`, disrupted)
  }
  const untouched = JSON.stringify(await others()) === JSON.stringify(before)
  if (!untouched) console.log(`CHANGED what belongs to others: ${name}`)
  await bystander.remove()
  if (daemon !== undefined) {
    delete process.env.DOCKER_HOST
    await daemon.remove()
  }
  const clean = all.every(({ wrong, after }) => wrong.length === 0 && after.length === 0)
  if (!clean || !untouched) process.exitCode = 1
  return row(name, all)
}

function tell(which: string, disrupted: Disrupted): void {
  const { point, run, stage, endedMs, wrong, before, afterPost, after } = disrupted
  const back = point.backAfterMs === undefined ? 'for good' : `for ${point.backAfterMs} ms`
  const came = Object.values(verdicts(run.report)).join(', ') || 'no verdict'
  const where = stage === point.stage ? '' : stage === undefined ? ', too late' : `, by then in ${stage}`
  console.log(
    `${which}. ${point.kind} at ${(point.part * 100).toFixed(1)} % of ${point.stage}${where}, ${back}: ${came}, ` +
      `exit ${String(run.exitCode)} after ${(endedMs / 1000).toFixed(1)} s; ${before.length} left, ` +
      (point.cleaner === 'the post step' ? `${afterPost.length} after the post step, ` : '') +
      `${after.length} in the end, with ${point.cleaner}`
  )
  for (const words of wrong) console.log(`   WRONG: ${words}`)
  tellLeft(disrupted)
  const unknown = (run.report?.scenarios ?? []).filter(({ verdict }) => verdict === 'inconclusive')
  const said = [...unknown.map(({ detail }) => detail), ...(run.output.match(/^::error.*$/gm) ?? [])]
  for (const words of said) console.log(`   it says: ${words.slice(0, 300)}`)
  if (wrong.length + afterPost.length + after.length > 0) console.log(run.output.replace(/^/gm, '   | '))
}

function row(name: string, all: readonly Disrupted[]): string {
  const met = all.filter(({ stage }) => stage !== undefined)
  const sum = (number: (one: Disrupted) => number): number =>
    met.reduce((total, one) => total + number(one), 0)
  const scenarios = met.flatMap(({ run }) => run.report?.scenarios ?? [])
  const unknown = scenarios.filter(({ verdict }) => verdict === 'inconclusive').length
  const cells = [
    name,
    met.length,
    met.filter(({ run }) => run.report === undefined).length,
    scenarios.length - unknown,
    unknown,
    sum(({ wrong }) => wrong.length),
    `${(Math.max(0, ...met.map(({ endedMs }) => endedMs)) / 1000).toFixed(1)} s`,
    sum(({ before: left }) => left.length),
    sum(({ afterPost }) => afterPost.length),
    sum(({ after }) => after.length)
  ]
  return `| ${cells.join(' | ')} |`
}

const rows: string[] = []
for (const way of ways) rows.push(await soak(way))
console.log(
  '\n| way | runs | without a verdict | scenarios known | inconclusive | wrong | longest until it had ended | left before anyone cleaned up | left after the post step | left after the next run |'
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const each of rows) console.log(each)
