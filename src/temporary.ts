import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostOfProcesses, isAlive } from './processes.js'

/**
 * Makes a directory for temporary files that tells whose it is, so that it is found when this process is killed.
 * @returns its absolute path; whoever asks for it removes it
 */
export async function temporaryDirectory(environment: NodeJS.ProcessEnv): Promise<string> {
  return await mkdtemp(join(temporaryPlace(environment), `${PREFIX}${hostOfProcesses()}-${process.pid}-`))
}

/**
 * Removes what killed processes of this host left where temporary files go. Another user's cannot be removed, and stays.
 */
export async function sweepTemporary(environment: NodeJS.ProcessEnv): Promise<void> {
  const place = temporaryPlace(environment)
  const names = await readdir(place).catch(() => [])
  const left = names.filter((name) => {
    const pid = ownerOf(name)
    return pid !== undefined && !isAlive(pid)
  })
  const removals = left.map((name) => rm(join(place, name), { recursive: true, force: true }))
  await Promise.allSettled(removals)
}

const PREFIX = 'cache-crash-test-'

/** A runner empties a directory of its own with every job: what a killed run leaves there, secrets among it, does not stay. */
function temporaryPlace({ RUNNER_TEMP = '' }: NodeJS.ProcessEnv): string {
  return RUNNER_TEMP === '' ? tmpdir() : RUNNER_TEMP
}

/** The process of this host that made a directory; undefined for whatever is not one of ours. */
function ownerOf(name: string): number | undefined {
  const prefix = `${PREFIX}${hostOfProcesses()}-`
  if (!name.startsWith(prefix)) return undefined
  const [, pid] = /^(\d+)-[A-Za-z0-9]{6}$/.exec(name.slice(prefix.length)) ?? []
  return pid === undefined ? undefined : Number(pid)
}
