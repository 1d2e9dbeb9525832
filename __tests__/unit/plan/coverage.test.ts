import { expect, test } from '@jest/globals'
import { corruptedPaths, coverageNotes } from '../../../src/plan/coverage.js'
import { file, scenario, target } from '../judge/cases.js'

const control = (...writtenPaths: string[]) => ({
  volumes: [{ mount: '/data', tree: new Map(), truncated: false }],
  writtenPaths,
  sentinels: new Map()
})

test.each<[string, string[], string[], string]>([
  ['what is written is under a path', ['/data/cache', '/data/cache/model'], ['/data/cache'], ''],
  ['a path is deeper', ['/data', '/data/app', '/data/app/cache/model'], ['/data/app/cache'], ''],
  ['the volume itself is a path', ['/data/db.sqlite'], ['/data'], ''],
  ['only bytecode is written', ['/data/__pycache__', '/data/__pycache__/m.cpython-311.pyc'], [], ''],
  ['it is on no volume', ['/var/log/app.log'], [], ''],
  ['a file is under none', ['/data/db.sqlite', '/data/cache/model'], ['/data/cache'], '/data/db.sqlite'],
  ['a directory is under none', ['/data/db', '/data/db/a', '/data/db/b/c'], [], '/data/db'],
  ['a neighbour in a directory is under none', ['/data/a/b/c', '/data/a/x/y'], ['/data/a/b'], '/data/a/x']
])('says where nothing is corrupted: %s', (_, written, paths, named) => {
  const notes = coverageNotes(control(...written), paths, [])
  expect(notes).toEqual(
    named === ''
      ? []
      : [
          `Start-up also writes ${named} on the volume /data, where nothing is corrupted: name it in cache-paths or data-paths.`
        ]
  )
})

test('says how many more there are', () => {
  const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `/data/${name}`)
  expect(coverageNotes(control(...files), [], [])[0]).toMatch(
    /\/data\/a, .*\/data\/e and 2 more on the volume/
  )
})

test('looks at a full volume once, not once for every path', () => {
  const deep = '/d'.repeat(60)
  const files = Array.from({ length: 50_000 }, (_, at) => `/data${deep}/${at % 500}/${at}`)
  const paths = Array.from({ length: 2_000 }, (_, at) => `/data/cache/${at}`)
  const start = performance.now()
  expect(coverageNotes(control(...files), paths, [])).toEqual([
    'Start-up also writes /data/d on the volume /data, where nothing is corrupted: name it in cache-paths or data-paths.'
  ])
  expect(performance.now() - start).toBeLessThan(10_000)
})

test('says that a data path is on no volume', () => {
  expect(coverageNotes(control(), [], ['/data/uploads', '/srv/uploads'])).toEqual([
    '/srv/uploads is on no volume, so only restarts of the same container are tested there. If production mounts it, name the mount point in volumes.'
  ])
})

test('corrupted is the path of a scenario, or what is planted where that is a whole volume', () => {
  const volume = { target: target({ path: '/data', volume: '/data' }) }
  const plant = { entries: [file('/data/app.db', 'x')], summary: '' }
  expect(
    corruptedPaths([
      scenario({ target: target({ path: '/data/cache', volume: '/data' }) }),
      scenario({ ...volume, plant }),
      scenario({ ...volume, plant }),
      scenario({ ...volume, plant: { entries: [], summary: '', kill: true } }),
      scenario({ ...volume, plant: { entries: [], summary: '', remove: ['/data/model'] } })
    ])
  ).toEqual(['/data/cache', '/data/app.db', '/data/model'])
  const readOnly = { entries: [], summary: '', readOnlyMount: '/data' }
  expect(corruptedPaths([scenario({ ...volume, plant: readOnly })])).toEqual(['/data'])
})
