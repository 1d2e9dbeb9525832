import { setTimeout as delay } from 'node:timers/promises'
import { execute, ownerLabel } from './runner.js'

/** Lines that a Docker command prints. @throws Error when it fails */
export async function docker(...args: readonly string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await execute('docker', args)
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
  return stdout.split('\n').filter((line) => line !== '')
}

/** Waits until a state is reached that no output tells of; only the test's own limit ends it. */
export async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await delay(50)
}

/**
 * The running containers of the process with this pid.
 * @param host another engine than that of `docker`
 */
export async function containersOf(pid: number, host?: string): Promise<string[]> {
  const engine = host === undefined ? [] : ['--host', host]
  return await docker(...engine, 'ps', '--quiet', '--filter', `label=${ownerLabel(pid)}`)
}
