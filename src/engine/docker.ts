import { setTimeout as delay } from 'node:timers/promises'
import type { z } from 'zod'
import type { BoundedTree, TreeEntry } from '../model.js'
import { Changes, Container, Created, Image, StopTimeout, SystemInfo, Version } from './answers.js'
import { draftBody } from './body.js'
import { runDocker } from './cli.js'
import { type Connection, openConnection } from './connection.js'
import { type Endpoint, resolveEndpoint } from './endpoint.js'
import type * as port from './engine.js'
import { EngineError } from './errors.js'
import { messageOf } from '../thrown.js'
import { EventStream } from './events.js'
import { type Ask, Exchange, query, segment } from './exchange.js'
import { listResources } from './labelled.js'
import { Logs } from './logs.js'
import { keepMounted } from './mounted.js'
import { readOne, readTree } from './reading.js'
import { runInContainer } from './run.js'
import { writeEntries } from './writing.js'

const CONNECT_DEADLINE_MS = 30_000
const START_DEADLINE_MS = 120_000
const REMOVE_DEADLINE_MS = 120_000
const PULL_DEADLINE_MS = 30 * 60_000
/** What the engine may take beyond a container's grace period to stop it. */
const STOP_MARGIN_SECONDS = 60
const DEFAULT_GRACE_SECONDS = 10

/** Docker 20.10 speaks 1.41. */
const OLDEST_API = '1.41'
/** The newest that this client was written for; newer daemons still answer it. */
const NEWEST_API = '1.47'

/**
 * Connects to the daemon that the `docker` command would use in this environment.
 * @throws EngineError with one sentence for the user when no daemon answers, it is not Docker's, is too old, or runs no Linux
 *   containers
 */
export async function connect(environment: NodeJS.ProcessEnv): Promise<port.Engine> {
  return connectTo(await resolveEndpoint(environment), environment)
}

/** Connects to one daemon. @throws EngineError as connect does */
export async function connectTo(endpoint: Endpoint, environment: NodeJS.ProcessEnv): Promise<port.Engine> {
  const connection = openConnection(endpoint, environment)
  try {
    const version = await askVersion(connection, endpoint)
    if (isPodman(version)) throw new EngineError('connect', undefined, noDocker(endpoint, version.Version))
    if (version.Os !== 'linux') throw new EngineError('connect', undefined, noLinux(endpoint, version.Os))
    return new DockerEngine(connection, endpoint, environment, version, chooseApiVersion(version))
  } catch (error) {
    connection.close()
    throw error
  }
}

async function askVersion(connection: Connection, endpoint: Endpoint): Promise<z.infer<typeof Version>> {
  const ask = {
    operation: 'connect',
    method: 'GET',
    path: '/version',
    deadlineMs: CONNECT_DEADLINE_MS
  } as const
  try {
    return await new Exchange(connection, undefined).must(ask, Version)
  } catch (error) {
    // ssh and the CLI speak in several lines.
    const why = (error instanceof EngineError ? error.daemonMessage : messageOf(error)).replace(/\s+/g, ' ')
    const words = `Docker is not reachable at ${endpoint.address}: ${why}. Start the daemon or set DOCKER_HOST`
    throw new EngineError('connect', undefined, words, { cause: error })
  }
}

function isPodman({ Components }: z.infer<typeof Version>): boolean {
  return Components?.some(({ Name }) => Name.startsWith('Podman')) === true
}

/**
 * Podman answers to the same API, but does not take back what it says of a container: the ulimits of an inspected one are
 * refused for a new one, and a short image name is given back as a long one (4.3.1).
 */
function noDocker({ address }: Endpoint, version: string): string {
  return (
    `Podman ${version} answers at ${address}, and this action needs Docker: Podman's compatible API does not create a ` +
    'container from the configuration that it gives for another one. Set DOCKER_HOST to a Docker daemon'
  )
}

