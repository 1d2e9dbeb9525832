import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { runDocker } from './cli.js'
import { EngineError } from './errors.js'
import { parseJson } from '../json.js'

/** Where the daemon is that the CLI would talk to. */
export interface Endpoint {
  /** A socket to open directly, or the CLI as a bridge to whatever it is configured for (TLS, ssh, …). */
  readonly via: { readonly kind: 'unix'; readonly path: string } | { readonly kind: 'dial-stdio' }
  /** For messages: the address as the user knows it. */
  readonly address: string
  /** Host where ports that the daemon publishes are reached. */
  readonly host: string
}

/** docker/cli, `opts/hosts_unix.go` and `opts/hosts_windows.go`. */
const defaultAddress = (platform: NodeJS.Platform): string =>
  platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock'
const CONTEXT_DEADLINE_MS = 20_000

const Configuration = z.object({ currentContext: z.string().optional() })

/**
 * Finds the daemon by the CLI's own rules: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the `currentContext` of
 * `config.json`, else the platform's default (docker/cli, `cli/command/cli.go`, resolveContextName).
 *
 * @throws EngineError when the selected context cannot be read
 */
export async function resolveEndpoint(
  environment: NodeJS.ProcessEnv,
  platform = process.platform
): Promise<Endpoint> {
  const declared = environment.DOCKER_HOST
  if (declared !== undefined && declared !== '') return endpointAt(declared)
  const context = await selectedContext(environment)
  if (context === undefined || context === 'default') return endpointAt(defaultAddress(platform))
  const format = '{{json .Endpoints.docker.Host}}'
  const output = await runDocker(
    environment,
    `read the docker context ${context}`,
    ['context', 'inspect', '--format', format, '--', context],
    CONTEXT_DEADLINE_MS
  )
  return endpointAt(parseHost(context, output))
}

/** @param address as in `DOCKER_HOST`: `unix:///path`, `tcp://host:port`, `ssh://user@host`, … */
export function endpointAt(address: string): Endpoint {
  if (address.startsWith('unix://')) {
    return { via: { kind: 'unix', path: address.slice('unix://'.length) }, address, host: '127.0.0.1' }
  }
  return { via: { kind: 'dial-stdio' }, address, host: hostOf(address) }
}

/** URL parsing keeps the brackets of an IPv6 host, which no connect call wants. */
function hostOf(address: string): string {
  // The CLI takes a host without a scheme for tcp.
  const url = address.includes('://') ? address : `tcp://${address}`
  if (!URL.canParse(url)) return '127.0.0.1'
  const name = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  return name === '' ? '127.0.0.1' : name
}

async function selectedContext(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const named = environment.DOCKER_CONTEXT
  if (named !== undefined && named !== '') return named
  const directory = environment.DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker')
  // A configuration that is missing or unreadable selects nothing; the CLI treats it the same.
  const text = await readFile(join(directory, 'config.json'), 'utf8').catch(() => '{}')
  const context = Configuration.safeParse(parseJson(text)).data?.currentContext
  return context === '' ? undefined : context
}

function parseHost(context: string, output: string): string {
  const host = z.string().min(1).safeParse(parseJson(output))
  if (host.success) return host.data
  throw new EngineError('connect', undefined, `the docker context ${context} has no docker endpoint`)
}
