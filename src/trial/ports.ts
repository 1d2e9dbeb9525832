import { UNPUBLISHED } from './container.js'
import type { Engine } from '../engine/engine.js'
import type { Address } from './probes/probe.js'

/** Where the ports of a running container are reached. */
export interface Ports {
  /**
   * Where a container port is reached, or in words why it is not.
   * @throws EngineError when the engine cannot tell
   */
  address(port: number): Promise<Address | string>
  /**
   * Every published TCP port, ascending by container port.
   * @throws EngineError when the engine cannot tell
   */
  published(): Promise<readonly { readonly containerPort: number; readonly address: Address }[]>
}

/** Asks the engine at most once, when the first port is wanted: published ports are fixed once a container has started. */
export function portsOf(engine: Engine, containerId: string): Ports {
  const inspect = async () => {
    const [state, host] = await Promise.all([engine.inspectContainer(containerId), hostOf(engine)])
    return { ...state, host }
  }
  let inspected: ReturnType<typeof inspect> | undefined
  const known = () => (inspected ??= inspect())
  return {
    async address(port) {
      const { host, networkMode, publishedPorts } = await known()
      // The container's ports are the host's own.
      if (networkMode === 'host') return { host, port }
      const hostPort = publishedPorts.get(port)
      if (hostPort !== undefined) return { host, port: hostPort }
      return UNPUBLISHED.test(networkMode)
        ? `port ${port} cannot be published with --network ${networkMode}`
        : `port ${port} is not published`
    },
    async published() {
      const { host, publishedPorts } = await known()
      return [...publishedPorts]
        .sort(([a], [b]) => a - b)
        .map(([containerPort, port]) => ({ containerPort, address: { host, port } }))
    }
  }
}

const hosts = new WeakMap<Engine, Promise<string>>()

/** The host of published ports; asked once, since the daemon takes its time over information about itself. */
async function hostOf(engine: Engine): Promise<string> {
  const known = hosts.get(engine)
  if (known) return await known
  const asked = engine.info().then(({ host }) => host)
  hosts.set(engine, asked)
  try {
    return await asked
  } catch (error) {
    hosts.delete(engine)
    throw error
  }
}
