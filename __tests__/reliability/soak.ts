import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { newJob } from '../action/job.js'
import { BASES, leftBehindBy, root, runAction, verdicts } from '../action/runner.js'
import { randomDelays, randomFaults, startFaultProxy } from './fault-proxy.js'

/** What the machine and the engine do meanwhile: a third of the runs each, and each example in every third round. */
const CONDITIONS = ['idle', 'load', 'faults'] as const
type Condition = (typeof CONDITIONS)[number]

/** What one example came out as in one round. */
interface Entry {
  readonly round: number
  readonly condition: Condition
  readonly example: string
  readonly seconds: number
  /** Scenarios that came out as they must, that could not be known, and that came out wrong. */
  readonly right: number
  readonly inconclusive: number
  readonly wrong: readonly string[]
  /** Undefined when there was no verdict: then the job fails, and says why. */
  readonly verdict: string | undefined
  readonly exitCode: number | null
  /** Requests that were made to go wrong. */
  readonly injected: number
  readonly leftBehind: number
}

interface Row {
  readonly exitCode: number
  readonly scenarios: Readonly<Record<string, string>>
}

const [rounds = '100', file = join(root, 'cache-crash-test-report/soak.jsonl'), only = ''] =
  process.argv.slice(2)
const table = JSON.parse(
  readFileSync(join(root, '__tests__/fixtures/verdicts/examples.json'), 'utf8')
) as Readonly<Record<string, Row>>
const INPUTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gpu-worker': { 'cache-paths': '/root/.cache\n/workspace/docstrange' },
  'manual-space': { 'cache-paths': '/data/manual_store/ocr_cache', 'data-paths': '/data/uploads' }
}

mkdirSync(join(file, '..'), { recursive: true })
if (!existsSync(file)) writeFileSync(file, '')
const entries: Entry[] = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Entry)
if (entries.length > 0) console.log(`Going on after ${entries.length} runs of earlier.`)

for (let round = 0; round < Number(rounds); round++) {
  for (const [index, [example, row]] of Object.entries(table).entries()) {
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
console.log(`\n${figures(entries)}`)
writeFileSync(file.replace(/\.jsonl$/, '') + '.md', `${figures(entries)}\n`)
process.exitCode = entries.every((entry) => entry.wrong.length === 0 && entry.leftBehind === 0) ? 0 : 1

/** One example with every default fault, under a condition. */
async function crashTest(
  { round, turn, condition }: { round: number; turn: number; condition: Condition },
  example: string,
  row: Row
): Promise<Entry> {
  const [name = ''] = example.split('/')
  const job = await newJob()
  const proxy = condition === 'faults' ? await startFaultProxy() : undefined
  // Every other one of them breaks what a run can do nothing about; the others only what it has to bear.
  const isHarsh = turn % (2 * CONDITIONS.length) >= CONDITIONS.length
  const seed = `${round} ${example}`
  proxy?.arm(isHarsh ? randomFaults(seed, 0.01) : randomDelays(seed, 0.2))
  const end = condition === 'load' ? putUnderLoad() : () => Promise.resolve()
  const began = performance.now()
  try {
    const run = await runAction(
      {
        context: `examples/${name}`,
        file: `examples/${example}/Dockerfile`,
        'build-args': `BASE_IMAGE=${BASES['python3.13']}`,
        'stable-for': '500ms',
        ...INPUTS[name],
        faults: 'default\nsymlink-to-volume'
      },
      { env: { ...job.env, ...(proxy === undefined ? {} : { DOCKER_HOST: proxy.address }) } }
    )
    const found = verdicts(run.report)
    const inconclusive = Object.values(found).filter((verdict) => verdict === 'inconclusive').length
    const verdict = run.outputs.get('verdict')
    const wrong = Object.entries(found).flatMap(([id, came]) =>
      came === row.scenarios[id] || (came === 'inconclusive' && condition === 'faults')
        ? []
        : [`${id} came out as ${came}, not ${row.scenarios[id] ?? 'planned'}`]
    )
    const right = row.exitCode === 0 ? 'passed' : 'failed'
    const known =
      verdict === undefined || verdict === 'inconclusive' ? condition === 'faults' : verdict === right
    if (!known) wrong.push(`the verdict is ${verdict ?? 'missing'}, not ${right}: ${run.output.slice(-500)}`)
    // What the run could not remove is the post step's.
    await runAction({}, { entry: 'post/index.js', env: job.env })
    return {
      round,
      condition,
      example,
      seconds: (performance.now() - began) / 1000,
      right: Object.keys(found).length - inconclusive - wrong.length,
      inconclusive,
      wrong,
      verdict,
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

function figures(all: readonly Entry[]): string {
  const lines = CONDITIONS.map((condition) => {
    const some = all.filter((entry) => entry.condition === condition)
    const sum = (number: (entry: Entry) => number): number =>
      some.reduce((total, entry) => total + number(entry), 0)
    const cells = [
      condition,
      new Set(some.map(({ round }) => round)).size,
      some.length,
      sum(({ right }) => right),
      sum(({ inconclusive }) => inconclusive),
      sum(({ wrong }) => wrong.length),
      some.filter(({ verdict }) => verdict === undefined).length,
      sum(({ injected }) => injected),
      sum(({ leftBehind }) => leftBehind)
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| condition | rounds | runs | scenarios right | inconclusive | wrong | runs without a verdict | requests that went wrong | left behind |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines
  ].join('\n')
}
