import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { newName } from '../names.js'
import { runDocker } from './cli.js'
import type { ContainerBody } from './engine.js'
import { EngineError } from './errors.js'
import { type Exchange, query, segment } from './exchange.js'

/** Marks a container that exists only to be read, so that it is found again when the CLI fails after creating it. */
const DRAFT_LABEL = 'cache-crash-test.draft'
const CREATE_DEADLINE_MS = 60_000

const Keys = z.record(z.string(), z.unknown())
const Inspect = z.object({
  Id: z.string(),
  Config: Keys,
  HostConfig: Keys,
  NetworkSettings: z.object({ Networks: z.record(z.string(), Keys).nullish() })
})
const Containers = z.array(z.object({ Id: z.string() }))
const Labels = z.record(z.string(), z.string()).nullish()

/** What a body is made from, as the port describes it. */
export interface BodyRequest {
  readonly options: readonly string[]
  readonly image: string
  readonly command: readonly string[] | undefined
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Creates a container by the CLI, which parses its own flags, reads its configuration back, and removes it.
 * @throws EngineError with the CLI's words; nothing is left behind
 */
export async function draftBody(
  exchange: Exchange,
  environment: NodeJS.ProcessEnv,
  asked: BodyRequest
): Promise<ContainerBody> {
  const draft = randomUUID()
  const operation = 'docker create'
  try {
    await runDocker(environment, operation, createArguments(asked, draft), CREATE_DEADLINE_MS)
    const [id] = await drafts(exchange, draft)
    if (id === undefined) throw new EngineError(operation, undefined, 'the created container is not there')
    const path = `/containers/${segment(id)}/json`
    const container = await exchange.must({ operation: 'inspect container', method: 'GET', path }, Inspect)
    refuseStrayWord(operation, container.Config, asked)
    return bodyOf(container)
  } finally {
    for (const id of await drafts(exchange, draft)) await removeDraft(exchange, id)
  }
}

const NEVER_PULL = '--pull=never'

/** The first word that is no flag is the image for docker, and what follows it the command: our own flag, then. */
function refuseStrayWord(operation: string, config: z.infer<typeof Keys>, asked: BodyRequest): void {
  const command = z.array(z.string()).safeParse(config.Cmd).data
  if (config.Image === asked.image && command?.[0] !== NEVER_PULL) return
  const words = `the options contain a word that is no flag: docker took ${String(config.Image)} for the image`
  throw new EngineError(operation, undefined, words)
}

function createArguments(asked: BodyRequest, draft: string): string[] {
  const labels = Object.entries({ ...asked.labels, [DRAFT_LABEL]: draft })
  return [
    'create',
    // Before the options, a stray word among them is not pulled; after them, they cannot ask for a pull.
    NEVER_PULL,
    '--name',
    newName(asked.labels, 'draft'),
    ...labels.flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...asked.options,
    NEVER_PULL,
    '--',
    asked.image,
    ...(asked.command ?? [])
  ]
}

async function drafts(exchange: Exchange, draft: string): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [`${DRAFT_LABEL}=${draft}`] })
  const path = `/containers/json${query({ all: '1', filters })}`
  const containers = await exchange.must({ operation: 'list containers', method: 'GET', path }, Containers)
  return containers.map(({ Id }) => Id)
}

async function removeDraft(exchange: Exchange, id: string): Promise<void> {
  const path = `/containers/${segment(id)}${query({ force: '1', v: '1' })}`
  await exchange.ask({ operation: 'remove container', method: 'DELETE', path, accept: [404, 409] })
}

function bodyOf(container: z.infer<typeof Inspect>): ContainerBody {
  const { Id, Config, HostConfig, NetworkSettings } = container
  const { Hostname, Labels: labels, ...rest } = Config
  const ownLabels = Object.entries(Labels.parse(labels) ?? {}).filter(([key]) => key !== DRAFT_LABEL)
  const endpoints = Object.entries(NetworkSettings.Networks ?? {})
    .map(([name, endpoint]) => [name, endpointOf(endpoint, Id)] as const)
    .filter(([, endpoint]) => Object.keys(endpoint).length > 0)
  return {
    ...rest,
    // The engine names a container after its id; every trial must have its own.
    ...(Hostname === Id.slice(0, 12) ? {} : { Hostname }),
    Labels: Object.fromEntries(ownLabels),
    // A container that removes itself takes its log and its exit code along.
    HostConfig: { ...HostConfig, AutoRemove: false },
    ...(endpoints.length === 0
      ? {}
      : { NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) } })
  }
}

/** What a user asked of an endpoint; the rest of it is what the engine assigned. */
function endpointOf(endpoint: Readonly<Record<string, unknown>>, id: string): Record<string, unknown> {
  const { IPAMConfig, Links, DriverOpts } = endpoint
  const aliases = z.array(z.string()).safeParse(endpoint.Aliases).data
  const asked = {
    IPAMConfig,
    Links,
    DriverOpts,
    Aliases: aliases?.filter((alias) => alias !== id.slice(0, 12))
  }
  return Object.fromEntries(
    Object.entries(asked).filter(([, value]) => !(value === null || value === undefined || isEmpty(value)))
  )
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
