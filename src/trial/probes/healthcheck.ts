import { unlessAborted } from '../../wait.js'
import type { Probe } from './probe.js'

/**
 * Passes when the engine calls the container healthy. Waits on events; the one inspection covers a health check that passed
 * before anyone listened. `unhealthy` does not fail it: a slow start may still become healthy before the deadline.
 */
export const healthcheckProbe: Probe = async (scene, said) => {
  let unlisten: () => void = () => undefined
  const healthy = new Promise<void>((resolve) => {
    unlisten = scene.life.onHealth((status) => {
      said(status)
      if (status === 'healthy') resolve()
    })
  })
  try {
    const asked = scene.life.healthNews
    const { health } = await scene.engine.inspectContainer(scene.containerId)
    if (health === undefined || health === 'none') said('the container has no health check')
    else scene.life.inspected(health, asked)
    await unlessAborted(healthy, scene.signal)
  } finally {
    unlisten()
  }
}
