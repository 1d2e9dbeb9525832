import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { containersOf, docker, until } from './docker.js'
import { BASES, execute, ownerLabel, startAction, type ActionRun, type Running } from './runner.js'

export const STAGES = ['build', 'control', 'graceful stop', 'trials'] as const
export type Stage = (typeof STAGES)[number]

/** Prints a word that is not in the command, which the builder prints, too; then the build would take a minute. */
const SLOW_BUILD = `FROM ${BASES['python3.11']}
RUN python3 -c "print('be' + 'gan', flush=True)" && sleep 60
`
/** Healthy on clean state; says that it is asked to stop, and does not; for ever waits where the cache is damaged. */
const SERVICE = `FROM ${BASES['python3.11']}
COPY start.py /
VOLUME /data
VOLUME /of-no-name
CMD ["python3", "-u", "/start.py"]
`
const START = `import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("not yet"))
if os.path.isfile("/data/cache"):
    while True: signal.pause()
os.makedirs("/data/cache", exist_ok=True)
print("ready")
while True: signal.pause()
`

const INPUTS: Readonly<Record<Stage, Readonly<Record<string, string>>>> = {
  build: {},
  // It waits here.
  control: { 'stable-for': '1m' },
  'graceful stop': { 'stable-for': '0s' },
  trials: { 'stable-for': '0s', options: '--stop-timeout 0' }
}

/** Runs that are brought to a stage and then left in it. */
export class StagedRuns {
  readonly #contexts: string[] = []
  readonly #images: string[] = []
  readonly #running: Running<ActionRun>[] = []

  /**
   * Starts the action, and returns when it is in the middle of the stage: the output says which it is, the engine when a
   * container runs.
   */
  async start(stage: Stage, env: NodeJS.ProcessEnv): Promise<Running<ActionRun>> {
    const running = await startAction(
      {
        ...(stage === 'build' ? { context: await this.#context() } : { image: await this.#image() }),
        ready: 'log:/ready/',
        'cache-paths': '/data/cache',
        volumes: '/data',
        faults: 'file-for-directory',
        ...INPUTS[stage]
      },
      { env }
    )
    this.#running.push(running)
    switch (stage) {
      case 'build':
        await running.says('began')
        break
      case 'control':
        await running.says('Control: booting')
        await until(async () => (await containersOf(running.pid)).length > 0)
        break
      case 'graceful stop':
        await running.says('Control: booting')
        await until(async () => (await logOf(running.pid)).includes('not yet'))
        break
      case 'trials':
        await running.says('Plan: 1 scenario')
        await until(async () => (await containersOf(running.pid)).length > 0)
    }
    return running
  }

  /** Ends what a failing test has left running, too. */
  async remove(): Promise<void> {
    for (const { kill, finished } of this.#running) {
      kill('SIGTERM')
      await finished
    }
    for (const directory of this.#contexts) await rm(directory, { recursive: true })
    if (this.#images.length > 0) await docker('rmi', ...this.#images)
  }

  async #context(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'staged-'))
    this.#contexts.push(directory)
    await writeFile(join(directory, 'Dockerfile'), SLOW_BUILD)
    return directory
  }

  async #image(): Promise<string> {
    const [built] = this.#images
    if (built !== undefined) return built
    const directory = await this.#context()
    await writeFile(join(directory, 'Dockerfile'), SERVICE)
    await writeFile(join(directory, 'start.py'), START)
    const tag = `cache-crash-test-staged:${process.pid}`
    const { exitCode, output } = await execute('docker', ['build', '--tag', tag, directory])
    if (exitCode !== 0) throw new Error(output)
    this.#images.push(tag)
    return tag
  }
}

/** What the containers of a run print, as far as they are still there. */
async function logOf(pid: number): Promise<string> {
  const logs = (await containersOf(pid)).map((id) => execute('docker', ['logs', id]))
  return (await Promise.all(logs)).map(({ output }) => output).join('')
}

/** Whether a builder still works for the process with this pid, which may be gone. */
export async function isBuilding(pid: number): Promise<boolean> {
  return (await execute('pgrep', ['-f', '--', `--label ${ownerLabel(pid)}`])).exitCode === 0
}