function noLinux({ address }: Endpoint, os: string): string {
  return (
    `Docker at ${address} runs ${os} containers, and this action tests Linux containers only: ` +
    'switch Docker Desktop to Linux containers, or use a Linux runner (runs-on: ubuntu-latest)'
  )
}

/** The newest version that both sides speak. @throws EngineError when there is none */
export function chooseApiVersion(daemon: {
  readonly ApiVersion: string
  readonly MinAPIVersion?: string | undefined
}): string {
  if (compare(daemon.ApiVersion, OLDEST_API) < 0) {
    const words = `the daemon speaks API ${daemon.ApiVersion}; ${OLDEST_API} (Docker 20.10) or newer is needed`
    throw new EngineError('connect', undefined, words)
  }
  if (compare(daemon.ApiVersion, NEWEST_API) <= 0) return daemon.ApiVersion
  const least = daemon.MinAPIVersion ?? OLDEST_API
  return compare(least, NEWEST_API) > 0 ? least : NEWEST_API
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}

class DockerEngine implements port.Engine {
  readonly #connection: Connection
  readonly #endpoint: Endpoint
  readonly #environment: NodeJS.ProcessEnv
  readonly #version: z.infer<typeof Version>
  readonly #exchange: Exchange
  readonly #events: EventStream
  readonly #logs: Logs

  constructor(
    connection: Connection,
    endpoint: Endpoint,
    environment: NodeJS.ProcessEnv,
    version: z.infer<typeof Version>,
    apiVersion: string
  ) {
    this.#connection = connection
    this.#endpoint = endpoint
    this.#environment = environment
    this.#version = version
    this.#exchange = new Exchange(connection, apiVersion)
    this.#events = new EventStream(this.#exchange)
    this.#logs = new Logs(this.#exchange)
  }

  async info(): Promise<port.EngineInfo> {
    const ask = { operation: 'read system information', method: 'GET', path: '/info' } as const
    const { CgroupDriver } = await this.#exchange.must(ask, SystemInfo)
    return {
      version: this.#version.Version,
      host: this.#endpoint.host,
      enforcesLimits: CgroupDriver !== 'none'
    }
  }

  inspectImage(reference: string): Promise<port.ImageInspect | undefined> {
    const path = `/images/${segment(reference)}/json`
    return this.#exchange.json({ operation: 'inspect image', method: 'GET', path, accept: [404] }, Image)
  }

