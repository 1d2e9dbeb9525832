import { LinePatterns } from '../patterns.js'
import { unlessAborted } from '../../wait.js'
import type { Probe } from './probe.js'

/** Passes when a complete line of the log matches; terminal escapes are taken out before. */
export function logProbe(pattern: string, flags: string): Probe {
  const patterns = new LinePatterns([{ pattern, flags }])
  return async (scene, said) => {
    let unlisten: () => void = () => undefined
    said('no line of the log matched')
    const matched = new Promise<void>((resolve, reject) => {
      unlisten = scene.onLines((lines) => {
        try {
          if (patterns.firstMatch(lines)) resolve()
        } catch (error) {
          unlisten()
          reject(error instanceof Error ? error : new Error('matching failed', { cause: error }))
        }
      })
    })
    try {
      await unlessAborted(matched, scene.signal)
    } finally {
      unlisten()
    }
  }
}
