import { z } from 'zod'
import type { TreeEntry } from '../model.js'
import { EngineError } from './errors.js'
import { type Exchange, query, segment } from './exchange.js'
import { packEntries } from './pack.js'

const WRITE_DEADLINE_MS = 300_000

const Mounts = z.object({ Mounts: z.array(z.object({ Destination: z.string(), RW: z.boolean() })) })

/**
 * Writes entries into a container, as the port describes it. Owner, mode, time and type come from the entries;
 * `copyUIDGID` is left out, since with it moby gives everything to the container's own user (20.10 `tarCopyOptions`).
 */
export async function writeEntries(
  exchange: Exchange,
  id: string,
  entries: readonly TreeEntry[]
): Promise<void> {
  try {
    await upload(exchange, id, '/', entries)
  } catch (error) {
    if (!(error instanceof EngineError) || !/read-only/i.test(error.daemonMessage)) throw error
    await writeBelowMounts(exchange, id, entries, error)
  }
}

/** With `--read-only` nothing may be written at `/`, but volumes may be written by their own paths. */
async function writeBelowMounts(
  exchange: Exchange,
  id: string,
  entries: readonly TreeEntry[],
  refused: EngineError
): Promise<void> {
  const path = `/containers/${segment(id)}/json`
  const { Mounts: mounts } = await exchange.must(
    { operation: 'inspect container', method: 'GET', path },
    Mounts
  )
  const writable = mounts
    .filter(({ RW }) => RW)
    .map(({ Destination }) => Destination)
    .sort((a, b) => b.length - a.length)
  const byMount = new Map<string, TreeEntry[]>()
  for (const entry of entries) {
    const mount = writable.find((destination) => entry.path.startsWith(`${destination}/`))
    if (mount === undefined) throw refused
    byMount.set(mount, [...(byMount.get(mount) ?? []), entry])
  }
  for (const [mount, below] of byMount) await upload(exchange, id, mount, below)
}

async function upload(
  exchange: Exchange,
  id: string,
  root: string,
  entries: readonly TreeEntry[]
): Promise<void> {
  await exchange.ask({
    operation: 'write archive',
    method: 'PUT',
    path: `/containers/${segment(id)}/archive${query({ path: root })}`,
    archive: packEntries(entries, root),
    deadlineMs: WRITE_DEADLINE_MS
  })
}
