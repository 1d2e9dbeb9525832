import { z } from 'zod'
import type { ContainerState, ImageInspect, PathChange } from './engine.js'

/** Forms of the daemon's answers (Engine API 1.41 to 1.47): only what is used. Absent lists are null in Go's JSON. */

const strings = z.array(z.string()).nullish()
const keys = z.record(z.string(), z.unknown()).nullish()
const labels = z.record(z.string(), z.string()).nullish()

export const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string().regex(/^\d+\.\d+$/),
  MinAPIVersion: z
    .string()
    .regex(/^\d+\.\d+$/)
    .optional(),
  Os: z.string(),
  Arch: z.string(),
  /** `Engine` for Docker, `Podman Engine` for Podman. */
  Components: z.array(z.object({ Name: z.string() })).nullish()
})

export const SystemInfo = z.object({ CgroupDriver: z.string().optional() })

export const Image = z
  .object({
    Id: z.string(),
    Os: z.string(),
    Architecture: z.string(),
    Config: z
      .object({
        User: z.string().nullish(),
        Env: strings,
        WorkingDir: z.string().nullish(),
        Volumes: keys,
        ExposedPorts: keys,
        Healthcheck: z.object({ Test: strings }).nullish(),
        Entrypoint: strings,
        Cmd: strings
      })
      .nullish()
  })
  .transform(({ Id, Os, Architecture, Config }): ImageInspect => ({
    id: Id,
    os: Os,
    architecture: Architecture,
    user: Config?.User ?? '',
    env: environmentOf(Config?.Env ?? []),
    workdir: Config?.WorkingDir ?? '',
    volumes: Object.keys(Config?.Volumes ?? {}).sort(),
    ports: tcpPorts(Object.keys(Config?.ExposedPorts ?? {})),
    healthcheck: Config?.Healthcheck?.Test ?? undefined,
    entrypoint: Config?.Entrypoint ?? [],
    cmd: Config?.Cmd ?? []
  }))

export const Container = z
  .object({
    Id: z.string(),
    Name: z.string(),
    RestartCount: z.number(),
    State: z.object({
      Status: z.string(),
      Running: z.boolean(),
      ExitCode: z.number(),
      OOMKilled: z.boolean(),
      Error: z.string(),
      Health: z.object({ Status: z.string() }).nullish()
    }),
    Config: z.object({ Tty: z.boolean() }),
    HostConfig: z.object({ NetworkMode: z.string() }),
    NetworkSettings: z.object({
      Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()).nullish()
    })
  })
  .transform(({ Id, Name, RestartCount, State, Config, HostConfig, NetworkSettings }): ContainerState => ({
    id: Id,
    name: Name.replace(/^\//, ''),
    status: State.Status,
    running: State.Running,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    error: State.Error,
    restartCount: RestartCount,
    health: State.Health?.Status,
    tty: Config.Tty,
    publishedPorts: publishedPorts(NetworkSettings.Ports ?? {}),
    networkMode: HostConfig.NetworkMode
  }))

const CHANGE_KINDS = ['modified', 'added', 'deleted'] as const

export const Changes = z
  .array(
    z
      .object({ Path: z.string(), Kind: z.union([z.literal(0), z.literal(1), z.literal(2)]) })
      .transform(({ Path, Kind }): PathChange => ({ path: Path, kind: CHANGE_KINDS[Kind] }))
  )
  .nullable()
  .transform((changes) => changes ?? [])

export const Created = z.object({ Id: z.string() })
export const StopTimeout = z.object({ Config: z.object({ StopTimeout: z.number().nullish() }) })
export const Exec = z.object({ Running: z.boolean(), ExitCode: z.number().nullable() })

const Labelled = z.object({ Id: z.string(), Labels: labels })
export const LabelledContainers = z.array(
  Labelled.extend({ Names: z.array(z.string()), State: z.string(), Command: z.string(), Image: z.string() })
)
export const LabelledImages = z.array(
  Labelled.extend({
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish()
  })
)
export const LabelledVolumes = z.object({
  Volumes: z.array(z.object({ Name: z.string(), Labels: labels })).nullish()
})

/** `Object.fromEntries` defines keys, so that a variable named `__proto__` is only a key. */
function environmentOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
    })
  )
}

function tcpPorts(names: readonly string[]): readonly number[] {
  return names
    .map(tcpPort)
    .filter((port) => port !== undefined)
    .sort((a, b) => a - b)
}

/** @param name as in `8000/tcp` */
function tcpPort(name: string): number | undefined {
  const port = /^(\d+)(?:\/tcp)?$/.exec(name)?.[1]
  return port === undefined ? undefined : Number(port)
}

function publishedPorts(
  ports: Readonly<Record<string, readonly { HostPort: string }[] | null>>
): ReadonlyMap<number, number> {
  return new Map(
    Object.entries(ports).flatMap(([name, bindings]): [number, number][] => {
      const port = tcpPort(name)
      const published = Number(bindings?.[0]?.HostPort ?? NaN)
      return port === undefined || !Number.isInteger(published) ? [] : [[port, published]]
    })
  )
}
