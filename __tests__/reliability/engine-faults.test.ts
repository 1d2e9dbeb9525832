import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { END_MISSING } from '../../src/report/excerpt.js'
import { INJECTED, randomDelays, randomFaults, type EngineFault, type FaultPlan } from './fault-proxy.js'
import { behindProxy, expectClean, expectHonest, SEEDS, type FaultyRun } from './behind-proxy.js'
import { FixtureImages } from '../action/fixture-images.js'
import { runAction, verdicts } from '../action/runner.js'

const images = new FixtureImages()
const INPUTS = {
  'cache-paths': '/data/cache',
  faults: 'file-for-directory\nkilled\nmissing-directory',
  'stable-for': '200ms'
}
/** One that repairs its cache, and one that dies of a file in its place. */
const IMAGES = { hardened: 'heals', fragile: 'exits-zero' } as const
type Kind = keyof typeof IMAGES

const expected = new Map<Kind, Record<string, string>>()
const cleanUp: (() => Promise<void>)[] = []

beforeAll(async () => {
  for (const kind of ['hardened', 'fragile'] as const) {
    const run = await runAction({ ...INPUTS, image: await images.tag(IMAGES[kind]) })
    expected.set(kind, verdicts(run.report))
  }
})
afterAll(async () => {
  for (const remove of cleanUp.reverse()) await remove()
  await images.remove()
})

/** Of an image in front of which the proxy is. */
async function disturbed(kind: Kind, plan: FaultPlan, from: string): Promise<FaultyRun> {
  const faulty = await behindProxy({ ...INPUTS, image: await images.tag(IMAGES[kind]) }, plan, from)
  cleanUp.push(faulty.job.remove, faulty.proxy.close)
  return faulty
}

describe.each(['hardened', 'fragile'] as const)('an engine that fails, and a %s image', (kind) => {
  test.concurrent.each(SEEDS)('in the trials, in random ways (%i)', async (seed) => {
    const plan = randomFaults(`trials ${seed}`, 0.1)
    const faulty = await disturbed(kind, plan, 'Plan: ')
    expect(faulty.proxy.injected).not.toEqual([])
    expectHonest(faulty, expected.get(kind) ?? {})
    await expectClean(faulty)
  })

  test.concurrent.each(SEEDS)('from the first request on, in random ways (%i)', async (seed) => {
    const faulty = await disturbed(kind, randomFaults(`all ${seed}`, 0.05), '')
    expect(faulty.run.signal).toBeNull()
    expectHonest(faulty, expected.get(kind) ?? {})
    await expectClean(faulty)
  })

  test.concurrent('only late, and with event streams that break: every verdict is known', async () => {
    const faulty = await disturbed(kind, randomDelays('late', 0.5, 500), '')
    expect(faulty.proxy.injected.length).toBeGreaterThan(20)
    expect(verdicts(faulty.run.report)).toEqual(expected.get(kind))
    await expectClean(faulty)
  })
})

describe('what fails is said', () => {
  const on =
    (path: RegExp, method = 'POST'): FaultPlan =>
    (asked) =>
      asked.method === method && path.test(asked.path) ? { kind: 'refuse' } : undefined

  test.concurrent.each<[string, FaultPlan, string]>([
    ['creating', on(/\/containers\/create\?name/), INJECTED],
    ['planting', on(/\/archive\?/, 'PUT'), INJECTED],
    ['starting', on(/\/start$/), INJECTED],
    ['reading back', on(/\/archive\?/, 'GET'), INJECTED]
  ])('%s: each trial is inconclusive, and has the words of the engine', async (_, plan, words) => {
    const faulty = await disturbed('fragile', plan, 'Plan: ')
    const scenarios = faulty.run.report?.scenarios ?? []
    expect(scenarios).toHaveLength(Object.keys(expected.get('fragile') ?? {}).length)
    for (const { verdict, detail } of scenarios) {
      expect(verdict).toBe('inconclusive')
      expect(detail).toContain(words)
    }
    expect(faulty.run.outputs.get('verdict')).toBe('inconclusive')
    await expectClean(faulty)
  })

  test.concurrent.each<[string, EngineFault]>([
    ['does not hand out', { kind: 'refuse' }],
    ['breaks off', { kind: 'cut', bytes: 8 }]
  ])('a log that it %s: a crash stands, and the report says what it does not show', async (_, fault) => {
    const faulty = await disturbed(
      'fragile',
      ({ path }) => (path.includes('/logs?') ? fault : undefined),
      'Plan: '
    )
    expectHonest(faulty, expected.get('fragile') ?? {})
    const crashed = faulty.run.report?.scenarios.filter(({ reason }) => reason === 'crashed') ?? []
    expect(crashed).not.toEqual([])
    for (const { log } of crashed) expect(log?.endMissing).toBe(true)
    expect(faulty.run.summary).toContain(END_MISSING)
    await expectClean(faulty)
  })

  test.concurrent('removing: the verdicts stand, and the run says what it could not remove', async () => {
    const faulty = await disturbed('hardened', on(/\/(?:containers|volumes)\//, 'DELETE'), 'Plan: ')
    expect(verdicts(faulty.run.report)).toEqual(expected.get('hardened'))
    expect(faulty.run.output).toContain(INJECTED)
    await expectClean(faulty)
  })

  test.concurrent('the control: there is no verdict on the image, and the job fails', async () => {
    const faulty = await disturbed('hardened', on(/\/start$/), 'Control: booting')
    expect(faulty.run).toMatchObject({ exitCode: 1, report: undefined })
    expect(faulty.run.outputs.get('verdict')).toBeUndefined()
    expect(faulty.run.output).toMatch(new RegExp(`^::error::.*${INJECTED}`, 'm'))
    await expectClean(faulty)
  })
})
