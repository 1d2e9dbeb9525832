import { describe, expect, test } from '@jest/globals'
import { judge } from '../../../src/judge/judge.js'
import { judgeTrial } from '../../../src/judge/result.js'
import { EngineError } from '../../../src/engine/errors.js'
import type { ImageFacts, Observation, PythonFacts, Scenario, Verdict } from '../../../src/model.js'
import { runControl, type ControlRequest } from '../../../src/trial/control.js'
import { Bench } from '../../../src/trial/lab.js'
import { findOldCode, mayLoadFromVolumes } from '../../../src/trial/old-code.js'
import { reconnoitre, verboseImports } from '../../../src/trial/reconnaissance.js'
import { rehearse } from '../../../src/trial/rehearsal.js'
import { runSchedule, type Schedule, type ScheduleOutcome } from '../../../src/trial/schedule.js'
import { scenario, STANDARDS, target } from '../judge/cases.js'
import { CANARY, CONDITIONS } from './conditions.js'
import { FakeDocker, type Behave, type Behaviour } from './fake-docker.js'

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
  dataAfter: { entries: new Map(), truncated: false, cutRoots: [] }
})

async function runAll(
  docker: FakeDocker,
  scenarios: readonly Scenario[],
  over: Parameters<FakeDocker['lab']>[0] = {},
  how: Partial<Pick<Schedule, 'failFast' | 'keep' | 'maxParallel' | 'onStart' | 'onDoubt'>> = {}
): Promise<ScheduleOutcome> {
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
    onDoubt: () => undefined,
    onDone: () => undefined,
    ...how
  }
  return await runSchedule(docker.lab(over), schedule)
}

async function run(...of: Parameters<typeof runAll>): Promise<Verdict[]> {
  const { results } = await runAll(...of)
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
      detail:
        'it found no space once, on a disk that no fault had filled, which a further run did not confirm'
    })
  })

  test('a smoke test that is over its time for the first time in a second run is tried once more', async () => {
    const docker = new FakeDocker(inTurn(OUT_OF_MEMORY, 'ready', 'ready'))
    const [verdict] = await run(docker, [RECREATE], { health: { smokeTest: 'sleep 5' } })
    expect(verdict).toMatchObject({ kind: 'failed', reason: 'wrong-answer' })
    expect(docker.started).toHaveLength(3)
  })
})

