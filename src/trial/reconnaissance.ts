import { compileBytecode } from '../image/bytecode.js'
import { chooseModules } from '../image/modules.js'
import { parseVerboseImports } from '../image/verbose-imports.js'
import { containerBody } from './container.js'
import { Bench, type Lab } from './lab.js'
import { boot } from './observe.js'
import { bootRequest } from './boots.js'
import type { ReadyCheck } from './probes/probe.js'
import type { ImageFacts, PythonImports } from '../model.js'

/** Verbose imports of a large application are a few megabytes. */
const LOG_BYTES = 32 * 1024 * 1024

export interface ReconnaissanceRequest {
  readonly facts: ImageFacts
  readonly checks: readonly ReadyCheck[]
  readonly deadlineMs: number
  /** Cache paths and volumes: only bytecode that lies there can be stale after a deploy. */
  readonly places: readonly string[]
  readonly canary: string
  /** Receives what users should know, a sentence each. */
  readonly note: (text: string) => void
}

/**
 * Finds out what start-up really imports, and where its bytecode is looked for, instead of guessing from PYTHONPATH: boots
 * the image's real command with PYTHONVERBOSE=1, which makes every CPython log each import with the files it used. Then
 * lets the image's own interpreter compile canary bytecode of the modules whose bytecode lies in one of the places.
 *
 * @throws EngineError when the engine fails
 */
export async function reconnoitre(lab: Lab, request: ReconnaissanceRequest): Promise<PythonImports> {
  const { python } = request.facts
  if (python === undefined) return { kind: 'unknown', reason: 'the image has no Python' }
  const bench = new Bench(lab, 'reconnaissance')
  try {
    const volumes = bench.volumes({ noCopy: false })
    const container = await bench.container(volumes, { env: { PYTHONVERBOSE: '1' } })
    await boot(
      lab.engine,
      {
        ...bootRequest(lab, container, request.deadlineMs, undefined),
        checks: request.checks,
        smokeTest: undefined
      },
      lab.signal
    )
    await lab.engine.killContainer(container.id)
    const imports = parseVerboseImports(await wholeLog(lab, container.id))
    if (imports.length === 0) {
      return {
        kind: 'unknown',
        reason:
          'start-up of this image logs no Python import under PYTHONVERBOSE=1: it runs no Python, or one that ignores its environment (-I, -E)'
      }
    }
    const bytecode = await compileBytecode(
      lab.engine,
      containerBody(lab.template, { labels: lab.labels, volumes, ports: [] }),
      python,
      chooseModules(imports, python, request.places),
      request.canary,
      { labels: lab.labels, note: request.note }
    )
    return { kind: 'known', bytecode, modulesSeen: imports.length }
  } finally {
    await bench.dispose()
  }
}

/** Everything the stopped container printed in its last run, up to the bound. */
async function wholeLog(lab: Lab, container: string): Promise<string> {
  const enough = new AbortController()
  const chunks: Buffer[] = []
  let bytes = 0
  await lab.engine.followLogs(
    container,
    (chunk) => {
      bytes += chunk.length
      if (bytes > LOG_BYTES) enough.abort()
      else chunks.push(chunk)
    },
    AbortSignal.any([enough.signal, lab.signal])
  )
  return Buffer.concat(chunks).toString('utf8')
}
