import { expect, test } from '@jest/globals'
import { stateToRestore } from '../../../src/trial/plant.js'
import { directory, file, SENTINEL, tree } from '../judge/cases.js'
import type { Plant } from '../../../src/model.js'

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

test('one that was not read whole starts as for the control, with directories that belong to whom they belonged', () => {
  expect(restored(true, PLANT)).toEqual([
    '/data/config.yml of 0',
    '/data/uploads of 1000',
    '/data/app of 1000',
    '/data/uploads/sentinel of 0',
    '/data/sentinel of 0'
  ])
})
