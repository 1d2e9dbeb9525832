import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../src/engine/docker.js'
import type { Engine } from '../../src/engine/engine.js'
import { readFacts } from '../../src/image/facts.js'
import { runOneOff } from '../../src/image/one-off.js'
import { buildShop, type ShopImage } from './shop-image.js'

const labels = { 'cache-crash-test.facts-test': `${process.pid}` }

let engine: Engine
let shop: ShopImage

beforeAll(async () => {
  engine = await connect(process.env)
  shop = await buildShop('cache-crash-test-base:python3.11', labels)
})

afterAll(async () => {
  await shop.remove()
  engine.close()
})

/** Base images have no command of their own. */
const command = ['python3', '-c', 'pass']

async function factsOf(image: string, options: string[], command?: readonly string[]) {
  const body = await engine.createBody(options, image, command, labels)
  const notes: string[] = []
  const facts = await readFacts(engine, image, {
    body,
    labels,
    note: (text) => notes.push(text)
  })
  return { body, facts, notes }
}

test('an image is known by what it declares', async () => {
  const { facts, notes } = await factsOf(shop.tag, [])
  expect(facts).toMatchObject({
    id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    reference: shop.tag,
    os: 'linux',
    user: { spec: '1000:1000', uid: 1000, gid: 1000 },
    home: '/',
    workdir: '/app',
    volumes: ['/data', '/plugins'],
    ports: [8000],
    hasHealthcheck: true,
    entrypoint: ['python3'],
    cmd: ['main.py'],
    cacheEnv: [{ name: 'HF_HOME', path: '/data/hf' }],
    ignoresModeBits: false,
    python: { executable: 'python3', version: expect.stringMatching(/^3\.11\./) }
  })
  expect(notes).toEqual([])
})

test('what the user says goes before what the image says', async () => {
  const { facts } = await factsOf(
    shop.tag,
    [
      ...['--user', 'root', '--workdir', '/srv/', '--env', 'HF_HOME=/models', '--env', 'XDG_CACHE_HOME=/x'],
      ...['--no-healthcheck', '--expose', '9000', '--entrypoint', '/bin/sh', '--cap-drop', 'ALL']
    ],
    ['-c', 'python3 main.py']
  )
  expect(facts).toMatchObject({
    user: { spec: 'root', uid: 0, gid: 0 },
    home: '/root',
    workdir: '/srv',
    ports: [8000, 9000],
    hasHealthcheck: false,
    entrypoint: ['/bin/sh'],
    cmd: ['-c', 'python3 main.py'],
    cacheEnv: [
      { name: 'HF_HOME', path: '/models' },
      { name: 'XDG_CACHE_HOME', path: '/x' }
    ],
    ignoresModeBits: false
  })
})

describe('the user, group and home are those of a real container', () => {
  const script = 'import os; print(os.getuid(), os.getgid(), os.environ.get("HOME"))'

  test.each([
    [[]],
    [['--user', '4242']],
    [['--user', '4242:4343']],
    [['--user', 'nobody']],
    [['--user', 'www-data:staff']],
    [['--user', 'games', '--env', 'HOME=/srv/games']],
    [['--user', '33']],
    [['--env', 'HOME=']]
  ])('%j', async (options) => {
    const { body, facts } = await factsOf('cache-crash-test-base:python3.11', options, command)
    const run = await runOneOff(engine, body, ['python3', '-c', script], {
      labels,
      deadlineMs: 60_000,
      maximumBytes: 10_000
    })
    expect(run).toEqual({
      kind: 'finished',
      exitCode: 0,
      output: `${facts.user.uid} ${facts.user.gid} ${facts.home}\n`
    })
  })
})

test.each([
  ['root', [], true],
  ['root without capabilities', ['--cap-drop', 'ALL'], false],
  ['root with this capability alone', ['--cap-drop', 'ALL', '--cap-add', 'DAC_OVERRIDE'], true]
])('whether mode bits bind: %s', async (_, options, expected) => {
  const { body, facts } = await factsOf('cache-crash-test-base:python3.11', options, command)
  const script = 'import os; os.makedirs("/tmp/d/e"); os.chmod("/tmp/d", 0); os.listdir("/tmp/d")'
  const run = await runOneOff(engine, body, ['python3', '-c', script], {
    labels,
    deadlineMs: 60_000,
    maximumBytes: 10_000
  })
  expect(facts.ignoresModeBits).toBe(expected)
  expect(run).toMatchObject({ exitCode: expected ? 0 : 1 })
})

test('an unknown user is one clear error', async () => {
  await expect(
    factsOf('cache-crash-test-base:python3.11', ['--user', 'nobody-at-all'], command)
  ).rejects.toMatchObject({
    name: 'UserError',
    message: 'the image\'s user is "nobody-at-all", and its /etc/passwd has no such name'
  })
})

test('an image without a shell, and without the account of its user, tells as much', async () => {
  const { facts, notes } = await factsOf('cache-crash-test-base:no-shell', ['--user', '4242'], command)
  expect(facts).toMatchObject({ user: { uid: 4242, gid: 0 }, home: '/', python: { executable: 'python3' } })
  expect(notes).toEqual([])
})

test('an image that is not there is one clear error', async () => {
  const { body } = await factsOf('cache-crash-test-base:no-shell', [], command)
  await expect(readFacts(engine, 'no-such-image:at-all', { body, labels })).rejects.toMatchObject({
    name: 'ImageMissingError'
  })
})

test('no container is left behind', async () => {
  const [key = ''] = Object.keys(labels)
  const left = await engine.listLabelled(key)
  expect(
    left.filter(({ kind, labels: found }) => kind === 'container' && found[key] === `${process.pid}`)
  ).toEqual([])
})
