import { afterAll, expect, test } from '@jest/globals'
import { FixtureImages } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

/** A boot that times out is tried again with twice the time. This limit only catches hangs. */
const LIMIT_MS = 1_800_000

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

/** What waits for ever, or nearly: the deadline is the only thing that tells. */
const WAITING = {
  fragile: {
    'fifo-for-file@/data/cache/recreate': 'failed: timed-out',
    'fifo-for-file@/data/recreate': 'failed: timed-out',
    'slow-chown@/data/cache/recreate': 'failed: timed-out'
  },
  hardened: {
    'fifo-for-file@/data/cache/recreate': 'recovered',
    'fifo-for-file@/data/recreate': 'refused',
    'slow-chown@/data/cache/recreate': 'tolerated'
  }
} as const

test.each(['fragile', 'hardened'] as const)(
  'a FIFO for a file, and files by the ten thousand to give away: %s',
  async (variant) => {
    const run = await images.crashTest('imitates-software', [
      ...['--cache-paths', '/data/cache', '--volumes', '/data', '--command', `python3 start.py ${variant}`],
      ...['--faults', 'A6', '--faults', 'B4', '--startup-timeout', '10s']
    ])
    expect(verdicts(run.report)).toMatchObject(WAITING[variant])
  },
  LIMIT_MS
)
