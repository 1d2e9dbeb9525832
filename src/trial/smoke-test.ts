import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SmokeTestResult } from '../model.js'
import { temporaryDirectory } from '../temporary.js'
import { LogRecorder } from './log.js'
import type { Address } from './probes/probe.js'
import { codeOf, messageOf } from '../thrown.js'

/** A script that the user wrote, and what it is told. */
export interface SmokeTest {
  readonly script: string
  /** Absolute directory to run in. */
  readonly workspace: string
  /** What it inherits. */
  readonly environment: NodeJS.ProcessEnv
  readonly deadlineMs: number
  /** Name of the container. */
  readonly container: string
  /** Where each container port is reached, the one for BASE_URL first. */
  readonly ports: readonly { readonly containerPort: number; readonly address: Address }[]
}

const OUTPUT_BOUNDS = { headLines: 0, tailLines: 100, bytes: 32 * 1024 }

/** How long output may still come after the script's process group is gone. */
const DRAIN_MS = 1000

/**
 * Runs the script as a workflow's `shell: bash` does (`bash --noprofile --norc -eo pipefail FILE`), in a process group of
 * its own that is killed at the deadline, on abort, and at the end, so that nothing of it stays behind.
 * @throws the signal's reason; an error when the script cannot be written or bash cannot be run
 */
export async function runSmokeTest(test: SmokeTest, signal: AbortSignal): Promise<SmokeTestResult> {
  signal.throwIfAborted()
  const directory = await temporaryDirectory(test.environment).catch(unwritten)
  try {
    const file = join(directory, 'smoke-test.sh')
    await writeFile(file, test.script, { mode: 0o600 }).catch(unwritten)
    signal.throwIfAborted()
    const result = await runScript(file, test, signal)
    signal.throwIfAborted()
    return result
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function unwritten(cause: unknown): never {
  throw new Error(`the smoke test could not be written to a file: ${messageOf(cause)}`, { cause })
}

function runScript(file: string, test: SmokeTest, signal: AbortSignal): Promise<SmokeTestResult> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const output = new LogRecorder(OUTPUT_BOUNDS)
    let timedOut = false
    let drain: NodeJS.Timeout | undefined
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
      cwd: test.workspace,
      env: environment(test),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true
    })
    const finish = (code: number | null) => {
      clearTimeout(deadline)
      clearTimeout(drain)
      signal.removeEventListener('abort', kill)
      child.stdout.destroy()
      child.stderr.destroy()
      output.end()
      resolve({
        exitCode: timedOut ? null : code,
        timedOut,
        seconds: (performance.now() - startedAt) / 1000,
        output: output.capture().tail.join('\n')
      })
    }
    // Whatever has left the group, or runs as another user, may hold the output open: it is not waited for.
    const kill = () => {
      killGroup(child.pid)
      drain ??= setTimeout(() => {
        child.unref()
        finish(child.exitCode)
      }, DRAIN_MS)
    }
    const deadline = setTimeout(() => {
      timedOut = true
      kill()
    }, test.deadlineMs)
    signal.addEventListener('abort', kill, { once: true })
    if (signal.aborted) kill()
    const keep = (chunk: Buffer) => {
      output.push(chunk)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      reject(new Error(`the smoke test could not be run: ${error.message}`, { cause: error }))
      finish(null)
    })
    // What the script left in the background must not outlive it.
    child.on('exit', kill)
    child.on('close', finish)
  })
}

/**
 * What the runner gives to a JavaScript action and not to a `run` step: the services of caches and artifacts, and a token for
 * them (`NodeScriptActionHandler` and `ScriptHandler` of actions/runner 2.3).
 */
const SERVICES: ReadonlySet<string> = new Set([
  'ACTIONS_RUNTIME_TOKEN',
  'ACTIONS_RUNTIME_URL',
  'ACTIONS_RESULTS_URL',
  'ACTIONS_CACHE_URL',
  'ACTIONS_CACHE_SERVICE_V2'
])

/** The environment that a `run` step would see: without the action's own inputs, its state and its services. */
function environment(test: SmokeTest): NodeJS.ProcessEnv {
  const inherited = Object.entries(test.environment).filter(
    ([name]) =>
      !name.startsWith('INPUT_') && !name.startsWith('STATE_') && !SERVICES.has(name) && name !== 'BASE_URL'
  )
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(inherited), CONTAINER: test.container }
  for (const { containerPort, address } of test.ports) {
    env.BASE_URL ??= `http://${hostForUrl(address.host)}:${address.port}`
    env[`PORT_${containerPort}`] = String(address.port)
  }
  return env
}

function hostForUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Kills a process group that may be gone already. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // ESRCH: gone. EPERM: all that is left runs as another user.
    const code = codeOf(error)
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
