import { EngineError } from './errors.js'
import { type Exchange, query, segment } from './exchange.js'

const OPERATION = 'keep volumes mounted'

/** Longer than any run: a job on a GitHub-hosted runner ends after six hours. */
const DEADLINE_MS = 6 * 60 * 60_000

/**
 * Keeps the volumes of a container mounted, as the port describes it, by an upload into the container that does not end.
 * moby mounts every volume of the container before it reads the first byte of an archive, and asks for that byte by
 * `100 Continue`; the volumes' mounts are counted, and this one is given back when the archive has ended
 * (`containerExtractToDir`, 20.10 to 28). An empty archive is a valid one.
 */
export async function keepMounted(exchange: Exchange, id: string): Promise<() => Promise<void>> {
  let onAsked: () => void = () => undefined
  let release: () => void = () => undefined
  const asked = new Promise<void>((resolve) => (onAsked = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))
  const archive: AsyncIterable<Buffer> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        onAsked()
        await released
        return { done: true, value: undefined }
      }
    })
  }
  const over = exchange.ask({
    operation: OPERATION,
    method: 'PUT',
    path: `/containers/${segment(id)}/archive${query({ path: '/' })}`,
    archive,
    deadlineMs: DEADLINE_MS
  })
  const early = over.then(() => {
    throw new EngineError(OPERATION, undefined, 'the engine did not wait for the archive')
  })
  // Whoever releases gets the failure; until then nobody waits for it.
  early.catch(() => undefined)
  await Promise.race([asked, early])
  return async () => {
    release()
    await over
  }
}
