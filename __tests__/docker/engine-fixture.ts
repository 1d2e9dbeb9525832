import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { ContainerBody, Engine, ReadBounds } from '../../src/engine/engine.js'
import type { TreeEntry } from '../../src/model.js'

/** Debian with Python; `script/test` makes it. */
export const IMAGE = 'cache-crash-test-base:python3.11'

/** Whatever these tests create carries it. */
export const LABEL = 'cache-crash-test.engine-test'

/** An arbitrary time that nothing has by chance. */
export const MTIME = 1_600_000_000

export const BOUNDS: ReadBounds = { entries: 10_000, bytes: 64 * 1024 * 1024, keepContent: true }

/** Containers and volumes of one test file, all of them removed by `clear`. */
export class Bench {
  readonly #engine: Engine
  readonly #containers: string[] = []
  readonly #volumes: string[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async container(command: readonly string[], more: ContainerBody = {}): Promise<string> {
    const labels = { [LABEL]: 'yes' }
    const id = await this.#engine.createContainer({ Image: IMAGE, Cmd: command, Labels: labels, ...more })
    this.#containers.push(id)
    return id
  }

  /** A shell script in a container. */
  script(text: string, more: ContainerBody = {}): Promise<string> {
    return this.container(['sh', '-c', text], more)
  }

  /** A name for a volume; the engine creates it with the first container that mounts it. */
  volume(): string {
    const name = `engine-test-${randomUUID()}`
    this.#volumes.push(name)
    return name
  }

  async clear(): Promise<void> {
    await Promise.all(this.#containers.splice(0).map((id) => this.#engine.removeContainer(id)))
    await Promise.all(this.#volumes.splice(0).map((name) => this.#engine.removeVolume(name)))
  }
}

export function entry(path: string, more: Partial<TreeEntry> = {}): TreeEntry {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, size: 0, ...more }
}

export function file(path: string, text: string, more: Partial<TreeEntry> = {}): TreeEntry {
  const content = Buffer.from(text)
  return entry(path, { content, size: content.length, ...more })
}

/** The docker command, as a user would type it. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

/** All output of the last start. */
export async function outputOf(engine: Engine, id: string): Promise<string> {
  const chunks: Buffer[] = []
  await engine.followLogs(id, (chunk) => chunks.push(chunk), new AbortController().signal)
  return Buffer.concat(chunks).toString('utf8')
}
