import { expect, test } from '@jest/globals'
import { EngineError } from '../../../src/engine/errors.js'
import type { Lab } from '../../../src/trial/lab.js'
import { noRoom } from '../../../src/trial/room.js'
import { FakeEngine } from './fake-engine.js'

const ask = (error: EngineError | undefined): Promise<string | undefined> => {
  const engine = new FakeEngine()
  const write = () => (error === undefined ? Promise.resolve() : Promise.reject(error))
  return noRoom({ engine: Object.assign(engine, { write }), mounts: [] } as unknown as Lab, 'container')
}

test('an engine that could write has room, one that refuses for want of it has none', async () => {
  expect(await ask(undefined)).toBeUndefined()
  expect(await ask(new EngineError('write archive', 500, 'read-only file system'))).toBeUndefined()
  for (const end of ['', ': unknown'])
    expect(
      await ask(new EngineError('write archive', 500, `write /data/x: no space left on device${end}`))
    ).toMatch(/no room/)
})

test('a path that is called so is none', async () => {
  const busy = 'unlinkat /a: no space left on device/.cache-crash-test-room-probe: device or resource busy'
  expect(await ask(new EngineError('write archive', 500, busy))).toBeUndefined()
})

test('whether one that does not answer has room is not known', async () => {
  const silent = new EngineError('write archive', undefined, 'Docker did not answer within 300 s')
  await expect(ask(silent)).rejects.toBe(silent)
})
