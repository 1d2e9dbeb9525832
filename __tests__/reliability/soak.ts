import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { newJob } from '../action/job.js'
import { execute, leftBehindBy, root, runAction, verdicts } from '../action/runner.js'
import { exampleInputs, EXAMPLES, tableFaults } from '../verdicts/examples.js'
import { randomDelays, randomFaults, startFaultProxy } from './fault-proxy.js'
import { CONDITIONS, readSoak, renderSoak, type Condition, type SoakEntry } from './soak-record.js'

const [rounds = '100', file = join(root, 'docs/soak.jsonl'), only = ''] = process.argv.slice(2)
const bundle = createHash('sha256')
  .update(readFileSync(join(root, 'dist/index.js')))
  .digest('hex')
  .slice(0, 12)
const engine = (await execute('docker', ['version', '--format', '{{.Server.Version}}'])).output.trim()

mkdirSync(join(file, '..'), { recursive: true })
const entries = readSoak(file)
if (entries.length > 0) console.log(`Going on after ${entries.length} runs of earlier.`)

for (let round = 0; round < Number(rounds); round++) {
  for (const [index, [example, row]] of Object.entries(EXAMPLES).entries()) {
    const turn = round + index
    const condition = CONDITIONS[turn % CONDITIONS.length] ?? 'idle'
    if (!example.includes(only)) continue
    if (entries.some((done) => done.round === round && done.example === example)) continue
    const entry = await crashTest({ round, turn, condition }, example, row)
    entries.push(entry)
    appendFileSync(file, `${JSON.stringify(entry)}\n`)
    console.log(
      `round ${round + 1}, ${condition}, ${example}: ${entry.verdict ?? 'no verdict'} after ${entry.seconds.toFixed(0)} s; ` +
        `${entry.right} right, ${entry.inconclusive} inconclusive, ${entry.wrong.length} wrong; ${entry.injected} injected`
    )
    for (const words of entry.wrong) console.log(`   WRONG: ${words}`)
  }
}
console.log(`\n${renderSoak(entries)}`)
process.exitCode = entries.every((entry) => entry.wrong.length === 0 && entry.leftBehind === 0) ? 0 : 1

/** One example with every default fault, under a condition. */
async function crashTest(
  { round, turn, condition }: { round: number; turn: number; condition: Condition },
  example: string,
  row: (typeof EXAMPLES)[string]
): Promise<SoakEntry> {
  const job = await newJob()
  const proxy = condition === 'faults' ? await startFaultProxy() : undefined
  // Every other one of them breaks what a run can do nothing about; the others only what it has to bear.
  const isHarsh = turn % (2 * CONDITIONS.length) >= CONDITIONS.length
  // What is only late is no excuse.
  const mayBeUnknown = condition === 'faults' && isHarsh
  const seed = `${round} ${example}`
  proxy?.arm(isHarsh ? randomFaults(seed, 0.01) : randomDelays(seed, 0.2))
  const end = condition === 'load' ? putUnderLoad() : () => Promise.resolve()
  const began = performance.now()
  try {
    const run = await runAction(
      { ...exampleInputs(example, 'python3.13'), faults: tableFaults(example) },
      { env: { ...job.env, ...(proxy === undefined ? {} : { DOCKER_HOST: proxy.address }) } }
    )
    const found = verdicts(run.report)
    const inconclusive = Object.values(found).filter((verdict) => verdict === 'inconclusive').length
    const verdict = run.outputs.get('verdict')
    const wrong = Object.entries(found).flatMap(([id, came]) =>
      came === row.scenarios[id] || (came === 'inconclusive' && mayBeUnknown)
        ? []
        : [`${id} came out as ${came}, not ${row.scenarios[id] ?? 'planned'}`]
    )
    const right = Object.keys(found).length - inconclusive - wrong.length
    if (verdict !== undefined && (!mayBeUnknown || verdict === 'passed')) {
      const missing = Object.keys(row.scenarios).filter((id) => !(id in found))
      wrong.push(...missing.map((id) => `${id} was not run`))
    }
    if (verdict !== 'inconclusive' && (run.exitCode === 0) !== (verdict === 'passed'))
      wrong.push(`the exit code is ${run.exitCode ?? 'none'} where the verdict is ${verdict ?? 'missing'}`)
    const expected = row.exitCode === 0 ? 'passed' : 'failed'
    const known = verdict === undefined || verdict === 'inconclusive' ? mayBeUnknown : verdict === expected
    if (!known)
      wrong.push(`the verdict is ${verdict ?? 'missing'}, not ${expected}: ${run.output.slice(-500)}`)
    // What the run could not remove is the post step's.
    await runAction({}, { entry: 'post/index.js', env: job.env })
    return {
      round,
      condition,
      example,
      bundle,
      engine,
      seconds: (performance.now() - began) / 1000,
      right,
      inconclusive,
      wrong,
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

/** Keeps two processors and the disk busy. @returns ends it */
function putUnderLoad(): () => Promise<void> {
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
  const workers = [spin, spin, write].map((code) => new Worker(code, { eval: true }))
  return async () => {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
