import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { judge } from '../../../src/judge/judge.js'
import {
  boot,
  CRASH,
  directory,
  file,
  log,
  observation,
  scenario,
  SENTINEL,
  STANDARDS,
  tree,
  UPLOAD
} from './cases.js'
import { UNKNOWN_CODE } from '../../../src/model.js'
import type {
  BootObservation,
  BootOutcome,
  FailureReason,
  Observation,
  Scenario,
  Stability,
  Verdict
} from '../../../src/model.js'

const outcome = fc.oneof<fc.Arbitrary<BootOutcome>[]>(
  // Most boots come up, or nearly nothing would pass.
  fc.constant({ kind: 'ready', seconds: 0.4 } as const),
  fc.record({
    kind: fc.constant('exited' as const),
    seconds: fc.constant(1),
    exitCode: fc.constantFrom(0, 1, 127, 137),
    oomKilled: fc.boolean()
  }),
  fc.constant({ kind: 'timed-out', seconds: 30, deadlineSeconds: 30, waitingFor: ['tcp'] } as const),
  fc.constant({ kind: 'engine-error', message: 'gone' } as const)
)
const stability = fc.constantFrom<Stability[]>(
  { kind: 'stable' },
  { kind: 'stable' },
  { kind: 'exited', exitCode: 1, oomKilled: false },
  { kind: 'restarted', count: 2 },
  { kind: 'unhealthy' }
)
const smokeTest = fc.constantFrom(
  undefined,
  { exitCode: 0, timedOut: false, seconds: 1, output: '' },
  { exitCode: 22, timedOut: false, seconds: 1, output: '500' },
  { exitCode: null, timedOut: true, seconds: 1, output: '' }
)
/** Anything that may be seen of a boot. */
const strangeBoot: fc.Arbitrary<BootObservation> = fc
  .record({
    outcome: fc.oneof(
      { weight: 3, arbitrary: fc.constant<BootOutcome>({ kind: 'ready', seconds: 0.4 }) },
      outcome
    ),
    stability,
    smokeTest,
    forbiddenLog: fc.constantFrom(undefined, undefined, { pattern: 'panic', line: 'panic: x' }),
    canary: fc.constantFrom(false, false, false, true),
    log: fc.constantFrom(log(), log('cannot use /data/cache')),
    unconfirmed: fc.constantFrom(
      {},
      {},
      { unconfirmed: { why: 'seen once', isOver: false } },
      { unconfirmed: { why: 'seen once', isOver: true } }
    )
  })
  // Only of a boot that was ready something is seen afterwards.
  .map(({ unconfirmed, ...parts }) => ({
    ...boot(
      parts.outcome.kind === 'ready' ? parts : { ...parts, stability: undefined, smokeTest: undefined }
    ),
    ...unconfirmed
  }))

/** Where every part is chosen at random, hardly a trial comes through: most boots are fine, and many refuse. */
const anyBoot = fc.oneof(
  { weight: 4, arbitrary: fc.constant(boot()) },
  { weight: 2, arbitrary: fc.constant(boot({ outcome: CRASH })) },
  { weight: 1, arbitrary: fc.constant(boot({ outcome: CRASH, log: { ...log(), endMissing: true } })) },
  { weight: 2, arbitrary: strangeBoot }
)

/** The user's file and the planted one, as they were, changed, or gone. */
const dataAfter = fc
  .record({
    sentinel: fc.constantFrom(SENTINEL, SENTINEL, SENTINEL, file(SENTINEL.path, 'other'), undefined),
    upload: fc.constantFrom(UPLOAD, UPLOAD, UPLOAD, file(UPLOAD.path, ''), undefined),
    truncated: fc.boolean()
  })
  .map(({ sentinel, upload, truncated }) => ({
    entries: tree(...[sentinel, upload].filter((entry) => entry !== undefined)),
    truncated,
    cutRoots: []
  }))

const anyObservation: fc.Arbitrary<Observation> = fc
  .record({
    problem: fc.constantFrom(undefined, undefined, undefined, 'the plant was not in place'),
    boots: fc.array(anyBoot, { maxLength: 3 }),
    secondBoot: fc.option(anyBoot, { nil: undefined }),
    oldCode: fc.constantFrom<Observation['oldCode']>(undefined, [], UNKNOWN_CODE, [
      { file: '/data/m.pyc', own: '/app/m.py' }
    ]),
    pathAfter: fc.constantFrom(
      undefined,
      'missing' as const,
      directory('/data/cache'),
      file('/data/cache', 'x')
    ),
    plantInPlace: fc.boolean(),
    pathTouched: fc.boolean(),
    dataAfter: fc.oneof(
      { weight: 2, arbitrary: fc.constant(observation().dataAfter) },
      { weight: 3, arbitrary: dataAfter },
      { weight: 1, arbitrary: fc.constant(undefined) }
    )
  })
  .map((parts) => observation(parts))

const anyScenario: fc.Arbitrary<Scenario> = fc
  .record({
    mode: fc.constantFrom('recreate' as const, 'restart' as const, 'concurrent' as const, 'upgrade' as const),
    expectation: fc.constantFrom('recover' as const, 'recover-or-refuse' as const, 'leave-alone' as const)
  })
  .map((parts) => scenario(parts))

/** What was seen of its end follows from it. */
const isKnown = ({ unconfirmed }: BootObservation): boolean => unconfirmed === undefined

