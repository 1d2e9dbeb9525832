import { setTimeout as delay } from 'node:timers/promises'
import { Created, Exec } from './answers.js'
import { transportError } from './failure.js'
import type { ExecResult } from './engine.js'
import { body, type Exchange, segment } from './exchange.js'
import { framedOutput } from './output.js'

/** Output of a command that is kept; the rest is read and dropped, so that the command can end. */
const OUTPUT_BOUND = 64 * 1024

/**
 * Runs a command in a running container, as the port describes it. After a timeout the command goes on in the
 * container: the engine has no call that ends it.
 */
export async function runInContainer(
  exchange: Exchange,
  id: string,
  command: readonly string[],
  timeoutMs: number
): Promise<ExecResult | 'timed-out'> {
  const operation = 'exec'
  const end = AbortSignal.timeout(timeoutMs)
  try {
    const { Id } = await exchange.must(
      {
        operation,
        method: 'POST',
        path: `/containers/${segment(id)}/exec`,
        json: { AttachStdout: true, AttachStderr: true, Cmd: command },
        signal: end
      },
      Created
    )
    const output = await start(exchange, Id, end)
    return { exitCode: await exitCode(exchange, Id, end), output }
  } catch (error) {
    if (!end.aborted) throw transportError(operation, error)
    return 'timed-out'
  }
}

async function start(exchange: Exchange, exec: string, signal: AbortSignal): Promise<string> {
  const response = await exchange.open({
    operation: 'exec',
    method: 'POST',
    path: `/exec/${segment(exec)}/start`,
    json: { Detach: false, Tty: false },
    stream: true,
    signal
  })
  const kept: Buffer[] = []
  let room = OUTPUT_BOUND
  const reader = framedOutput('exec', {
    payload: (part) => {
      if (room > 0) kept.push(part.subarray(0, room))
      room -= part.length
    }
  })
  for await (const chunk of body(response)) reader.push(chunk)
  reader.end()
  return Buffer.concat(kept).toString('utf8')
}

/** The streams may close a moment before the daemon has noted the exit. */
async function exitCode(exchange: Exchange, exec: string, signal: AbortSignal): Promise<number> {
  const ask = {
    operation: 'inspect exec',
    method: 'GET',
    path: `/exec/${segment(exec)}/json`,
    signal
  } as const
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const { Running, ExitCode } = await exchange.must(ask, Exec)
    if (!Running && ExitCode !== null) return ExitCode
    await delay(wait, undefined, { signal })
  }
}
