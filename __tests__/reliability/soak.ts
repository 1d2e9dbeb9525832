import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../action/runner.js'
import { EXAMPLES } from '../verdicts/examples.js'
import { inTree } from './debian-tree.js'
import { newOwnDaemon, type OwnDaemon } from './own-daemon.js'
import { CONDITIONS, readSoak, renderSoak, type SoakEntry } from './soak-record.js'
import { soakRun } from './soak-run.js'

const [rounds = '100', file = join(root, 'docs/soak.jsonl'), only = ''] = process.argv.slice(2)

let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isStopped = true
    console.log('Stopping after this run.')
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

async function soak(): Promise<void> {
  mkdirSync(join(file, '..'), { recursive: true })
  const entries = readSoak(file)
  if (entries.length > 0) console.log(`Going on after ${entries.length} runs of earlier.`)
  for (let round = 0; round < Number(rounds); round++) {
    for (const [index, example] of Object.keys(EXAMPLES).entries()) {
      const turn = round + index
      if (isStopped) break
      if (!example.includes(only)) continue
      if (entries.some((done) => done.round === round && done.example === example)) continue
      const condition = CONDITIONS[turn % CONDITIONS.length] ?? 'idle'
      // Every other one behind the proxy.
      const harsh = turn % (2 * CONDITIONS.length) >= CONDITIONS.length
      const result = await soakRun({ example, condition, harsh, seed: `${round} ${example}` })
      const entry: SoakEntry = { round, ...result }
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
}
