import { sleep } from '../../wait.js'
import type { Probe } from './probe.js'

/** Passes when this many seconds have gone by; that the container lives meanwhile is watched by whoever asks. */
export function staysUpProbe(seconds: number): Probe {
  return async (scene, said) => {
    said('not up for long enough yet')
    await sleep(seconds * 1000, scene.signal)
  }
}
