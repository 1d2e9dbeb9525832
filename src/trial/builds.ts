import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How long a builder that is told to end may take before it is killed. */
const GRACE_MS = 2_000
const ASK_AGAIN_MS = 50

/** A client of the engine that makes something for a run: its command line carries the labels that this will get. */
interface Build {
  readonly pid: number
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Ends `docker build` and `docker create` that go on although their run was killed: what they make would appear after
 * everything else was removed. Only Linux tells the command lines of its processes; elsewhere none is found, and a later run
 * removes the image.
 *
 * @returns how many were ended
 */
export async function endBuilds(
  isOurs: (labels: Readonly<Record<string, string>>) => boolean
): Promise<number> {
  const found = (await builds()).filter(({ labels }) => isOurs(labels))
  for (const { pid } of found) send(pid, 'SIGTERM')
  const end = performance.now() + GRACE_MS
  while (found.some(({ pid }) => send(pid, 0)) && performance.now() < end) await delay(ASK_AGAIN_MS)
  for (const { pid } of found) send(pid, 'SIGKILL')
  return found.length
}

async function builds(): Promise<Build[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger)
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end meanwhile; one of another user may be hidden.
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return { pid, labels: labelsOf(commandLine.split('\0')) }
    })
  )
  return found.filter(({ labels }) => Object.keys(labels).length > 0)
}

/** The labels of `docker build … --label KEY=VALUE …`, or `create`; none for another command. */
function labelsOf(words: readonly string[]): Record<string, string> {
  if (!words.includes('build') && !words.includes('create')) return {}
  return Object.fromEntries(
    words.flatMap((word, index) => {
      const equals = word.indexOf('=')
      return words[index - 1] === '--label' && equals > 0
        ? [[word.slice(0, equals), word.slice(equals + 1)] as const]
        : []
    })
  )
}

/** @returns false when there is no such process, or none that is ours to signal */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
