import { afterEach, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { connectTo } from '../../../src/engine/docker.js'
import type { Engine } from '../../../src/engine/engine.js'
import { type FakeDaemon, fakeDaemon, json, pathOf } from './fake-daemon.js'

let daemon: FakeDaemon | undefined
let engine: Engine | undefined

afterEach(async () => {
  engine?.close()
  await daemon?.stop()
})

const mountOf = (volume: string, nanos: number): string =>
  `{"Type":"volume","Action":"mount","Actor":{"ID":"${volume}","Attributes":{"container":"id"}},"timeNano":${nanos}}\n`

test('volumes are kept mounted only once the engine has mounted all of them, whenever it reads the archive', async () => {
  let events: ServerResponse | undefined
  let received = 0
  let onReceived: () => void = () => undefined
  const someReceived = new Promise<void>((resolve) => (onReceived = resolve))
  daemon = await fakeDaemon((request, response) => {
    const path = pathOf(request)
    if (path === '/info') json(response, { SystemTime: '2026-11-22T09:37:44Z' })
    else if (path === '/events') {
      response.flushHeaders()
      events = response
    } else if (path === '/containers/id/json')
      json(response, { Mounts: [{ Type: 'volume' }, { Type: 'bind' }, { Type: 'volume' }] })
    else {
      response.writeContinue()
      request.on('data', (chunk: Buffer) => {
        received += chunk.length
        onReceived()
      })
      request.on('end', () => response.end())
    }
  })
  engine = await connectTo(daemon.endpoint, process.env)
  let isKept = false
  const kept = engine.keepMounted('id').then((release) => {
    isKept = true
    return release
  })
  await someReceived
  let onHeard: () => void = () => undefined
  const heard = new Promise<void>((resolve) => (onHeard = resolve))
  await engine.onContainerEvent('id', () => {
    onHeard()
  })
  events?.write(mountOf('first', 1))
  await heard
  // All that follows from it at once.
  await new Promise(setImmediate)
  expect(isKept).toBe(false)
  events?.write(mountOf('second', 2))
  const release = await kept
  expect(received).toBe(512)
  await release()
  expect(received).toBe(1024)
})
