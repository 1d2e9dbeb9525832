import { describe, expect, test } from '@jest/globals'
import { planSummary, planTerminal } from '../../../src/report/plan-text.js'
import type { PlanFile } from '../../../src/plan/plan-file.js'

const PLAN: PlanFile = {
  schemaVersion: 1,
  tool: { name: 'cache-crash-test', version: '1.0.0' },
  image: { reference: 'app:dev', id: 'sha256:1' },
  controlSeconds: 0.4,
  estimatedSeconds: 130,
  shards: [
    { shard: 1, estimatedSeconds: 66 },
    { shard: 2, estimatedSeconds: 64 }
  ],
  scenarios: [
    {
      id: 'dangling-symlink@/data/cache/recreate',
      shard: 2,
      planted: 'a symbolic link /data/cache → /nonexistent',
      expectation: 'recover',
      estimatedSeconds: 6.25
    },
    {
      id: 'killed@container/restart',
      shard: 1,
      planted: 'SIGKILL | ::error::forged\u001b[31m',
      expectation: 'recover',
      estimatedSeconds: 9
    }
  ],
  omissions: [{ fault: 'read-only', path: '/data/cache', reason: 'it is a regular file' }]
}
const NONE: PlanFile = { ...PLAN, scenarios: [], omissions: [], shards: [{ shard: 1, estimatedSeconds: 0 }] }

describe('a plan as a job summary', () => {
  test('says how long it takes, scenario by scenario, and what was left out', () => {
    expect(planSummary(PLAN)).toBe(`## Plan: 2 scenarios, about 2 min; in 2 shards about 66 s each

\`app:dev\` was ready after 0.40 s on clean state. Nothing was corrupted yet.

| Scenario | What it plants | Start-up must | Estimated | Shard |
| :-- | :-- | :-- | :-- | :-- |
| \`dangling-symlink@/data/cache/recreate\` | A symbolic link \`/data/cache\` → \`/nonexistent\`. | recover | 6.25&nbsp;s | 2 |
| \`killed@container/restart\` | SIGKILL &#124; ::&#8203;error::forged. | recover | 9.00&nbsp;s | 1 |

<details>
<summary>1 combination of fault and path left out, with the reason</summary>

| Fault | Path | Why not |
| :-- | :-- | :-- |
| \`read-only\` | \`/data/cache\` | It is a regular file. |

</details>
`)
  })

  test('says when there is nothing to test', () => {
    expect(planSummary(NONE)).toContain('## Plan: there is nothing to test')
  })

  test('fits what GitHub takes, however long it is', () => {
    const [one] = PLAN.scenarios
    const scenarios = Array.from({ length: 5_000 }, () => ({
      id: 'x',
      shard: 1,
      expectation: 'recover',
      estimatedSeconds: 1,
      ...one,
      planted: '`'.repeat(4_000)
    }))
    const text = planSummary({ ...PLAN, scenarios })
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576)
    expect(text).toContain('`plan.json` has them all.')
  })
})

test('a plan in a terminal has a line a scenario, and obeys nothing that is in it', () => {
  expect(planTerminal(PLAN, { colour: false, columns: 80 }).split('\n')).toEqual([
    'Plan: 2 scenarios, about 2 min; in 2 shards about 66 s each',
    '',
    '  6.25 s   2/2  dangling-symlink@/data/cache/recreate  recover: a symbolic link /data/cache → /nonexistent',
    '  9.00 s   1/2  killed@container/restart               recover: SIGKILL | ::error::forged',
    '',
    'Left out:',
    '  read-only at /data/cache: it is a regular file',
    ''
  ])
})