  async pullImage(reference: string): Promise<void> {
    await runDocker(this.#environment, 'docker pull', ['pull', '--quiet', '--', reference], PULL_DEADLINE_MS)
  }

  async removeImage(reference: string): Promise<void> {
    // By its id, an image that has two tags is removed only by force.
    const force = reference.startsWith('sha256:') ? '1' : undefined
    const path = `/images/${segment(reference)}${query({ force })}`
    const deadlineMs = REMOVE_DEADLINE_MS
    await this.#exchange.ask({ operation: 'remove image', method: 'DELETE', path, deadlineMs, accept: [404] })
  }

  createBody(
    options: readonly string[],
    image: string,
    command: readonly string[] | undefined,
    labels: Readonly<Record<string, string>>
  ): Promise<port.ContainerBody> {
    return draftBody(this.#exchange, this.#environment, { options, image, command, labels })
  }

  async createContainer(body: port.ContainerBody, name?: string): Promise<string> {
    const path = `/containers/create${query({ name })}`
    const ask = { operation: 'create container', method: 'POST', path, json: body } as const
    const { Id } = await this.#exchange.must(ask, Created)
    this.#logs.created(Id)
    return Id
  }

  async startContainer(id: string): Promise<void> {
    await this.#logs.beforeStart(id)
    const deadlineMs = START_DEADLINE_MS
    await this.#post('start container', `/containers/${segment(id)}/start`, { deadlineMs, accept: [304] })
  }

  async stopContainer(id: string, graceSeconds?: number): Promise<void> {
    const grace = graceSeconds ?? (await this.#stopTimeout(id))
    const deadlineMs = (grace + STOP_MARGIN_SECONDS) * 1000
    const t = graceSeconds === undefined ? undefined : String(Math.ceil(graceSeconds))
    await this.#post('stop container', `/containers/${segment(id)}/stop${query({ t })}`, {
      deadlineMs,
      accept: [304]
    })
  }

  async killContainer(id: string): Promise<void> {
    const path = `/containers/${segment(id)}/kill${query({ signal: 'SIGKILL' })}`
    // 409: it does not run.
    await this.#post('kill container', path, { accept: [409] })
  }

  async removeContainer(id: string): Promise<void> {
    const path = `/containers/${segment(id)}${query({ force: '1', v: '1' })}`
    const ask = {
      operation: 'remove container',
      method: 'DELETE',
      path,
      deadlineMs: REMOVE_DEADLINE_MS
    } as const
    const status = await this.#exchange.ask({ ...ask, accept: [404, 409] })
    if (status === 409) await this.#untilGone(id)
    this.#logs.forget(id)
  }

  async inspectContainer(id: string): Promise<port.ContainerState> {
    const path = `/containers/${segment(id)}/json`
    return this.#exchange.must({ operation: 'inspect container', method: 'GET', path }, Container)
  }

  async removeVolume(name: string): Promise<void> {
    const path = `/volumes/${segment(name)}${query({ force: '1' })}`
    await this.#exchange.ask({ operation: 'remove volume', method: 'DELETE', path, accept: [404] })
  }

  write(id: string, entries: readonly TreeEntry[]): Promise<void> {
    return writeEntries(this.#exchange, id, entries)
  }

  read(id: string, path: string, bounds: port.ReadBounds): Promise<BoundedTree | undefined> {
    return readTree(this.#exchange, id, path, bounds)
  }

  readEntry(id: string, path: string): Promise<TreeEntry | undefined> {
    return readOne(this.#exchange, id, path)
  }

  keepMounted(id: string): Promise<() => Promise<void>> {
    return keepMounted(this.#exchange, this.#events, id)
  }

  async changes(id: string): Promise<readonly port.PathChange[]> {
    const path = `/containers/${segment(id)}/changes`
    return this.#exchange.must({ operation: 'read changes', method: 'GET', path }, Changes)
  }

  followLogs(id: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void> {
    return this.#logs.follow(id, onChunk, signal)
  }

  logsHeard(id: string, signal: AbortSignal): Promise<void> {
    return this.#logs.heard(id, signal)
  }

  exec(id: string, command: readonly string[], timeoutMs: number): Promise<port.ExecResult | 'timed-out'> {
    return runInContainer(this.#exchange, id, command, timeoutMs)
  }

  onContainerEvent(id: string, listener: (event: port.ContainerEvent) => void): Promise<() => void> {
    return this.#events.subscribe(id, listener)
  }

  listLabelled(labelKey: string): Promise<readonly port.LabelledResource[]> {
    return listResources(this.#exchange, labelKey)
  }

  close(): void {
    this.#events.close()
    this.#connection.close()
  }

  async #post(operation: string, path: string, more: Pick<Ask, 'deadlineMs' | 'accept'>): Promise<void> {
    await this.#exchange.ask({ operation, method: 'POST', path, ...more })
  }

  async #stopTimeout(id: string): Promise<number> {
    const path = `/containers/${segment(id)}/json`
    const ask = { operation: 'inspect container', method: 'GET', path } as const
    return (await this.#exchange.must(ask, StopTimeout)).Config.StopTimeout ?? DEFAULT_GRACE_SECONDS
  }

  /** 409 means that somebody else is removing the container already. */
  async #untilGone(id: string): Promise<void> {
    const ask = {
      operation: 'inspect container',
      method: 'GET',
      path: `/containers/${segment(id)}/json`
    } as const
    const end = Date.now() + REMOVE_DEADLINE_MS
    while ((await this.#exchange.ask({ ...ask, accept: [404] })) !== 404) {
      if (Date.now() > end)
        throw new EngineError('remove container', 409, 'its removal does not come to an end')
      await delay(100)
    }
  }
}
