import { afterEach, expect, test } from '@jest/globals'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { connectTo } from '../../../src/engine/docker.js'
import type { Engine } from '../../../src/engine/engine.js'
import { fakeDaemon, type FakeDaemon } from './fake-daemon.js'

let daemon: FakeDaemon | undefined
let engine: Engine | undefined
afterEach(async () => {
  engine?.close()
  await daemon?.stop()
})

const BOUNDS = { entries: 100, bytes: 1_000_000, keepContent: false }

/** A daemon that sends these archives one after the other, the last of them again and again. */
async function archives(...bodies: readonly Buffer[]): Promise<{ readonly asked: () => number }> {
  let asked = 0
  daemon = await fakeDaemon((_, response) => {
    const body = bodies[Math.min(asked++, bodies.length - 1)]
    response.end(body)
  })
  engine = await connectTo(daemon.endpoint, process.env)
  return { asked: () => asked }
}

async function archive(...names: readonly string[]): Promise<Buffer> {
  const packing = pack()
  for (const name of names) packing.entry({ name }, 'content')
  packing.finalize()
  return await buffer(packing)
}

test('an archive that breaks off is read again: a file of a service that goes on may just have shrunk', async () => {
  const whole = await archive('data/a', 'data/b')
  const { asked } = await archives(whole.subarray(0, 700), whole)
  const tree = await engine?.read('id', '/data', BOUNDS)
  expect([...(tree?.entries.keys() ?? []), tree?.truncated, asked()]).toEqual([
    '/data/a',
    '/data/b',
    false,
    2
  ])
})

test.each([
  ['cut in the middle of a file', (whole: Buffer) => whole.subarray(0, 700)],
  ['without its end', (whole: Buffer) => whole.subarray(0, 1536)],
  ['empty', () => Buffer.alloc(0)]
])('one that always comes %s says nothing of what is there', async (_, damage) => {
  await archives(damage(await archive('data/a', 'data/b')))
  await expect(engine?.read('id', '/data', BOUNDS)).rejects.toMatchObject({
    name: 'EngineError',
    message: expect.stringContaining('/data broke off')
  })
})

test('one that names something elsewhere is read as far as it can be, and said to be more', async () => {
  const { asked } = await archives(await archive('data/a', '../etc/passwd'))
  const tree = await engine?.read('id', '/data', BOUNDS)
  expect([...(tree?.entries.keys() ?? []), tree?.truncated, asked()]).toEqual(['/data/a', true, 1])
})
