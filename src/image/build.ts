import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getExecOutput } from '@actions/exec'
import type { BuildSource } from '../model.js'
import { buildCommand, type Builder } from './build-command.js'
import { BuildError, failedBuild, lostItsParent } from './build-error.js'
import { runChild, type ChildListeners } from './child.js'
import { mask } from './mask.js'
import { messageOf } from '../thrown.js'

export interface BuildOptions {
  /** The name that the image gets on the engine. */
  readonly tag: string
  readonly labels: Readonly<Record<string, string>>
  /** An existing directory on the runner; secrets live below it while the build runs. */
  readonly temporaryDirectory: string
  readonly environment: NodeJS.ProcessEnv
  /** Receives the builder's output with secrets masked, both streams in order of arrival. */
  readonly log: (chunk: Buffer) => void
  /** The Docker CLI; `docker` on the PATH when undefined. */
  readonly docker?: string
  /** Ends the build when it aborts. */
  readonly signal?: AbortSignal
}

/** How often one image is built when what the builder took from its cache is removed under it. */
const maximumBuilds = 5

/** What is kept of the output to explain a failure, in bytes: parallel steps write between each other's lines. */
const keptOutput = 4_194_304

/**
 * Builds the image under test with whatever builder the CLI has, and loads it into the engine.
 * @throws BuildError when the builder cannot do what was asked (before anything starts), or the build fails; the signal's
 *   reason once the builder's client has ended
 */
export async function buildImage(source: BuildSource, options: BuildOptions): Promise<void> {
  const docker = options.docker ?? 'docker'
  const builder = await detectBuilder(options.environment, docker)
  const secretFiles = Object.entries(source.secrets).map(([id, value], index) => ({
    id,
    value,
    name: `secret-${index}`
  }))
  const directory = await mkdtemp(join(options.temporaryDirectory, 'build-'))
  try {
    const command = buildCommand(source, builder, {
      tag: options.tag,
      labels: options.labels,
      secretFiles: Object.fromEntries(secretFiles.map(({ id, name }) => [id, join(directory, name)]))
    })
    if (command.kind === 'impossible') {
      throw new BuildError('the image cannot be built as asked', { step: undefined, lines: command.problems })
    }
    for (const { name, value } of secretFiles) {
      await writeFile(join(directory, name), value, { mode: 0o600 })
    }
    const environment = { ...options.environment, ...command.environment }
    for (let build = 1; ; build++) {
      const output = collect(options.log, Object.values(source.secrets))
      const exitCode = await run(docker, command.argv, environment, output, options.signal)
      const text = output.end()
      if (exitCode === 0) return
      // Another run on this engine may remove its image, and with it steps that this build has taken from the cache.
      if (builder !== 'legacy' || build === maximumBuilds || !lostItsParent(text)) {
        throw failedBuild(exitCode, text)
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Which builder the Docker CLI has. `DOCKER_BUILDKIT=0` asks for the legacy builder, as for the CLI itself; buildx is
 * preferred to the BuildKit client in CLIs before 23, which knows neither cache-to nor cache-from of other types.
 * @throws BuildError when there is no Docker CLI
 */
export async function detectBuilder(environment: NodeJS.ProcessEnv, docker = 'docker'): Promise<Builder> {
  if (environment.DOCKER_BUILDKIT === '0') return 'legacy'
  const buildx = await ask(docker, ['buildx', 'version'], environment)
  if (buildx.exitCode === 0) return 'buildx'
  // Prints the client's version and fails when the daemon does not answer; the build will say so better.
  const version = await ask(docker, ['version', '--format', '{{.Client.Version}}'], environment)
  const major = /^(\d+)\./.exec(version.output.trim())?.[1]
  return major !== undefined && Number(major) < 23 ? 'buildkit' : 'legacy'
}

/** Asks the CLI something that is answered at once. */
async function ask(
  docker: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv
): Promise<{ exitCode: number; output: string }> {
  const env = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  )
  try {
    const { exitCode, stdout } = await getExecOutput(docker, [...argv], {
      env,
      silent: true,
      ignoreReturnCode: true
    })
    return { exitCode, output: stdout }
  } catch (cause) {
    throw cliMissing(cause)
  }
}

async function run(
  docker: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  listeners: ChildListeners,
  signal?: AbortSignal
): Promise<number> {
  try {
    return await runChild(docker, argv, environment, listeners, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    throw cliMissing(cause)
  }
}

function cliMissing(cause: unknown): BuildError {
  const lines = [messageOf(cause)]
  return new BuildError('the Docker CLI could not be run', { step: undefined, lines }, { cause })
}

/** Passes output on, masked, and keeps the end of it. */
function collect(log: (chunk: Buffer) => void, secrets: readonly string[]) {
  // One for each stream: a chunk of the other may come in the middle of a line.
  const [stdout, stderr] = [mask(secrets), mask(secrets)]
  const kept: Buffer[] = []
  let bytes = 0
  const pass = (chunk: Buffer): void => {
    if (chunk.length === 0) return
    log(chunk)
    kept.push(chunk)
    bytes += chunk.length
    while (bytes > keptOutput && kept.length > 1) bytes -= kept.shift()?.length ?? 0
  }
  return {
    stdout: (chunk: Buffer) => {
      pass(stdout.write(chunk))
    },
    stderr: (chunk: Buffer) => {
      pass(stderr.write(chunk))
    },
    end: () => {
      pass(stdout.end())
      pass(stderr.end())
      return Buffer.concat(kept).toString('utf8')
    }
  }
}
