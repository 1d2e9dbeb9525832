import { withEnv } from '../engine/container-env.js'
import type { ContainerBody } from '../engine/engine.js'
import { pidsLimit } from '../image/container-config.js'

/** A named volume in a container. */
export interface VolumeMount {
  readonly name: string
  /** Absolute path in the container. */
  readonly target: string
  readonly readOnly: boolean
  /** False lets the engine fill an empty volume from the image at first mount, as a first deploy does. */
  readonly noCopy: boolean
  /** A file system in memory instead of a directory of the engine; empty whenever nobody has it mounted. */
  readonly tmpfs?: TmpfsVolume
}

/** What a tmpfs volume is mounted with (tmpfs(5), Linux). */
export interface TmpfsVolume {
  /** Rounded up to whole pages by the kernel. */
  readonly bytes: number
  /** Files, directories and links at most, its own root included. */
  readonly inodes: number
  /** Owner and permission bits of its root. */
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

export interface ContainerSettings {
  readonly labels: Readonly<Record<string, string>>
  readonly volumes: readonly VolumeMount[]
  /** TCP ports of the container to publish on a free loopback port each. */
  readonly ports: readonly number[]
  /** Added to the environment that the image and the user gave. */
  readonly env?: Readonly<Record<string, string>>
  /** Runs as this user instead, as `--user` writes it. */
  readonly user?: string
  /** For a container that only carries volumes: its own layer must be writable. */
  readonly writableLayer?: boolean
}

/** Nanoseconds, as the Engine API counts. A health check asks every 30 s by default, so its first answer is 30 s late. */
const HEALTH_INTERVAL = 500_000_000
/** What the engine takes where the image says nothing (Docker 20.10 and newer). */
const DEFAULT_HEALTH_INTERVAL = 30_000_000_000
const DEFAULT_HEALTH_RETRIES = 3

/** Networks of which the engine publishes no ports. */
export const UNPUBLISHED = /^(host|none|container:)/

/**
 * The body for one container of a run, made from what the CLI made of the user's options.
 *
 * Overridden for every trial: named volumes with our labels; ports on the loopback interface only, free ones, since trials
 * run side by side; no restart policy and no auto-removal, since a container that exits is judged at once and its log is
 * read before it goes; a log driver that can be read; a limit on processes; the health check's interval, with the image's own command and timeout.
 */
export function containerBody(template: ContainerBody, settings: ContainerSettings): ContainerBody {
  const host = template.HostConfig ?? {}
  const networkMode = typeof host.NetworkMode === 'string' ? host.NetworkMode : ''
  const ports = UNPUBLISHED.test(networkMode) ? [] : settings.ports.map((port) => `${port}/tcp`)
  return {
    ...withEnv(template, settings.env ?? {}),
    ...(settings.user === undefined ? {} : { User: settings.user }),
    Labels: { ...asRecord(template.Labels), ...settings.labels },
    ExposedPorts: {
      ...asRecord(template.ExposedPorts),
      ...Object.fromEntries(ports.map((port) => [port, {}]))
    },
    ...healthcheck(template.Healthcheck),
    HostConfig: {
      ...host,
      Mounts: [
        ...asList(host.Mounts),
        ...settings.volumes.map((volume) => ({
          Type: 'volume',
          Source: volume.name,
          Target: volume.target,
          ReadOnly: volume.readOnly,
          VolumeOptions: {
            NoCopy: volume.noCopy,
            Labels: settings.labels,
            ...(volume.tmpfs === undefined ? {} : { DriverConfig: tmpfsDriver(volume.tmpfs) })
          }
        }))
      ],
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: '' }]])),
      PublishAllPorts: false,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
      LogConfig: { Type: 'json-file', Config: {} },
      PidsLimit: pidsLimit(template),
      ...(settings.writableLayer === true ? { ReadonlyRootfs: false } : {})
    }
  }
}

/** The engine's own driver mounts whatever it is told to with the first use of the volume. */
function tmpfsDriver({ bytes, inodes, uid, gid, mode }: TmpfsVolume): object {
  const o = `size=${bytes},nr_inodes=${inodes},uid=${uid},gid=${gid},mode=0${mode.toString(8)}`
  return { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs', o } }
}

/**
 * The image's own check, asked more often. It takes as long to be called unhealthy as with the image's own settings (by
 * default three times 30 s): asked twice a second, a busy machine alone would make it fail three times in a row.
 */
function healthcheck(value: unknown): { Healthcheck?: unknown } {
  const check = asRecord(value)
  const test = check.Test
  if (!Array.isArray(test) || test.length === 0 || test[0] === 'NONE') return {}
  const interval = positive(check.Interval) ?? DEFAULT_HEALTH_INTERVAL
  const retries = positive(check.Retries) ?? DEFAULT_HEALTH_RETRIES
  const Retries = Math.max(retries, Math.ceil((retries * interval) / HEALTH_INTERVAL))
  return { Healthcheck: { ...check, Interval: HEALTH_INTERVAL, Retries, StartPeriod: 0 } }
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? Array.from<unknown>(value) : []
}
