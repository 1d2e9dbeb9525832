import { z } from 'zod'
import type { ContainerBody } from '../engine/engine.js'
import { normalAbsolutePath } from './container-path.js'

/** What a container's process will get, as far as the project relies on it. */
export interface ContainerConfig {
  /** As `USER` and `--user` write it; empty means root. */
  readonly user: string
  readonly env: Readonly<Record<string, string>>
  /** Absolute; `/` when the image says nothing. */
  readonly workdir: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** Exposed and published TCP ports, ascending. */
  readonly ports: readonly number[]
  readonly hasHealthcheck: boolean
  readonly privileged: boolean
  /** As the engine writes them, e.g. `ALL`, `CAP_CHOWN`. */
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  /** Where a tmpfs is mounted, absolute. */
  readonly tmpfs: readonly string[]
  readonly readOnlyRoot: boolean
}

const words = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.array(z.string()).nullish()
)
const keys = z.record(z.string(), z.unknown()).nullish()

/** `Config` and `HostConfig` of the Engine API; every part may be missing or null. */
const schema = z.object({
  User: z.string().nullish(),
  Env: z.array(z.string()).nullish(),
  WorkingDir: z.string().nullish(),
  Entrypoint: words,
  Cmd: words,
  ExposedPorts: keys,
  Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
  HostConfig: z
    .object({
      Privileged: z.boolean().nullish(),
      CapAdd: z.array(z.string()).nullish(),
      CapDrop: z.array(z.string()).nullish(),
      Tmpfs: keys,
      ReadonlyRootfs: z.boolean().nullish()
    })
    .nullish()
})

/**
 * Reads a container's body, in which the engine has merged the image's configuration and the user's flags.
 * @throws Error when it is not a body of the Engine API
 */
export function readConfig(body: ContainerBody): ContainerConfig {
  const config = schema.parse(body)
  const test = config.Healthcheck?.Test ?? []
  return {
    user: config.User ?? '',
    env: environmentOf(config.Env ?? []),
    workdir: normalAbsolutePath(config.WorkingDir ?? '') ?? '/',
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    ports: Object.keys(config.ExposedPorts ?? {})
      .flatMap((key) => /^(\d+)(?:\/tcp)?$/.exec(key)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b),
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE',
    privileged: config.HostConfig?.Privileged ?? false,
    capAdd: config.HostConfig?.CapAdd ?? [],
    capDrop: config.HostConfig?.CapDrop ?? [],
    tmpfs: Object.keys(config.HostConfig?.Tmpfs ?? {}).flatMap((path) => normalAbsolutePath(path) ?? []),
    readOnlyRoot: config.HostConfig?.ReadonlyRootfs ?? false
  }
}

/** `KEY=VALUE`; a later entry wins, and one without `=` (the engine's way to unset) is left out. */
function environmentOf(entries: readonly string[]): Record<string, string> {
  const env = new Map<string, string>()
  for (const entry of entries) {
    const at = entry.indexOf('=')
    if (at > 0) env.set(entry.slice(0, at), entry.slice(at + 1))
    else env.delete(entry)
  }
  return Object.fromEntries(env)
}

/**
 * Whether the container's root ignores mode bits, which takes CAP_DAC_OVERRIDE. The rule is Docker's own
 * (`TweakCapabilities` in moby's oci/caps): privileged has all; `--cap-add ALL` has all but the dropped; `--cap-drop ALL`
 * has only the added; else the default set, which has it, without the dropped and with the added.
 */
export function ignoresModeBits(uid: number, config: ContainerConfig): boolean {
  if (uid !== 0) return false
  if (config.privileged) return true
  const added = config.capAdd.map(capability)
  const dropped = config.capDrop.map(capability)
  if (added.includes('ALL')) return !dropped.includes('DAC_OVERRIDE')
  if (added.includes('DAC_OVERRIDE')) return true
  return !dropped.includes('ALL') && !dropped.includes('DAC_OVERRIDE')
}

function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '')
}

/** The body with labels added. */
export function withLabels(body: ContainerBody, labels: Readonly<Record<string, string>>): ContainerBody {
  const own = body.Labels
  return { ...body, Labels: { ...(typeof own === 'object' ? own : {}), ...labels } }
}

/**
 * Processes and threads of one container at most, where the user's options give no `--pids-limit`: more than any service
 * needs to start, and few enough for the machine to live with one that forks without end.
 */
export const PIDS_LIMIT = 4096

/** The user's own limit on processes, else ours; the engine writes none as null, 0 or -1. */
export function pidsLimit({ HostConfig }: ContainerBody): number {
  const own = HostConfig?.PidsLimit
  return typeof own === 'number' && own > 0 ? own : PIDS_LIMIT
}
