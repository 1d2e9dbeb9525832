import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newBystander, type Bystander } from '../reliability/bystander.js'
import { endAt, killPoints, timeWholeRun } from '../reliability/kill.js'
import { leftBehindBy, verdicts } from './runner.js'

// The long form is script/soak-kill.
let bystander: Bystander
let wholeMs = 0
beforeAll(async () => {
  bystander = await newBystander()
  wholeMs = (await timeWholeRun()).ms
})
afterAll(async () => {
  await bystander.remove()
})

describe('ended anywhere, a run leaves nothing once it was cleaned up after', () => {
  test.concurrent.each(killPoints('short form', 6))('$end at $at of a run, and $cleaner', async (point) => {
    const { after } = await endAt(point, wholeMs)
    expect(after).toEqual([])
  })

  test.concurrent('and a run beside them passes, and what belongs to others is as it was', async () => {
    const before = await bystander.state()
    const { run } = await timeWholeRun()
    expect(run.exitCode).toBe(0)
    expect(Object.keys(verdicts(run.report))).toHaveLength(2)
    expect(await leftBehindBy(run)).toEqual([])
    expect(await bystander.state()).toEqual(before)
  })
})
