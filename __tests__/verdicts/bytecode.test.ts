import { afterAll, describe, expect, test } from '@jest/globals'
import { FixtureImages, omissions, scenarioOf } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

const BYTECODE = ['--faults', 'bytecode'] as const
/** The service says what its module says: the image's code and the planted one give the same answer. */
const GREETING = [
  '--smoke-test',
  `node -e 'fetch(process.env.BASE_URL + "/work").then(async (answer) => {
    process.exitCode = await answer.text() === "hello" ? 0 : 1
  })'`
] as const

describe('Python bytecode on a volume', () => {
  test.concurrent(
    'a prefix on the volume: old code runs and answers correctly, and cut bytecode is fatal',
    async () => {
      const run = await images.crashTest('stale-code-correct-answer', [...BYTECODE, ...GREETING])
      expect(run.exitCode).toBe(1)
      expect(verdicts(run.report)).toEqual({
        'truncated-bytecode@/data/pycache/recreate': 'failed: crashed',
        'stale-bytecode@/data/pycache/recreate': 'failed: stale-code',
        'stale-bytecode-unchecked@/data/pycache/recreate': 'failed: stale-code'
      })
      for (const id of ['stale-bytecode@', 'stale-bytecode-unchecked@']) {
        const scenario = scenarioOf(run, id)
        expect(scenario.detail).toBe('planted old bytecode ran instead of the image’s code')
        expect(scenario.boots.map(({ outcome }) => outcome)).toEqual(['ready'])
        expect(scenario.also).not.toContain('wrong-answer')
      }
      expect(scenarioOf(run, 'truncated-bytecode').diagnosis?.lines.join('\n')).toMatch(
        /EOFError: (?:marshal data too short|EOF read where object expected)/
      )
    }
  )

  test.concurrent('a purge before the interpreter starts helps against all of it', async () => {
    const run = await images.crashTest('purges-bytecode', [...BYTECODE, ...GREETING])
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual({
      'truncated-bytecode@/data/pycache/recreate': 'recovered',
      'stale-bytecode@/data/pycache/recreate': 'recovered',
      'stale-bytecode-unchecked@/data/pycache/recreate': 'recovered'
    })
  })

  test.concurrent(
    'a volume that is searched before the code: legacy bytecode there wins, or dies of its version',
    async () => {
      const run = await images.crashTest('plugin-path', [...BYTECODE, ...GREETING])
      expect(run.exitCode).toBe(1)
      expect(verdicts(run.report)).toEqual({
        'stale-bytecode-legacy@/plugins/recreate': 'failed: stale-code',
        'orphan-bytecode@/plugins/recreate': 'failed: crashed'
      })
      expect(scenarioOf(run, 'stale-bytecode-legacy').also).not.toContain('wrong-answer')
      expect(scenarioOf(run, 'orphan-bytecode').diagnosis?.lines.join('\n')).toContain(
        "bad magic number in 'greeting'"
      )
      expect(omissions(run)).toMatchObject({
        'stale-bytecode@/plugins': 'Python in this image never reads bytecode from /plugins'
      })
    }
  )

  test.concurrent('legacy bytecode that is removed first neither wins nor kills', async () => {
    const run = await images.crashTest('plugin-path-purged', [...BYTECODE, ...GREETING])
    expect(run.exitCode).toBe(0)
    expect(verdicts(run.report)).toEqual({
      'stale-bytecode-legacy@/plugins/recreate': 'recovered',
      'orphan-bytecode@/plugins/recreate': 'recovered'
    })
  })

  test.concurrent(
    'a volume that Python never reads from is left out, and the report says exactly that',
    async () => {
      const run = await images.crashTest('no-bytecode-on-volume', [...BYTECODE, '--faults', 'killed'])
      expect(run.exitCode).toBe(0)
      expect(verdicts(run.report)).toEqual({
        'killed@container/restart': 'recovered',
        'killed@container/recreate': 'recovered'
      })
      const never = 'Python in this image never reads bytecode from /data'
      const none = "no directory of Python's module search path at /data comes before the code of this image"
      expect(omissions(run)).toEqual({
        'truncated-bytecode@/data': never,
        'stale-bytecode@/data': never,
        'stale-bytecode-unchecked@/data': never,
        'stale-bytecode-legacy@/data': none,
        'orphan-bytecode@/data': none,
        'shadowed-code@/data': 'Python in this image imports none of the image’s own code from /data'
      })
      expect(run.stdout.replace(/\n */g, ' ')).toContain(`stale-bytecode-unchecked: ${never}.`)
    }
  )
})
