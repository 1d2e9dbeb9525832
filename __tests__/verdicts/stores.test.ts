import { afterAll, expect, test } from '@jest/globals'
import { FixtureImages, scenarioOf } from '../action/fixture-images.js'
import { verdicts } from '../action/runner.js'

const images = new FixtureImages()
afterAll(async () => {
  await images.remove()
})

/** What the diagnosis of the fragile image says of each fault: the cause that the catalogue has for its log. */
const CAUSES: Readonly<Record<string, RegExp>> = {
  'pickle-cut': /pickle is cut short/,
  'pickle-newer-protocol': /newer Python/,
  'dbm-cut': /dbm file is cut short/,
  'sqlite-cut': /SQLite database is damaged/,
  'sqlite-nul-pages': /SQLite database is damaged/,
  'sqlite-empty': /none of its tables is there/,
  'sqlite-foreign-wal': /none of its tables is there|SQLite database is damaged/,
  'json-cut': /JSON file is cut short or empty/,
  'json-empty': /JSON file is cut short or empty/,
  'nltk-zip-empty': /package of NLTK/,
  'native-module-foreign': /native module/,
  'matplotlib-fontlist-cut': /font list/,
  'matplotlib-lock': /lock of the font list/,
  'npm-cache-flipped': /npm cache/,
  'redis-aof-tail': /append-only file/,
  'postgres-pid': /lock file of a PostgreSQL server/,
  'postgres-pid-empty': /lock file of a PostgreSQL server/,
  'chromium-singleton-lock': /profile on the volume is locked/,
  'xvfb-lock': /lock of the last X server/,
  'celery-beat-pid': /pid file of the last celery/,
  'git-index-lock': /git command was killed/,
  'git-shallow-lock': /git command was killed/,
  'node-lock-of-root': /started as root/
}

test.concurrent.each(['fragile', 'hardened'] as const)(
  'common formats and left-over locks, %s: every fault of them does what it must',
  async (variant) => {
    const run = await images.crashTest('imitates-stores', [
      ...['--cache-paths', '/data/cache', '--boot-modes', 'recreate'],
      ...['--command', `python3 start.py ${variant}`],
      ...Object.keys(CAUSES).flatMap((fault) => ['--faults', fault])
    ])
    const expected = variant === 'fragile' ? 'failed: crashed' : 'recovered'
    expect(verdicts(run.report)).toEqual(
      Object.fromEntries(Object.keys(CAUSES).map((fault) => [`${fault}@/data/cache/recreate`, expected]))
    )
    for (const [fault, cause] of variant === 'fragile' ? Object.entries(CAUSES) : []) {
      expect(scenarioOf(run, `${fault}@`).diagnosis?.cause).toMatch(cause)
    }
  }
)
