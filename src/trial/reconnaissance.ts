import { EngineError } from '../engine/errors.js'
import { compileBytecode } from '../image/bytecode.js'
import { chooseModules, foreignCacheTag } from '../image/modules.js'
import { parseVerboseImports, type ImportRecord } from '../image/verbose-imports.js'
import { containerBody, type VolumeMount } from './container.js'
import { doubtOf } from './doubt.js'
import { Bench, type Lab } from './lab.js'
import { boot } from './observe.js'
import { writeState } from './state.js'
import { bootRequest, longer, type BootLimits } from './boots.js'
import type { ReadyCheck } from './probes/probe.js'
import type { BootObservation, ImageFacts, PythonImports, TreeEntry } from '../model.js'

/** Verbose imports of a large application are a few megabytes. */
const LOG_BYTES = 32 * 1024 * 1024

export interface ReconnaissanceRequest {
  readonly facts: ImageFacts
  readonly checks: readonly ReadyCheck[]
  readonly limits: BootLimits
  /** Cache paths and volumes: only bytecode that lies there can be stale after a deploy. */
  readonly places: readonly string[]
  /** What every volume holds before the image boots for the first time. */
  readonly seedState: readonly TreeEntry[]
  readonly canary: string
  /** Receives what users should know, a sentence each. */
  readonly note: (text: string) => void
}

/** What was learned of the imports of the real start-up. */
export interface Reconnaissance {
  readonly imports: PythonImports
  /** Every module that was loaded from a file, on clean state; empty where the log tells none, undefined where not all are known. */
  readonly records: readonly ImportRecord[] | undefined
}

/**
 * Finds out what start-up really imports, and where its bytecode is looked for, instead of guessing from PYTHONPATH. Then
 * lets the image's own interpreter compile canary bytecode of the modules whose bytecode lies in one of the places.
 *
 * @throws EngineError when the engine fails
 */
export async function reconnoitre(lab: Lab, request: ReconnaissanceRequest): Promise<Reconnaissance> {
  const { python } = request.facts
  if (python === undefined) return unknown('the image has no Python', [])
  const bench = new Bench(lab, 'reconnaissance')
  try {
    const found = await verboseImports(lab, bench, { ...request, noCopy: false, state: request.seedState })
    if (found === undefined) {
      return unknown(
        'start-up was not ready under PYTHONVERBOSE=1, so that not all of its imports are known',
        undefined
      )
    }
    const { records, isComplete, volumes } = found
    if (records.length === 0) {
      return unknown(
        'start-up of this image logs no Python import under PYTHONVERBOSE=1: it runs no Python, or one that ignores its environment (-I, -E)',
        records
      )
    }
    const foreign = foreignCacheTag(records, python)
    if (foreign !== undefined) {
      return unknown(
        `start-up runs a Python of another version (${foreign}) than "${python.executable}" of the image (${python.cacheTag}), and which one is not known`,
        records
      )
    }
    const modules = chooseModules(records, python, request.places)
    const bytecode = await compileBytecode(
      lab.engine,
      containerBody(lab.template, { labels: lab.labels, volumes, ports: [] }),
      python,
      modules,
      request.canary,
      { labels: lab.labels, note: request.note }
    )
    if (bytecode === undefined || (bytecode.length === 0 && modules.length > 0))
      return unknown('its interpreter could not compile stale bytecode', records)
    return {
      imports: { kind: 'known', bytecode },
      records: isComplete ? records : undefined
    }
  } finally {
    await bench.dispose()
  }
}

function unknown(reason: string, records: Reconnaissance['records']): Reconnaissance {
  return { imports: { kind: 'unknown', reason }, records }
}

/** A boot whose imports are listened to. */
export interface VerboseBoot {
  /** Whether the volumes, which are fresh, stay as empty as they are made. */
  readonly noCopy: boolean
  /** Written to the volumes first. */
  readonly state: readonly TreeEntry[]
  readonly checks: readonly ReadyCheck[]
  readonly limits: BootLimits
}

/** What a boot imported. */
export interface VerboseImports {
  /** None where no Python runs, or one that ignores its environment. */
  readonly records: readonly ImportRecord[]
  /** Whether that is all that it imported: not where the log is too long to be read whole. */
  readonly isComplete: boolean
  /** Everything that it printed, or the beginning of that. */
  readonly log: string
  /** With what start-up put there: some of the modules may be. */
  readonly volumes: readonly VolumeMount[]
  /** Of the container, which has been killed. */
  readonly container: string
}

/**
 * Boots the image's real command with PYTHONVERBOSE=1, which makes every CPython log each import with the files it used.
 * What may be the machine's doing is tried again.
 * @returns undefined where it was not ready
 * @throws EngineError when the engine fails, also during the boot
 */
export async function verboseImports(
  lab: Lab,
  bench: Bench,
  request: VerboseBoot
): Promise<VerboseImports | undefined> {
  // Saying all that takes longer, too.
  const first = longer(request.limits)
  for (const limits of [first, longer(first)]) {
    const { container, volumes, observed } = await bootVerbosely(lab, bench, { ...request, limits })
    if (observed.outcome.kind === 'engine-error')
      throw new EngineError('boot to see imports', undefined, observed.outcome.message)
    // Also one that was not ready: what comes next may want its ports, or its locks.
    await lab.engine.killContainer(container)
    if (observed.outcome.kind === 'ready') {
      const log = await readLog(lab, container)
      const { records, isWhole } = parseVerboseImports(log.text)
      return { records, isComplete: log.isWhole && isWhole, log: log.text, volumes, container }
    }
    // An import that nobody saw would leave scenarios out.
    if (doubtOf(observed) === undefined) return undefined
  }
  return undefined
}

async function bootVerbosely(
  lab: Lab,
  bench: Bench,
  { noCopy, state, checks, limits }: VerboseBoot
): Promise<{
  readonly container: string
  readonly volumes: readonly VolumeMount[]
  readonly observed: BootObservation
}> {
  const volumes = bench.volumes({ noCopy })
  const container = await bench.container(volumes, { env: { PYTHONVERBOSE: '1' } })
  await writeState(lab, bench, container, volumes, state)
  const request = bootRequest(lab, container, limits, undefined)
  const observed = await boot(lab.engine, { ...request, checks, smokeTest: undefined }, lab.signal)
  return { container: container.id, volumes, observed }
}

/** What the stopped container printed in its last run, up to the bound. */
async function readLog(lab: Lab, container: string): Promise<{ text: string; isWhole: boolean }> {
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
  return { text: Buffer.concat(chunks).toString('utf8'), isWhole: bytes <= LOG_BYTES }
}