const RUNS = { numRuns: 5_000 }

/** Everything that was seen, and what the judge says of it. */
function forEveryTrial(holds: (verdict: Verdict, on: Scenario, seen: Observation) => void): void {
  fc.assert(
    fc.property(anyScenario, anyObservation, (on, seen) => {
      holds(judge(on, seen, STANDARDS), on, seen)
    }),
    RUNS
  )
}

const isFine = ({ outcome, stability, smokeTest, forbiddenLog, canary }: BootObservation): boolean =>
  outcome.kind === 'ready' &&
  stability?.kind === 'stable' &&
  (smokeTest === undefined || smokeTest.exitCode === 0) &&
  forbiddenLog === undefined &&
  !canary

const everyBoot = ({ boots, secondBoot }: Observation): readonly BootObservation[] => [
  ...boots,
  ...(secondBoot === undefined ? [] : [secondBoot])
]

const isIntact = ({ dataAfter }: Observation): boolean =>
  [SENTINEL, UPLOAD].every(({ path, sha256 }) => dataAfter?.entries.get(path)?.sha256 === sha256)

describe('whatever a trial saw', () => {
  test('a pass is earned: every boot was fine, the data is whole, and the image ran its own code', () => {
    const passes: string[] = []
    forEveryTrial((verdict, _, seen) => {
      if (verdict.kind !== 'recovered' && verdict.kind !== 'tolerated') return
      passes.push(verdict.kind)
      expect(seen.problem).toBeUndefined()
      expect(seen.boots.length).toBeGreaterThan(0)
      expect(everyBoot(seen).every(isFine)).toBe(true)
      expect(isIntact(seen)).toBe(true)
      expect(seen.oldCode ?? []).toEqual([])
    })
    // Else it would have shown nothing.
    expect(new Set(passes)).toEqual(new Set(['recovered', 'tolerated']))
  })

  test('a refusal is the process’s own, is allowed, and loses nothing', () => {
    let refusals = 0
    forEveryTrial((verdict, { expectation }, seen) => {
      if (verdict.kind !== 'refused') return
      refusals += 1
      expect(expectation).toBe('recover-or-refuse')
      expect(seen.boots).not.toEqual([])
      for (const { outcome, canary, forbiddenLog, log } of seen.boots) {
        expect(outcome).toMatchObject({ kind: 'exited', oomKilled: false })
        expect(outcome).not.toMatchObject({ exitCode: 0 })
        expect([canary, forbiddenLog, log.endMissing]).toEqual([false, undefined, undefined])
      }
      expect(isIntact(seen)).toBe(true)
    })
    expect(refusals).toBeGreaterThan(0)
  })

  test('a failure has its evidence, and one that was not confirmed is none', () => {
    const evidence: Readonly<Record<FailureReason, (seen: Observation, on: Scenario) => boolean>> = {
      'data-lost': (seen) => seen.dataAfter !== undefined && !isIntact(seen),
      'stale-code': (seen) =>
        (seen.oldCode !== UNKNOWN_CODE && (seen.oldCode ?? []).length > 0) ||
        everyBoot(seen).some(({ canary }) => canary),
      'wrong-answer': ({ boots, plantInPlace }, { expectation }) =>
        boots.filter(isKnown).some(({ smokeTest }) => smokeTest !== undefined && smokeTest.exitCode !== 0) ||
        (expectation === 'leave-alone' && !plantInPlace),
      crashed: ({ boots }) => boots.filter(isKnown).some(({ outcome }) => outcome.kind === 'exited'),
      'timed-out': ({ boots }) => boots.filter(isKnown).some(({ outcome }) => outcome.kind === 'timed-out'),
      // Of those that the engine failed nothing is known.
      replica: ({ boots }, { mode }) =>
        mode === 'concurrent' &&
        boots.some((one) => !isFine(one)) &&
        boots.some((one) => isFine(one) || one.outcome.kind === 'engine-error' || !isKnown(one)),
      unstable: ({ boots }) =>
        boots.filter(isKnown).some(({ stability }) => stability !== undefined && stability.kind !== 'stable'),
      'forbidden-log': ({ boots }) => boots.some(({ forbiddenLog }) => forbiddenLog !== undefined),
      'second-boot': ({ secondBoot }) =>
        secondBoot !== undefined &&
        !isFine(secondBoot) &&
        (isKnown(secondBoot) || secondBoot.forbiddenLog !== undefined || secondBoot.canary)
    }
    const reasons = new Set<FailureReason>()
    forEveryTrial((verdict, on, seen) => {
      if (verdict.kind !== 'failed') return
      for (const reason of [verdict.reason, ...verdict.also]) {
        reasons.add(reason)
        expect([reason, evidence[reason](seen, on)]).toEqual([reason, true])
      }
    })
    expect([...reasons].sort()).toEqual(Object.keys(evidence).sort())
  })

  test('what could not be seen is no pass, and a trial that could not be carried out no failure', () => {
    forEveryTrial((verdict, _, seen) => {
      const unseen =
        seen.boots.length === 0 ||
        seen.dataAfter === undefined ||
        everyBoot(seen).some(({ outcome }) => outcome.kind === 'engine-error')
      const carriedOut = seen.problem === undefined
      const allowed = !carriedOut ? ['inconclusive'] : unseen ? ['failed', 'inconclusive'] : [verdict.kind]
      expect(allowed).toContain(verdict.kind)
    })
  })
})
