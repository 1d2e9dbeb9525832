import { expect, test } from '@jest/globals'
import { stateToRestore } from '../../../src/trial/plant.js'
import { directory, file, SENTINEL, tree } from '../judge/cases.js'
import type { Plant, TreeEntry } from '../../../src/model.js'

const MODEL = file('/data/models/model', 'weights')
const UPLOADS = { ...directory('/data/uploads'), uid: 1000 }
const KEPT = file('/data/uploads/sentinel', 'kept')
const CONFIG = file('/data/config.yml', 'a: 1')
const PLANT: Plant = { entries: [file('/data/app/cache', 'x')], summary: 'a file' }
const APP = { ...directory('/data/app'), uid: 1000 }

const restored = (truncated: boolean, plant: Plant): string[] =>
  stateToRestore(
    {
      volumes: [{ mount: '/data', tree: tree(MODEL, UPLOADS, KEPT, APP, CONFIG), truncated }],
      sentinels: tree(KEPT, SENTINEL)
    },
    [CONFIG, file('/other/seed', 'of another volume')],
    plant
  ).map(({ path, uid }) => `${path} of ${uid}`)

test('a volume starts as the control left it, without what is replaced', () => {
  const plant = { ...PLANT, entries: [file('/data/models', 'x')] }
  expect(restored(false, plant)).toEqual([
    '/data/uploads of 1000',
    '/data/uploads/sentinel of 0',
    '/data/app of 1000',
    '/data/config.yml of 0'
  ])
})

test('a file whose first name is replaced keeps its content under the others', () => {
  const linked = (path: string): TreeEntry => ({
    ...MODEL,
    path,
    type: 'hardlink',
    size: 0,
    linkTarget: MODEL.path
  })
  const volumes = [
    { mount: '/data', tree: tree(MODEL, linked('/data/z/a'), linked('/data/z/b')), truncated: false }
  ]
  const restore = (replaced: string): TreeEntry[] =>
    stateToRestore({ volumes, sentinels: new Map() }, [], { ...PLANT, entries: [file(replaced, 'x')] })
  expect(restore('/data/models')).toEqual([
    { ...MODEL, path: '/data/z/a' },
    { ...linked('/data/z/b'), linkTarget: '/data/z/a' }
  ])
  expect(restore('/data/z/a')).toEqual([MODEL, linked('/data/z/b')])
})

test('one that was not read whole starts as for the control, with directories that belong to whom they belonged', () => {
  expect(restored(true, PLANT)).toEqual([
    '/data/config.yml of 0',
    '/data/uploads of 1000',
    '/data/app of 1000',
    '/data/uploads/sentinel of 0',
    '/data/sentinel of 0'
  ])
})
