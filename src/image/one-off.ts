import { newName } from '../names.js'
import type { ContainerBody, Engine } from '../engine/engine.js'
import { EngineError } from '../engine/errors.js'
import { isOfTheMachine } from '../engine/start-failure.js'
import { pidsLimit, withLabels } from './container-config.js'

export interface OneOffOptions {
  readonly labels: Readonly<Record<string, string>>
  readonly deadlineMs: number
  /** Output that is kept; a container that prints more is ended. */
  readonly maximumBytes: number
}

/** How a one-off container ended. */
export type OneOff =
  | { readonly kind: 'finished'; readonly exitCode: number; readonly output: string }
  /** The image has no such program, or it cannot be executed. */
  | { readonly kind: 'not-startable' }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'flooded' }

/** How much longer a command may take the second time that was over its time once, as on a busy machine. */
const AGAIN_FACTOR = 3

/**
 * Runs one command in a container of its own: the body's image, user, environment and volumes, but no network, no ports,
 * no health check and no restart; processes are limited, since the program is whatever the image calls so. The container is
 * removed in all cases. A command that is over its time is run once more.
 * @throws EngineError when the engine fails for another reason than the program
 */
export async function runOneOff(
  engine: Engine,
  body: ContainerBody,
  command: readonly [string, ...string[]],
  options: OneOffOptions
): Promise<OneOff> {
  const first = await runOnce(engine, body, command, options)
  if (first.kind !== 'timed-out') return first
  return await runOnce(engine, body, command, { ...options, deadlineMs: options.deadlineMs * AGAIN_FACTOR })
}

async function runOnce(
  engine: Engine,
  body: ContainerBody,
  command: readonly [string, ...string[]],
  options: OneOffOptions
): Promise<OneOff> {
  const container = await engine.createContainer(
    oneOffBody(withLabels(body, options.labels), command),
    newName(options.labels, 'one-off')
  )
  const stop = new AbortController()
  let end: 'timed-out' | 'flooded' | undefined
  const endAs = (how: 'timed-out' | 'flooded'): void => {
    end ??= how
    stop.abort()
  }
  const timer = setTimeout(() => {
    endAs('timed-out')
  }, options.deadlineMs)
  try {
    try {
      await engine.startContainer(container)
    } catch (error) {
      if (isProgramMissing(error)) return { kind: 'not-startable' }
      throw error
    }
    const chunks: Buffer[] = []
    let bytes = 0
    const follow = engine.followLogs(
      container,
      (chunk) => {
        bytes += chunk.length
        if (bytes > options.maximumBytes) endAs('flooded')
        else chunks.push(chunk)
      },
      stop.signal
    )
    await follow.catch((error: unknown) => {
      if (end === undefined) throw error
    })
    if (end !== undefined) return { kind: end }
    const { exitCode } = await engine.inspectContainer(container)
    return { kind: 'finished', exitCode, output: Buffer.concat(chunks).toString('utf8') }
  } finally {
    clearTimeout(timer)
    await engine.removeContainer(container)
  }
}

function oneOffBody(body: ContainerBody, command: readonly [string, ...string[]]): ContainerBody {
  return {
    ...body,
    Entrypoint: command,
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: {},
    Tty: false,
    OpenStdin: false,
    AttachStdin: false,
    // Set by flags that go with a network.
    MacAddress: '',
    NetworkingConfig: {},
    HostConfig: {
      ...body.HostConfig,
      NetworkMode: 'none',
      PortBindings: {},
      PublishAllPorts: false,
      Links: [],
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
      PidsLimit: pidsLimit(body),
      // The output is read back through the engine, which not every log driver allows.
      LogConfig: { Type: 'json-file', Config: {} }
    }
  }
}

/** Docker 20.10 answers 400 to a start whose program is missing, later engines also 404; the words are runc's. */
function isProgramMissing(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    !isOfTheMachine(error.daemonMessage) &&
    /executable file not found|no such file or directory|permission denied|exec format error|is a directory|not a directory/i.test(
      error.daemonMessage
    )
  )
}
