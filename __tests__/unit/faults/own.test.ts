import { describe, expect, test } from '@jest/globals'
import { ownFault } from '../../../src/faults/own.js'
import { facts } from '../../fixtures/report/record.js'
import { directory, file, tree } from '../judge/cases.js'
import { plannedScenario } from '../plan/cases.js'
import type { OwnEntry, OwnFault, Plant, PlantContext, Target, TreeEntry } from '../../../src/model.js'

const NONE = { mode: undefined, owner: undefined, mtime: undefined }
const CONTEXT: PlantContext = {
  facts: facts({ user: { spec: 'app', uid: 1000, gid: 1001 } }),
  volumes: [],
  imports: { kind: 'unknown', reason: 'none' },
  locks: new Map(),
  addedPaths: [],
  rehearsed: { concurrent: true, stranger: true },
  previous: { reason: 'no previous-image is given' },
  isJob: false,
  canary: 'canary',
  seed: 'seed'
}

function own(plant: readonly OwnEntry[], about: Partial<OwnFault> = {}): OwnFault {
  return {
    id: 'mine',
    title: 'Mine',
    paths: undefined,
    default: true,
    modes: undefined,
    expect: undefined,
    remedy: undefined,
    readOnly: false,
    plant,
    ...about
  }
}

/** `/data/index`, on a volume, as the control left it. */
function target(entries: readonly TreeEntry[], about: Partial<Target> = {}): Target {
  const all = tree(...entries)
  const { target: made } = plannedScenario('mine', '/data/index')
  return { ...made, volume: '/data', entry: all.get('/data/index'), tree: all, ...about }
}

const HEALTHY = [directory('/data/index'), file('/data/index/a.json', '{"a":[1,2]}')]
const planted = (plant: readonly OwnEntry[], at: Target = target(HEALTHY)): Plant =>
  ownFault(own(plant)).plant(at, CONTEXT)
const applies = (plant: readonly OwnEntry[], at: Target, about: Partial<OwnFault> = {}): unknown =>
  ownFault(own(plant, about)).applies(at, CONTEXT)

describe('what an own fault plants', () => {
  test('is owned and moded as what was there, where nothing is said', () => {
    const was: TreeEntry = { ...file('/data/index/a.json', 'x'), uid: 7, gid: 8, mode: 0o600, mtime: 5 }
    const content = Buffer.from('{')
    expect(
      planted([{ type: 'file', path: 'a.json', ...NONE, content }], target([directory('/data/index'), was]))
        .entries
    ).toEqual([
      { path: '/data/index/a.json', type: 'file', mode: 0o600, uid: 7, gid: 8, mtime: 5, size: 1, content }
    ])
  })

  test('brings the directories that lead to it, owned by whoever owns the path', () => {
    const at = target([{ ...directory('/data/index'), uid: 7, gid: 8 }])
    const { entries } = planted([{ type: 'fifo', path: 'b/c/queue', ...NONE }], at)
    expect(entries.map(({ path, type, uid, gid }) => `${type} ${path} ${uid}:${gid}`)).toEqual([
      'directory /data/index/b 7:8',
      'directory /data/index/b/c 7:8',
      'fifo /data/index/b/c/queue 7:8'
    ])
  })

  test('belongs to the app where nothing is there', () => {
    const { entries } = planted([{ type: 'link', path: '.', ...NONE, to: '/x' }], target([]))
    expect(entries).toMatchObject([
      { path: '/data/index', type: 'symlink', linkTarget: '/x', uid: 1000, gid: 1001 }
    ])
  })

  test('says what exactly it is', () => {
    const { summary } = planted([
      {
        type: 'file',
        path: 'a.json',
        mode: 0o600,
        owner: { uid: 1, gid: 2 },
        mtime: 0,
        content: Buffer.alloc(3)
      },
      { type: 'missing', path: 'b' }
    ])
    expect(summary).toBe(
      'a regular file of 3 bytes at /data/index/a.json (mode 0600, uid 1, gid 2, modified 1970-01-01T00:00:00.000Z), /data/index/b missing'
    )
  })

  test('is damage by time alone where only times are said', () => {
    const dated = { ...NONE, mtime: 9 }
    expect(planted([{ type: 'file', path: 'a.json', ...dated, content: undefined }]).byTime).toBe(true)
    expect(
      planted([{ type: 'file', path: 'a.json', ...dated, content: Buffer.from('x') }]).byTime
    ).toBeUndefined()
  })

  test.each([
    ['what is left of a user’s file must survive', '{"a":', '{"a":'],
    ['what never was in it need not', 'garbage', '']
  ])('in data: %s', (_, content, surviving) => {
    const plant: OwnEntry[] = [{ type: 'file', path: 'a.json', ...NONE, content: Buffer.from(content) }]
    expect(planted(plant, target(HEALTHY, { role: 'data' })).damaged).toEqual([
      { path: '/data/index/a.json', surviving: Buffer.from(surviving) }
    ])
    expect(planted(plant).damaged).toBeUndefined()
  })
})

