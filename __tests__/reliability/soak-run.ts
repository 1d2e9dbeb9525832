import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { newJob } from '../action/job.js'
import { execute, leftBehindBy, root, runAction } from '../action/runner.js'
import { exampleInputs, EXAMPLES, tableFaults } from '../verdicts/examples.js'
import { randomDelays, randomFaults, startFaultProxy } from './fault-proxy.js'
import { judgeSoak } from './soak-judge.js'
import type { Condition, SoakEntry } from './soak-record.js'

export interface SoakRun {
  /** Such as `gpu-worker/fragile`. */
  readonly example: string
  readonly condition: Condition
  /** Whether, behind the proxy, requests also fail: a run can do nothing about that, while it has to bear what is only late. */
  readonly harsh: boolean
  /** Of what goes wrong behind the proxy, and when. */
  readonly seed: string
  /** The only faults; without it, all of the table. */
  readonly faults?: readonly string[]
  /** Trials that may boot at a time; without it, as many as by default. */
  readonly maxParallel?: number | undefined
}

/** What came of one run; the caller knows its round, and what it runs beside. */
export type SoakResult = Omit<SoakEntry, 'round' | 'sideBySide' | 'maxParallel'>

/** First digits of the SHA-256 of the dist/index.js that runs. */
export const BUNDLE = createHash('sha256')
  .update(readFileSync(join(root, 'dist/index.js')))
  .digest('hex')
  .slice(0, 12)

/** Crash-tests one example under a condition, and compares it with the table of examples. */
export async function soakRun({
  example,
  condition,
  harsh,
  seed,
  faults,
  maxParallel
}: SoakRun): Promise<SoakResult> {
  const table = EXAMPLES[example]?.scenarios
  if (table === undefined) throw new Error(`there is no example ${example}`)
  const expected = Object.fromEntries(
    Object.entries(table).filter(([id]) => faults?.includes(id.replace(/@.*/, '')) ?? true)
  )
  const job = await newJob()
  const proxy = condition === 'faults' ? await startFaultProxy() : undefined
  // What is only late is no excuse.
  const mayBeUnknown = condition === 'faults' && harsh
  proxy?.arm(harsh ? randomFaults(seed, 0.01) : randomDelays(seed, 0.2))
  const end = condition === 'load' ? putUnderLoad() : () => Promise.resolve()
  const began = performance.now()
  try {
    const run = await runAction(
      {
        ...exampleInputs(example, 'python3.13'),
        faults: faults?.join('\n') ?? tableFaults(example),
        ...(maxParallel === undefined ? {} : { 'max-parallel': String(maxParallel) })
      },
      { env: { ...job.env, ...(proxy === undefined ? {} : { DOCKER_HOST: proxy.address }) } }
    )
    const verdict = run.outputs.get('verdict')
    const judged = judgeSoak(
      { scenarios: run.report?.scenarios ?? [], verdict, exitCode: run.exitCode, output: run.output },
      expected,
      mayBeUnknown
    )
    // What the run could not remove is the post step's.
    await runAction({}, { entry: 'post/index.js', env: job.env })
    return {
      condition,
      example,
      bundle: BUNDLE,
      engine: (await execute('docker', ['version', '--format', '{{.Server.Version}}'])).output.trim(),
      seconds: (performance.now() - began) / 1000,
      ...judged,
      verdict: verdict ?? null,
      exitCode: run.exitCode,
      injected: proxy?.injected.length ?? 0,
      leftBehind: (await leftBehindBy(run)).length
    }
  } finally {
    await end()
    await proxy?.close()
    await job.remove()
  }
}

/** What keeps the machine busy: started once for all of the runs under load that are side by side. */
const load = { runs: 0, workers: [] as Worker[] }

/** Keeps two processors and the disk busy. @returns ends it, unless another run needs it */
function putUnderLoad(): () => Promise<void> {
  if (load.runs++ === 0) load.workers = loadWorkers()
  return async () => {
    if (--load.runs === 0) await Promise.all(load.workers.map((worker) => worker.terminate()))
  }
}

function loadWorkers(): Worker[] {
  const spin = `let x = 0; for (;;) x = Math.sqrt(x + 1)`
  const write = `const fs = require('node:fs'), path = require('node:path')
    const file = path.join(require('node:os').tmpdir(), 'soak-' + process.pid)
    const block = Buffer.alloc(1 << 20)
    for (;;) {
      const open = fs.openSync(file, 'w')
      fs.unlinkSync(file)
      for (let n = 0; n < 64; n++) fs.writeSync(open, block)
      fs.fsyncSync(open)
      fs.closeSync(open)
    }`
  return [spin, spin, write].map((code) => new Worker(code, { eval: true }))
}
