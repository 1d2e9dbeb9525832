import { describe, expect, test } from '@jest/globals'
import { judge } from '../../../src/judge/judge.js'
import { judgeTrial } from '../../../src/judge/result.js'
import type { Observation, Scenario, Verdict } from '../../../src/model.js'
import { runControl, type ControlRequest } from '../../../src/trial/control.js'
import { rehearse } from '../../../src/trial/rehearsal.js'
import { runSchedule, type Schedule } from '../../../src/trial/schedule.js'
import { scenario, STANDARDS, target } from '../judge/cases.js'
import { FakeDocker, type Behave, type Behaviour } from './fake-docker.js'

const CANARY = 'cache-crash-test-canary'
const CONDITIONS = {
  control: {
    readySeconds: 0.1,
    secondReadySeconds: 0.1,
    ignoresStopSignal: false,
    writtenPaths: [],
    addedPaths: [],
    seededPaths: [],
    volumes: [],
    stableFiles: [],
    stableCacheFiles: [],
    locks: new Map(),
    sentinels: new Map(),
    notes: []
  },
  checks: [{ kind: 'log', pattern: '^ready$', flags: '' }],
  deadlineMs: 200,
  smokeTestMs: 200,
  secondBoot: false,
  replicas: 2,
  seedState: [],
  previous: undefined,
  python: undefined,
  canary: CANARY
} as const
const BARE = { control: { sentinels: new Map(), stableFiles: [], stableCacheFiles: [] } }
const RECREATE = scenario({
  target: target({ volume: undefined, entry: undefined, tree: new Map() }),
  plant: { entries: [], summary: 'nothing' }
})
const CONCURRENT: Scenario = { ...RECREATE, mode: 'concurrent' }
const HANGS = 'hangs'
const OUT_OF_MEMORY = { exitCode: 137, oomKilled: true }

/** What the trial's files come to is another test's. */
const withData = (observation: Observation): Observation => ({
  ...observation,
  dataAfter: { entries: new Map(), truncated: false }
})

async function run(
  docker: FakeDocker,
  scenarios: readonly Scenario[],
  over: Parameters<FakeDocker['lab']>[0] = {}
): Promise<Verdict[]> {
  const standards = { ...STANDARDS, ...BARE }
  const schedule: Schedule = {
    scenarios,
    maxParallel: 2,
    failFast: false,
    keep: false,
    conditions: CONDITIONS,
    judged: (on, seen) =>
      Promise.resolve({
        ...judgeTrial(on, withData(seen), standards, { signatures: [] }, []),
        location: undefined
      }),
    verdictOf: (on, seen) => judge(on, withData(seen), standards),
    onStart: () => undefined,
    onDone: () => undefined
  }
  const { results } = await runSchedule(docker.lab(over), schedule)
  return results.map(({ verdict }) => verdict)
}

/** Of the first run of a trial, of the second one, … */
const inTurn =
  (...behaviours: readonly Behaviour[]): Behave =>
  (name) =>
    behaviours[name.includes('-again-3') ? 2 : name.includes('-again') ? 1 : 0] ?? HANGS

const short = (verdict: Verdict | undefined): string =>
  verdict?.kind === 'failed' ? `failed: ${verdict.reason}` : (verdict?.kind ?? 'none')

describe('what may be the machine’s doing', () => {
  test.each<[string, Behave, string, number]>([
    ['a boot that is over its time twice', inTurn(HANGS, HANGS), 'failed: timed-out', 2],
    ['a boot that is killed twice', inTurn(OUT_OF_MEMORY, OUT_OF_MEMORY), 'failed: crashed', 2],
    [
      'over its time, then killed, then killed again',
      inTurn(HANGS, OUT_OF_MEMORY, OUT_OF_MEMORY),
      'failed: crashed',
      3
    ],
    [
      'killed, over its time, and over its time again',
      inTurn(OUT_OF_MEMORY, HANGS, HANGS),
      'failed: timed-out',
      3
    ],
    ['over its time, then a crash of its own', inTurn(HANGS, { exitCode: 1 }), 'failed: crashed', 2],
    ['a crash of its own', inTurn({ exitCode: 1 }), 'failed: crashed', 1]
  ])('%s fails', async (_, behave, verdict, runs) => {
    const docker = new FakeDocker(behave)
    expect((await run(docker, [RECREATE])).map(short)).toEqual([verdict])
    expect(docker.started).toHaveLength(runs)
  })

  test('what is seen once of each kind is not known, after three runs', async () => {
    const behave = inTurn(HANGS, OUT_OF_MEMORY, { exitCode: 1, says: 'No space left on device' })
    const [verdict] = await run(new FakeDocker(behave), [RECREATE])
    expect(verdict).toEqual({
      kind: 'inconclusive',
      detail: 'it found no space once, on a disk that nobody had filled, which was not confirmed'
    })
  })

  test('a smoke test that is over its time for the first time in a second run is tried once more', async () => {
    const docker = new FakeDocker(inTurn(OUT_OF_MEMORY, 'ready', 'ready'))
    const [verdict] = await run(docker, [RECREATE], { health: { smokeTest: 'sleep 5' } })
    expect(verdict).toMatchObject({ kind: 'failed', reason: 'wrong-answer' })
    expect(docker.started).toHaveLength(3)
  })
})