describe('a trial that fails beside others', () => {
  const behind = (docker: FakeDocker): string[] => docker.started.filter((name) => name.includes('-again'))

  test.each<[string, Behave, string, number]>([
    ['fails where it fails alone, too', inTurn({ exitCode: 1 }, { exitCode: 1 }), 'failed: crashed', 1],
    [
      'fails where it fails in its last run',
      inTurn({ exitCode: 1 }, 'ready', { exitCode: 1 }),
      'failed: crashed',
      2
    ],
    [
      'is not known where it comes through alone, twice',
      inTurn({ exitCode: 1 }, 'ready', 'ready'),
      'inconclusive',
      2
    ],
    ['is over its time, and passes alone', inTurn(HANGS, 'ready'), 'recovered', 1]
  ])('%s', async (_, behave, verdict, again) => {
    const docker = new FakeDocker(behave)
    const scenarios = ['a', 'b', 'c'].map((id) => ({ ...RECREATE, id }))
    const told: string[] = []
    const { results } = await runAll(
      docker,
      scenarios,
      {},
      {
        onStart: ({ id }) => told.push(`${id} begins`),
        onDoubt: ({ id }) => told.push(`${id} is in doubt`)
      }
    )
    expect(results.map((result) => short(result.verdict))).toEqual([verdict, verdict, verdict])
    expect(behind(docker)).toHaveLength(again * scenarios.length)
    const whole = Array.from({ length: again }, () => ['b is in doubt', 'b begins']).flat()
    expect(told.filter((words) => words.startsWith('b'))).toEqual(['b begins', ...whole])
  })

  test('is told with how it failed, and what to do about it', async () => {
    const scenarios = ['a', 'b'].map((id) => ({ ...RECREATE, id }))
    const [verdict] = await run(new FakeDocker(inTurn({ exitCode: 3 }, 'ready', 'ready')), scenarios)
    expect(verdict).toEqual({
      kind: 'inconclusive',
      detail: expect.stringMatching(
        /^it failed once beside other trials \(crashed, .* 3 .*\), and came through alone: .* set max-parallel to 1; .* race$/
      ) as unknown
    })
  })

  test('as one of two replicas is no pass, since they may race each other', async () => {
    const scenarios = ['a', 'b'].map((id) => ({ ...CONCURRENT, id }))
    const race: Behave = (name) =>
      name.includes('-again') || name.endsWith('-1') ? 'ready' : { exitCode: 1 }
    expect((await run(new FakeDocker(race), scenarios)).map(short)).toEqual(['inconclusive', 'inconclusive'])
    expect((await run(new FakeDocker(race), scenarios, {}, { maxParallel: 1 })).map(short)).toEqual([
      'failed: replica',
      'failed: replica'
    ])
  })

  test('is not known less for refusing to start on damaged data', async () => {
    const damaged = ['a', 'b'].map((id) => ({
      ...RECREATE,
      id,
      expectation: 'recover-or-refuse' as const,
      target: { ...RECREATE.target, role: 'data' as const }
    }))
    const docker = new FakeDocker(inTurn({ exitCode: 1 }, 'ready'))
    expect((await run(docker, damaged)).map(short)).toEqual(['recovered', 'recovered'])
  })

  test('is not beside any where only one may boot at a time', async () => {
    const docker = new FakeDocker(() => ({ exitCode: 1 }))
    const scenarios = ['a', 'b'].map((id) => ({ ...RECREATE, id }))
    const { results } = await runAll(docker, scenarios, {}, { maxParallel: 1 })
    expect(results.map(({ verdict }) => short(verdict))).toEqual(['failed: crashed', 'failed: crashed'])
    expect(docker.started).toHaveLength(2)
  })

  test('is confirmed before any other begins, where the run ends with the first failure', async () => {
    const docker = new FakeDocker(() => ({ exitCode: 1 }))
    const scenarios = Array.from({ length: 40 }, (_, index) => ({ ...RECREATE, id: `s${index}` }))
    const { results, skipped } = await runAll(docker, scenarios, {}, { failFast: true })
    expect(results).toHaveLength(1)
    expect(skipped).toHaveLength(39)
    expect(behind(docker)).toHaveLength(1)
    expect(docker.started.length).toBeLessThan(15)
  })

  test('lets the others begin where it comes through alone, though the run ends with the first failure', async () => {
    const docker = new FakeDocker(inTurn({ exitCode: 1 }, 'ready', 'ready'))
    const scenarios = Array.from({ length: 20 }, (_, index) => ({ ...RECREATE, id: `s${index}` }))
    const { results } = await runAll(docker, scenarios, {}, { failFast: true })
    expect(results.map(({ verdict }) => short(verdict))).toEqual(Array(20).fill('inconclusive'))
  })

  test('and then is not run again says so, where the run ends with the first failure', async () => {
    const docker = new FakeDocker(() => ({ exitCode: 1 }))
    const scenarios = ['a', 'b', 'c'].map((id) => ({ ...RECREATE, id }))
    const { skipped } = await runAll(docker, scenarios, {}, { failFast: true, maxParallel: 3 })
    expect(skipped.map(({ reason }) => reason)).toEqual([
      'fail-fast: another scenario failed before what came of this one could be confirmed',
      'fail-fast: another scenario failed before what came of this one could be confirmed'
    ])
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

describe('a forbidden line', () => {
  const forbidding = { health: { forbidLogs: [{ pattern: 'Error', flags: '' }] } }
  const NO_SPACE = { exitCode: 1, says: 'OSError: [Errno 28] No space left on device' }

  test('is not held against a boot that the machine may have ended', async () => {
    const docker = new FakeDocker(inTurn(NO_SPACE, 'ready'))
    expect((await run(docker, [RECREATE], forbidding)).map(short)).toEqual(['recovered'])
  })

  test('counts once that is confirmed, and at once where nothing is in doubt', async () => {
    const [twice] = await run(new FakeDocker(inTurn(NO_SPACE, NO_SPACE)), [RECREATE], forbidding)
    expect(twice).toMatchObject({ kind: 'failed', reason: 'crashed', also: ['forbidden-log'] })
    const docker = new FakeDocker(inTurn({ exitCode: 1, says: 'ValueError' }))
    const [once] = await run(docker, [RECREATE], forbidding)
    expect(once).toMatchObject({ kind: 'failed', reason: 'crashed', also: ['forbidden-log'] })
    expect(docker.started).toHaveLength(1)
  })
})

describe('a boot that only prepares a trial', () => {
  const cleanBoot = (does: Behaviour, times: number): Behave => {
    let left = times
    return (_, start) => (start === 1 && left-- > 0 ? does : 'ready')
  }

  test.each<[string, Behaviour]>([
    ['over its time', HANGS],
    ['killed', OUT_OF_MEMORY]
  ])('is made again where it was %s once', async (_, does) => {
    const docker = new FakeDocker(cleanBoot(does, 1))
    expect((await run(docker, [{ ...RECREATE, mode: 'restart' }])).map(short)).toEqual(['recovered'])
    const twice = new FakeDocker(cleanBoot(does, 2))
    expect((await run(twice, [{ ...RECREATE, mode: 'restart' }])).map(short)).toEqual(['inconclusive'])
    expect(twice.started).toHaveLength(2)
  })

  test('is not made again where it failed by itself', async () => {
    const docker = new FakeDocker(cleanBoot({ exitCode: 1 }, 1))
    expect((await run(docker, [{ ...RECREATE, mode: 'restart' }])).map(short)).toEqual(['inconclusive'])
    expect(docker.started).toHaveLength(1)
  })
})

test('with fail-fast, no trial is run again once one has failed', async () => {
  const scenarios = ['a', 'b', 'c'].map((id) => ({ ...RECREATE, id }))
  const docker = new FakeDocker(() => HANGS)
  const { results, skipped } = await runAll(docker, scenarios, {}, { failFast: true })
  expect(results.map(({ verdict }) => short(verdict))).toEqual(['failed: timed-out'])
  expect(skipped).toHaveLength(2)
  expect(docker.started).toHaveLength(4)
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

test('a refusal stands where another replica is in doubt, which is what is tried again', async () => {
  const damaged: Scenario = {
    ...CONCURRENT,
    expectation: 'recover-or-refuse',
    target: { ...CONCURRENT.target, role: 'data' }
  }
  const docker = new FakeDocker((name) =>
    name.includes('-again') || name.endsWith('-1') ? { exitCode: 1 } : HANGS
  )
  expect((await run(docker, [damaged])).map(short)).toEqual(['refused'])
  const never = new FakeDocker((name) => (name.endsWith('-1') ? { exitCode: 1 } : HANGS))
  expect((await run(never, [damaged])).map(short)).toEqual(['failed: crashed'])
})

test.each(['host', 'container:db'])('on the network %s one trial runs at a time', async (NetworkMode) => {
  const scenarios = ['a', 'b', 'c'].map((id) => ({ ...RECREATE, id }))
  const beside = new FakeDocker(() => 'ready')
  await run(beside, scenarios)
  expect(beside.mostRunning).toBeGreaterThan(1)
  const alone = new FakeDocker(() => 'ready')
  await run(alone, scenarios, { template: { HostConfig: { NetworkMode } } })
  expect(alone.mostRunning).toBe(1)
  // What is kept keeps no port.
  const kept = new FakeDocker(() => HANGS)
  const { results } = await runAll(
    kept,
    scenarios,
    { template: { HostConfig: { NetworkMode } } },
    { keep: true }
  )
  expect(results).toHaveLength(3)
  for (const { keptContainer, keptIsStopped } of results)
    expect([typeof keptContainer, keptIsStopped]).toEqual(['string', true])
  expect(kept.mostRunning).toBe(1)
})

test('a trial gives a container time to stop that stopped in the control', async () => {
  const docker = new FakeDocker(() => 'ready')
  await run(docker, [{ ...RECREATE, mode: 'restart' }])
  expect(docker.ended[0]).toMatch(/^stop .* within 60 s$/)
  const patient = new FakeDocker(() => 'ready')
  await run(patient, [{ ...RECREATE, mode: 'restart' }], { template: { StopTimeout: 300 } })
  expect(patient.ended[0]).toMatch(/^stop .* within 300 s$/)
})

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

describe('the control', () => {
  const onceAt =
    (start: number, does: Behaviour): Behave =>
    (name, now) =>
      now === start && !name.includes('-again') ? does : 'ready'

  test.each<[string, Behave]>([
    ['the first boot was over its time once', onceAt(1, HANGS)],
    ['the first boot was killed once', onceAt(1, OUT_OF_MEMORY)],
    ['the restart was killed once', onceAt(2, OUT_OF_MEMORY)],
    [
      'the first boot failed in two ways once each',
      inTurn(HANGS, { exitCode: 1, says: 'No space left on device' }, 'ready')
    ]
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

describe('a control whose first stop took longer than the engine waits', () => {
  /** Does not boot on what a process that was killed has left. */
  const fragile = (stopSeconds: number): FakeDocker => {
    const docker: FakeDocker = new FakeDocker(
      (_, start) => (start > 1 && docker.wasKilled ? { exitCode: 1 } : 'ready'),
      stopSeconds
    )
    return docker
  }

  test('is made again with more patience', async () => {
    expect((await runControl(fragile(12).lab(), REQUEST)).result.kind).toBe('passed')
  })

  test('fails where that does not help', async () => {
    const { result } = await runControl(fragile(100).lab(), REQUEST)
    expect(result).toMatchObject({ kind: 'failed', stage: 'second-boot', blame: 'image' })
  })
})

test('a control that fails in another way of the machine’s each time is not the image’s', async () => {
  const behave = inTurn(HANGS, OUT_OF_MEMORY, { exitCode: 1, says: 'No space left on device' })
  const lab = new FakeDocker(behave).lab()
  await expect(runControl(lab, REQUEST)).rejects.toThrow(EngineError)
})

describe('a boot that shows its imports', () => {
  const BOOT = {
    noCopy: true,
    state: [],
    checks: CONDITIONS.checks,
    limits: { deadlineMs: 100, smokeTestMs: 100 }
  }
  const importsOf = async (behave: Behave): Promise<unknown> => {
    const lab = new FakeDocker(behave).lab()
    return await verboseImports(lab, new Bench(lab, 'imports'), BOOT)
  }

  test.each<[string, Behave]>([
    ['crashed', () => ({ exitCode: 1, says: "import 'os' # x" })],
    ['was killed twice', () => OUT_OF_MEMORY],
    ['hangs', () => HANGS]
  ])('shows none where it %s', async (_, behave) => {
    expect(await importsOf(behave)).toBeUndefined()
  })

  test('is made again where it was killed once', async () => {
    let boots = 0
    expect(await importsOf(() => (++boots === 1 ? OUT_OF_MEMORY : 'ready'))).toMatchObject({ records: [] })
  })

  test('lets the interpreter compile what start-up has put on its volumes', async () => {
    const docker = new FakeDocker((name) =>
      name.includes('reconnaissance')
        ? { isReadyAfter: '# code object from /data/plugins/p.py' }
        : { exitCode: 1 }
    )
    const facts = {
      python: { executable: 'python3', version: '3.11.2', cacheTag: 'cpython-311', sysPath: [], stdlib: [] }
    }
    await reconnoitre(docker.lab({ mounts: ['/data'] }), {
      ...BOOT,
      facts: facts as unknown as ImageFacts,
      places: ['/data'],
      seedState: [],
      canary: CANARY,
      note: () => undefined
    })
    const volumes = [...docker.bodies.values()].map(({ HostConfig }) =>
      (HostConfig?.Mounts as readonly { readonly Source: string }[]).map(({ Source }) => Source)
    )
    expect(volumes.length).toBeGreaterThan(1)
    expect(new Set(volumes.flat())).toEqual(new Set(['cache-crash-test-run-reconnaissance-volume-1']))
  })

  test('says nothing of old code where it is not known what start-up imports', async () => {
    const lab = new FakeDocker(() => 'ready').lab()
    const python = { facts: undefined as unknown as PythonFacts, imports: undefined }
    expect(mayLoadFromVolumes(python, ['/data'], new Map())).toBe(true)
    const left = { ...BOOT, entries: [], seedState: [], cleanState: [], canary: CANARY }
    expect(await findOldCode(lab, new Bench(lab, 'old'), python, left)).toBeUndefined()
  })
})

test('a rehearsal in which memory was out once leaves nothing out', async () => {
  const docker = new FakeDocker((name) => (name.includes('-again') ? 'ready' : OUT_OF_MEMORY))
  expect(await rehearse(docker.lab(), [CONCURRENT], CONDITIONS)).toMatchObject({ concurrent: true })
  const beside = new FakeDocker((name) =>
    name.includes('-again') ? 'ready' : name.endsWith('-1') ? OUT_OF_MEMORY : { exitCode: 1 }
  )
  expect(await rehearse(beside.lab(), [CONCURRENT], CONDITIONS)).toMatchObject({ concurrent: true })
  const otherwise = new FakeDocker(
    inTurn(HANGS, OUT_OF_MEMORY, { exitCode: 1, says: 'No space left on device' })
  )
  expect(await rehearse(otherwise.lab(), [CONCURRENT], CONDITIONS)).toMatchObject({
    concurrent: { reason: expect.stringContaining('it failed in another way each time') }
  })
  const twice = new FakeDocker(() => OUT_OF_MEMORY)
  expect(await rehearse(twice.lab(), [CONCURRENT], CONDITIONS)).not.toMatchObject({ concurrent: true })
})
