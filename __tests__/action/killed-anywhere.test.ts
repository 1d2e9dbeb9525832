import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newBystander, type Bystander } from '../reliability/bystander.js'
import { builders, Killer, killPoints, OF_BUILD, STAGES } from '../reliability/kill.js'
import { leftBehindBy, verdicts } from './runner.js'

// The long form is script/soak-kill.
const some = await builders()
let bystander: Bystander
let killer: Killer
beforeAll(async () => {
  bystander = await newBystander()
  killer = await Killer.open(some)
})
afterAll(async () => {
  await killer.remove()
  await bystander.remove()
})

const later = STAGES.filter((stage) => !OF_BUILD.includes(stage))
const points = [
  ...killPoints('short form, build', OF_BUILD.length * some.length, some, OF_BUILD),
  ...killPoints('short form', later.length, some, later)
]

describe('ended anywhere, a run leaves nothing once it was cleaned up after', () => {
  test.concurrent.each(points)('$end in $stage, built by $builder, and $cleaner', async (point) => {
    const all = await killer.endAt(point)
    expect(all.flatMap(({ after }) => after)).toEqual([])
    expect(all.map(({ stage }) => stage)).toContain(point.stage)
  })

  test.concurrent('and a run beside them passes, and what belongs to others is as it was', async () => {
    const before = await bystander.state()
    const run = await killer.wholeRun()
    expect(run.exitCode).toBe(0)
    expect(Object.keys(verdicts(run.report))).toHaveLength(2)
    expect(await leftBehindBy(run)).toEqual([])
    expect(await bystander.state()).toEqual(before)
  })
})
