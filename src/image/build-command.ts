import type { BuildSource } from '../model.js'

/**
 * What builds the image: `buildx` is the CLI plugin, `buildkit` the BuildKit client inside Docker CLIs before 23,
 * `legacy` the builder of the daemon.
 */
export type Builder = 'buildx' | 'buildkit' | 'legacy'

export interface BuildNames {
  readonly tag: string
  readonly labels: Readonly<Record<string, string>>
  /** The file that holds each secret's value, by secret id. */
  readonly secretFiles: Readonly<Record<string, string>>
}

/** A command that can be run, or everything that the builder cannot do of what was asked. */
export type BuildCommand =
  | {
      readonly kind: 'command'
      /** Arguments of `docker`. */
      readonly argv: readonly string[]
      /** To be laid over the environment. */
      readonly environment: Readonly<Record<string, string>>
    }
  | { readonly kind: 'impossible'; readonly problems: readonly string[] }

/**
 * The arguments that build an image and load it into the engine.
 * @param source what to build
 * @param builder what the CLI has, see `detectBuilder`
 */
export function buildCommand(source: BuildSource, builder: Builder, names: BuildNames): BuildCommand {
  const problems = impossible(source, builder)
  if (problems.length > 0) return { kind: 'impossible', problems }
  const argv = [
    ...start[builder],
    '--file',
    source.file,
    '--tag',
    names.tag,
    ...Object.entries(names.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(source.target === undefined ? [] : ['--target', source.target]),
    ...source.buildArgs.flatMap((argument) => ['--build-arg', argument]),
    ...Object.entries(names.secretFiles).flatMap(([id, file]) => [
      '--secret',
      [`id=${id}`, `src=${file}`].map(csvField).join(',')
    ]),
    ...source.cacheFrom.flatMap((from) => [
      '--cache-from',
      builder === 'buildx' ? from : (plainImage(from) ?? from)
    ]),
    ...source.cacheTo.flatMap((to) => ['--cache-to', to]),
    source.context
  ]
  return { kind: 'command', argv, environment: environment[builder] }
}

const start: Readonly<Record<Builder, readonly string[]>> = {
  // A builder with a driver of its own keeps the result to itself unless told to load it.
  buildx: ['buildx', 'build', '--load', '--progress', 'plain'],
  buildkit: ['build', '--progress', 'plain'],
  // Without --force-rm a failing step leaves its container behind (Docker 20.10 and 28).
  legacy: ['build', '--force-rm']
}

const environment: Readonly<Record<Builder, Readonly<Record<string, string>>>> = {
  buildx: {},
  buildkit: { DOCKER_BUILDKIT: '1' },
  // CLIs from 23 on refuse `docker build` without buildx unless the legacy builder is asked for.
  legacy: { DOCKER_BUILDKIT: '0' }
}

const installBuildx = 'install buildx (in a workflow: docker/setup-buildx-action)'

function impossible(source: BuildSource, builder: Builder): string[] {
  const problems: string[] = []
  for (const id of Object.keys(source.secrets)) {
    // The id is one field of a comma-separated value, and a file name below /run/secrets.
    if (!/^[\w.-]+$/.test(id)) {
      problems.push(`secrets: "${id}" is not a secret id; use letters, digits, "_", "-" and "."`)
    }
  }
  if (builder === 'buildx') return problems
  if (builder === 'legacy' && Object.keys(source.secrets).length > 0) {
    problems.push(
      `secrets: build secrets need BuildKit, and this Docker CLI builds with the legacy builder; ${installBuildx} and do not set DOCKER_BUILDKIT=0`
    )
  }
  for (const from of source.cacheFrom) {
    if (plainImage(from) === undefined) {
      problems.push(`cache-from: "${from}" needs buildx; ${installBuildx}, or name an image`)
    }
  }
  if (source.cacheTo.length > 0) {
    problems.push(`cache-to: "${source.cacheTo.join('", "')}" needs buildx; ${installBuildx}`)
  }
  return problems
}

/** The image of a `cache-from` that builders other than buildx understand: `IMAGE` or `type=registry,ref=IMAGE`. */
function plainImage(cacheFrom: string): string | undefined {
  if (!/[=,]/.test(cacheFrom)) return cacheFrom
  const fields = new Map(
    cacheFrom.split(',').map((field): [string, string] => {
      const [key = '', ...value] = field.split('=')
      return [key.trim(), value.join('=').trim()]
    })
  )
  const known = [...fields.keys()].every((key) => key === 'type' || key === 'ref')
  const image = fields.get('ref') ?? ''
  return known && fields.get('type') === 'registry' && image !== '' ? image : undefined
}

/** The CLI reads `--secret` with Go's encoding/csv. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