describe('where an own fault does not apply', () => {
  const keep: OwnEntry = { type: 'file', path: 'a.json', ...NONE, mode: 0, content: undefined }
  const missing: OwnEntry = { type: 'missing', path: 'a.json' }
  const below: OwnEntry = { type: 'fifo', path: 'x/y', ...NONE }
  const link: TreeEntry = { ...file('/data/index', ''), type: 'symlink', linkTarget: '/other' }
  test.each<[string, readonly OwnEntry[], Target, Partial<OwnFault>]>([
    [
      'the directory of /data/index is not in the image and start-up did not make it',
      [keep],
      target(HEALTHY, { parentExists: false }),
      {}
    ],
    [
      'start-up left no file at /data/index/a.json whose content could stay',
      [keep],
      target([directory('/data/index')]),
      {}
    ],
    [
      'healthy start-up leaves nothing at /data/index/a.json',
      [missing],
      target([directory('/data/index')]),
      {}
    ],
    [
      '/data/index/a.json is in the container’s own layer, from which nothing can be taken out',
      [missing],
      target(HEALTHY, { volume: undefined }),
      {}
    ],
    ['/data/index is a symlink, so nothing can be planted below it', [below], target([link]), {}],
    [
      '/data/index/x is a file, so nothing can be planted below it',
      [below],
      target([directory('/data/index'), file('/data/index/x', '')]),
      {}
    ],
    [
      '/data/index is no directory; a volume mounts at one',
      [],
      target([file('/data/index', '')]),
      { readOnly: true }
    ],
    [
      'not all that is at /data/index can be copied to a read-only volume',
      [],
      target(HEALTHY, { complete: false }),
      { readOnly: true }
    ]
  ])('%s', (reason, plant, at, about) => {
    expect(applies(plant, at, about)).toEqual({ reason })
  })

  test('and where it does', () => {
    expect(applies([keep, below], target(HEALTHY))).toBe(true)
    expect(applies([missing], target(HEALTHY))).toBe(true)
    expect(applies([{ type: 'directory', path: '.', ...NONE }, below], target([link]))).toBe(true)
  })
})

test.each<[string, OwnFault, unknown]>([
  ['below a path, mount points included', own([{ type: 'fifo', path: 'x', ...NONE }]), { aim: 'state' }],
  ['at the path itself, never a mount point', own([{ type: 'fifo', path: '.', ...NONE }]), { aim: 'path' }],
  ['with a mount in new containers', own([], { readOnly: true }), { aim: 'mount', modes: ['recreate'] }],
  ['with something missing in new containers', own([{ type: 'missing', path: 'x' }]), { modes: ['recreate'] }]
])('a fault is aimed %s', (_, spec, expected) => {
  expect(ownFault(spec)).toMatchObject({ family: 'own', code: 'OWN', ...(expected as object) })
})

test('what start-up must do follows from the role, unless the file says it', () => {
  expect([ownFault(own([])).expects('cache'), ownFault(own([])).expects('data')]).toEqual([
    'recover',
    'recover-or-refuse'
  ])
  expect(ownFault(own([], { expect: 'leave-alone' })).expects('data')).toBe('leave-alone')
})