describe('what there is no doubt of stands beside what there is', () => {
  const oneOfTwo =
    (sure: Behaviour): Behave =>
    (name) =>
      name.includes('-again') ? 'ready' : name.endsWith('-1') ? sure : HANGS

  test('a replica that crashed, where the other one was over its time', async () => {
    const docker = new FakeDocker(oneOfTwo({ exitCode: 1, says: 'Traceback' }))
    expect((await run(docker, [CONCURRENT])).map(short)).toEqual(['failed: replica'])
    expect(docker.started).toHaveLength(2)
  })

  test('old code that ran in a boot that was over its time', async () => {
    const docker = new FakeDocker(oneOfTwo({ exitCode: 3, says: CANARY }))
    expect((await run(docker, [CONCURRENT])).map(short)).toEqual(['failed: stale-code'])
  })
})

test('a process that was killed did not refuse to start on damaged data', async () => {
  const damaged: Scenario = {
    ...RECREATE,
    expectation: 'recover-or-refuse',
    target: { ...RECREATE.target, role: 'data' }
  }
  const verdictsOf = async (exitCode: number): Promise<string[]> =>
    (await run(new FakeDocker(() => ({ exitCode })), [damaged])).map(short)
  expect(await verdictsOf(1)).toEqual(['refused'])
  expect(await verdictsOf(137)).toEqual(['failed: crashed'])
})

test('on the network of the host one trial runs at a time', async () => {
  const scenarios = ['a', 'b', 'c'].map((id) => ({ ...RECREATE, id }))
  const beside = new FakeDocker(() => 'ready')
  await run(beside, scenarios)
  expect(beside.mostRunning).toBeGreaterThan(1)
  const alone = new FakeDocker(() => 'ready')
  await run(alone, scenarios, { template: { HostConfig: { NetworkMode: 'host' } } })
  expect(alone.mostRunning).toBe(1)
})

test('a trial gives a container time to stop that stopped in the control', async () => {
  const docker = new FakeDocker(() => 'ready')
  await run(docker, [{ ...RECREATE, mode: 'restart' }])
  expect(docker.ended[0]).toMatch(/^stop .* within 60 s$/)
  const patient = new FakeDocker(() => 'ready')
  await run(patient, [{ ...RECREATE, mode: 'restart' }], { template: { StopTimeout: 300 } })
  expect(patient.ended[0]).toMatch(/^stop .* within 300 s$/)
})

describe('the control', () => {
  const REQUEST = {
    facts: { user: { uid: 0, gid: 0 }, hasHealthcheck: false },
    cachePaths: [],
    dataPaths: [],
    candidates: [],
    seed: 'seed',
    seedState: [],
    restarts: true,
    explain: () => Promise.resolve({ diagnosis: undefined, location: undefined })
  } as unknown as ControlRequest
  const onceAt =
    (start: number, does: Behaviour): Behave =>
    (name, now) =>
      now === start && !name.includes('-again') ? does : 'ready'

  test.each<[string, Behave]>([
    ['the first boot was over its time once', onceAt(1, HANGS)],
    ['the first boot was killed once', onceAt(1, OUT_OF_MEMORY)],
    ['the restart was killed once', onceAt(2, OUT_OF_MEMORY)]
  ])('passes where %s', async (_, behave) => {
    expect((await runControl(new FakeDocker(behave).lab(), REQUEST)).result.kind).toBe('passed')
  })

  test.each<[string, Behave, string]>([
    ['the first boot is over its time twice', () => HANGS, 'probe'],
    ['the first boot is killed twice', () => OUT_OF_MEMORY, 'image'],
    ['the first boot crashes', onceAt(1, { exitCode: 1 }), 'image']
  ])('fails where %s', async (_, behave, blame) => {
    expect((await runControl(new FakeDocker(behave).lab(), REQUEST)).result).toMatchObject({
      kind: 'failed',
      blame
    })
  })
})

test('a rehearsal in which memory was out once leaves nothing out', async () => {
  const docker = new FakeDocker((name) => (name.includes('-again') ? 'ready' : OUT_OF_MEMORY))
  expect(await rehearse(docker.lab(), [CONCURRENT], CONDITIONS)).toMatchObject({ concurrent: true })
  const twice = new FakeDocker(() => OUT_OF_MEMORY)
  expect(await rehearse(twice.lab(), [CONCURRENT], CONDITIONS)).not.toMatchObject({ concurrent: true })
})
