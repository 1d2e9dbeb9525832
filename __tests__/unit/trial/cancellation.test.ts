import { describe, expect, test } from '@jest/globals'
import type { Engine } from '../../../src/engine/engine.js'
import { untilCancelled } from '../../../src/trial/cancellation.js'
import { CONTAINER, FakeEngine } from './fake-engine.js'

const REASON = new Error('cancelled by SIGINT')

/** An engine that never comes back from a graceful stop, and creates a container when the test says so. */
function cancellable() {
  const fake = new FakeEngine()
  let create: (id: string) => void = () => undefined
  const slow: Engine = Object.assign(fake, {
    stopContainer: () => new Promise<void>(() => undefined),
    createContainer: () => {
      fake.calls.push('create')
      return new Promise<string>((resolve) => (create = resolve))
    },
    removeContainer: () => Promise.resolve()
  })
  const controller = new AbortController()
  return {
    calls: fake.calls,
    engine: untilCancelled(slow, controller.signal),
    create: (id: string) => {
      create(id)
    },
    cancel: () => {
      controller.abort(REASON)
    }
  }
}

describe('an engine of a run that is cancelled', () => {
  test('is not waited for while it stops a container gracefully', async () => {
    const { engine, cancel } = cancellable()
    const stopping = engine.stopContainer(CONTAINER)
    cancel()
    await expect(stopping).rejects.toBe(REASON)
  })

  test('is waited for while it creates one, so that the sweep finds it', async () => {
    const { engine, create, cancel } = cancellable()
    const creating = engine.createContainer({})
    cancel()
    create(CONTAINER)
    expect(await creating).toBe(CONTAINER)
  })

  test('creates and starts nothing any more', async () => {
    const { calls, engine, cancel } = cancellable()
    cancel()
    await expect(engine.createContainer({})).rejects.toBe(REASON)
    await expect(engine.startContainer(CONTAINER)).rejects.toBe(REASON)
    expect(calls).toEqual([])
  })

  test('still removes', async () => {
    const { engine, cancel } = cancellable()
    cancel()
    await expect(engine.removeContainer(CONTAINER)).resolves.toBeUndefined()
  })
})
