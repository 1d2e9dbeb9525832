import { unlessAborted } from '../../wait.js'
import type { Probe } from './probe.js'

/** Passes when the container's process exits with the code; with another code it never does. */
export function exitProbe(code: number): Probe {
  return async (scene, said) => {
    said('still running')
    const { exitCode } = await unlessAborted(scene.exit(), scene.signal)
    if (exitCode === code) return
    said(`exited with ${exitCode}`)
    await unlessAborted(new Promise<never>(() => undefined), scene.signal)
  }
}
