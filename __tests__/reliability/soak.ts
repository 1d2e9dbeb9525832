import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../action/runner.js'
import { EXAMPLES } from '../verdicts/examples.js'
import { inTree } from './debian-tree.js'
import { newOwnDaemon, type OwnDaemon } from './own-daemon.js'
import {
  CONDITIONS,
  type Condition,
  isClean,
  ofBundle,
  readSoak,
  renderSoak,
  type SoakEntry
} from './soak-record.js'
import { BUNDLE, soakRun } from './soak-run.js'

const [rounds = '100', file = join(root, 'docs/soak.jsonl'), only = ''] = process.argv.slice(2)
const sideBySide = Number(process.env.SIDE_BY_SIDE ?? '1')
const maxParallel = process.env.MAX_PARALLEL === undefined ? undefined : Number(process.env.MAX_PARALLEL)

let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isStopped = true
    console.log('Stopping after what is under way.')
  })
}

const daemon = process.env.ENGINE === undefined ? undefined : await engineOf(process.env.ENGINE)
try {
  await soak()
} finally {
  await daemon?.remove()
}

/** An engine of a Debian tree; what is done from now on is done there. */
async function engineOf(tree: string): Promise<OwnDaemon> {
  const own = await newOwnDaemon({ command: (directory) => inTree(tree, directory, 'dockerd') })
  await own.start()
  await own.load('cache-crash-test-base:python3.13')
  process.env.DOCKER_HOST = own.address
  return own
}

interface Turn {
  readonly round: number
  readonly example: string
  readonly condition: Condition
  /** Whether, behind the proxy, requests also fail. */
  readonly harsh: boolean
}

/**
 * Every run of so many rounds, in their order; where they go side by side, a few rounds at a time by condition, since the load
 * of one is a load for all.
 */
function turns(count: number): Turn[] {
  const all = Array.from({ length: count }, (_, round) =>
    Object.keys(EXAMPLES).map((example, index): Turn => {
      const turn = round + index
      return {
        round,
        example,
        condition: CONDITIONS[turn % CONDITIONS.length] ?? 'idle',
        // Every other one behind the proxy.
        harsh: turn % (2 * CONDITIONS.length) >= CONDITIONS.length
      }
    })
  ).flat()
  const place = ({ round, condition }: Turn): number =>
    Math.floor(round / 6) * CONDITIONS.length + CONDITIONS.indexOf(condition)
  return sideBySide > 1 ? all.sort((one, other) => place(one) - place(other)) : all
}

async function soak(): Promise<void> {
  mkdirSync(join(file, '..'), { recursive: true })
  const entries = readSoak(file)
  const earlier = ofBundle(entries, BUNDLE)
  console.log(
    `Bundle ${BUNDLE}: going on after ${earlier.length} runs; ${entries.length - earlier.length} more are of other bundles.`
  )
  const isDone = ({ round, example }: Turn): boolean =>
    earlier.some((done) => done.round === round && done.example === example)
  const left = turns(Number(rounds)).filter((turn) => turn.example.includes(only) && !isDone(turn))
  const runs = Array.from({ length: sideBySide }, async () => {
    for (let turn = left.shift(); turn !== undefined && !isStopped; turn = left.shift()) {
      const { round, ...run } = turn
      const result = await soakRun({ ...run, seed: `${round} ${run.example}`, maxParallel })
      const entry: SoakEntry = {
        round,
        ...(sideBySide > 1 ? { sideBySide } : {}),
        ...(maxParallel === undefined ? {} : { maxParallel }),
        ...result
      }
      entries.push(entry)
      appendFileSync(file, `${JSON.stringify(entry)}\n`)
      console.log(
        `round ${round + 1}, ${entry.condition}, ${entry.example}: ${entry.verdict ?? 'no verdict'} after ${entry.seconds.toFixed(0)} s; ` +
          `${entry.right} right, ${entry.inconclusive} inconclusive, ${entry.wrong.length} wrong; ${entry.injected} injected`
      )
      for (const words of entry.wrong) console.log(`   WRONG: ${words}`)
    }
  })
  await Promise.all(runs)
  const own = ofBundle(entries, BUNDLE)
  console.log(`\nThis bundle, ${BUNDLE}:\n\n${renderSoak(own)}`)
  if (own.length < entries.length) console.log(`\nAll that ${file} has:\n\n${renderSoak(entries)}`)
  if (own.length === 0) console.log('\nNothing is known of this bundle: no run of it was made.')
  process.exitCode = isClean(own) ? 0 : 1
}
