import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { EngineError } from './errors.js'
import type { EventStream } from './events.js'
import { type Exchange, query, segment } from './exchange.js'

const OPERATION = 'keep volumes mounted'

/** Longer than any run: a job on a GitHub-hosted runner ends after six hours. */
const DEADLINE_MS = 6 * 60 * 60_000

/** How long the engine may take to mount the volumes. */
const MOUNT_DEADLINE_MS = 60_000

/** An archive ends with two blocks of zeros, and an empty one is nothing else: these are its first bytes, and the rest. */
const FIRST = Buffer.alloc(512)
const REST = Buffer.alloc(512)

const Mounts = z.object({ Mounts: z.array(z.object({ Type: z.string() })) })

/**
 * Keeps the volumes of a container mounted, as the port describes it, by an upload into the container that does not end.
 * moby mounts every volume of the container, and says so in an event of the volume, before it unpacks an archive; the
 * volumes' mounts are counted, and this one is given back when the archive has ended (`containerExtractToDir`). The first
 * bytes, which tell how the archive is compressed, are read before that by some (Debian's 26.1.5) and after it by others
 * (20.10.24), so that being asked for them says nothing: half of an empty archive is sent, and the rest kept back.
 */
export async function keepMounted(
  exchange: Exchange,
  events: EventStream,
  id: string
): Promise<() => Promise<void>> {
  const inspect = { operation: OPERATION, method: 'GET', path: `/containers/${segment(id)}/json` } as const
  const volumes = (await exchange.must(inspect, Mounts)).Mounts.filter(({ Type }) => Type === 'volume').length
  let onMounted: () => void = () => undefined
  let release: () => void = () => undefined
  const mounted = new Promise<void>((resolve) => (onMounted = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  let mounts = 0
  const unsubscribe = await events.subscribe(id, ({ action }) => {
    if (action === 'mount' && ++mounts === volumes) onMounted()
  })
  const over = exchange.ask({
    operation: OPERATION,
    method: 'PUT',
    path: `/containers/${segment(id)}/archive${query({ path: '/' })}`,
    archive: emptyArchive(released),
    deadlineMs: DEADLINE_MS
  })
  const early = over.then(() => {
    throw new EngineError(OPERATION, undefined, 'the engine did not wait for the archive')
  })
  // Whoever releases gets the failure; until then nobody waits for it.
  early.catch(() => undefined)
  const patience = new AbortController()
  try {
    await Promise.race([mounted, early, refuseAfter(MOUNT_DEADLINE_MS, patience.signal)])
  } catch (error) {
    release()
    throw error
  } finally {
    patience.abort()
    unsubscribe()
  }
  return async () => {
    release()
    await over
  }
}

async function* emptyArchive(released: Promise<void>): AsyncGenerator<Buffer> {
  yield FIRST
  // A piece is sent once it is known that another one follows.
  yield REST.subarray(0, 1)
  await released
  yield REST.subarray(1)
}

async function refuseAfter(ms: number, signal: AbortSignal): Promise<void> {
  // Aborted when nobody waits for it any more.
  await delay(ms, undefined, { signal }).catch(() => undefined)
  throw new EngineError(OPERATION, undefined, `the engine did not mount them within ${ms / 1000} s`)
}
