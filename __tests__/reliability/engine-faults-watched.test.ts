import { afterAll, describe, expect, test } from '@jest/globals'
import { randomFaults } from './fault-proxy.js'
import { behindProxy, expectClean, expectHonest, SEEDS } from './behind-proxy.js'
import { FixtureImages } from '../action/fixture-images.js'
import { runAction, verdicts } from '../action/runner.js'

const images = new FixtureImages()
const cleanUp: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const remove of cleanUp.reverse()) await remove()
  await images.remove()
})

const CACHE = { 'cache-paths': '/data/cache', faults: 'file-for-directory', 'stable-for': '200ms' }
const ASK = `node -e 'fetch(process.env.BASE_URL + "/work").then((answer) => process.exit(answer.ok ? 0 : 1))'`
const HEALTH = `python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"`

/** What only one thing that is watched tells from a boot that is well, or from one that is not. */
interface Watched {
  readonly what: string
  readonly image: string
  readonly inputs: Readonly<Record<string, string>>
  /** The one verdict, or the worst of several. */
  readonly verdict: string
}
const WATCHED: readonly Watched[] = [
  {
    what: 'the canary',
    image: 'stale-code-correct-answer',
    inputs: { faults: 'stale-bytecode', 'stable-for': '200ms' },
    verdict: 'failed: stale-code'
  },
  {
    what: 'a forbidden line',
    image: 'noisy-recovery',
    inputs: { ...CACHE, 'forbid-logs': 'Traceback' },
    verdict: 'failed: forbidden-log'
  },
  {
    what: 'the smoke test',
    image: 'wrong-answer',
    inputs: { ...CACHE, 'smoke-test': ASK },
    verdict: 'failed: wrong-answer'
  },
  {
    what: 'the health check',
    image: 'hangs-on-file',
    inputs: {
      ...CACHE,
      options: `--health-interval 300ms --health-cmd '${HEALTH.replaceAll("'", `'"'"'`)}'`,
      'startup-timeout': '8s'
    },
    verdict: 'failed: timed-out'
  },
  {
    what: 'the exit code of a job',
    image: 'exit-job',
    inputs: { 'cache-paths': '/data/cache', faults: 'missing-directory', ready: 'exit:0' },
    verdict: 'recovered'
  }
]

describe('an engine that fails, and an image that fails or passes by one thing that is watched', () => {
  test.each(WATCHED)('$what', async ({ image, inputs, verdict }) => {
    const all = { ...inputs, image: await images.tag(image) }
    const right = verdicts((await runAction(all)).report)
    expect(Object.values(right)).toContain(verdict)
    for (const seed of SEEDS) {
      const faulty = await behindProxy(all, randomFaults(`${image} ${seed}`, 0.05), 'Plan: ')
      cleanUp.push(faulty.job.remove, faulty.proxy.close)
      expect(faulty.proxy.injected).not.toEqual([])
      expectHonest(faulty, right)
      await expectClean(faulty)
    }
  })
})
