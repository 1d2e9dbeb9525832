import type { BootObservation } from '../model.js'
import { ByteSearch } from './byte-search.js'
import type { LinesListener } from './log.js'
import { LogRecorder } from './log.js'
import type { LinePattern } from './patterns.js'
import { LinePatterns } from './patterns.js'

/** What a boot's output is watched for. */
export interface OutputWatch {
  readonly forbidLogs: readonly LinePattern[]
  /** Looked for in the raw bytes; undefined when no code was planted. */
  readonly canary: string | undefined
}

/**
 * A container's output while it streams: a bounded record of it, and what was found in all of it, dropped lines included.
 */
export class Output {
  /** Rejects when a pattern backtracks without end; never fulfils. */
  readonly failed: Promise<never>
  readonly #recorder = new LogRecorder()
  readonly #fail: (error: unknown) => void
  #canary = new ByteSearch('')
  #forbidden: BootObservation['forbiddenLog']
  #endMissing = false
  #failure: Error | undefined

  constructor() {
    let fail: (error: unknown) => void = () => undefined
    this.failed = new Promise((_resolve, reject) => (fail = reject))
    this.failed.catch(() => undefined)
    this.#fail = fail
  }

  /**
   * Says what to look for; before the first output.
   * @throws SyntaxError when a pattern is not valid
   */
  watchFor(watch: OutputWatch): void {
    this.#canary = new ByteSearch(watch.canary ?? '')
    const forbidden = new LinePatterns(watch.forbidLogs)
    if (watch.forbidLogs.length === 0) return
    const stop = this.#recorder.onLines((lines) => {
      try {
        const match = forbidden.firstMatch(lines)
        if (!match) return
        this.#forbidden = { pattern: match.pattern.pattern, line: match.line }
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error))
        this.#fail(error)
      }
      stop()
    })
  }

  push(chunk: Buffer): void {
    this.#canary.push(chunk)
    this.#recorder.push(chunk)
  }

  /** Nothing more comes: a last line without an end counts. */
  end(): void {
    this.#recorder.end()
  }

  /** The container has ended, and what it said last will not come. */
  missEnd(): void {
    this.#endMissing = true
  }

  onLines(listener: LinesListener): () => void {
    return this.#recorder.onLines(listener)
  }

  /** Why not all of the output was looked through; undefined where it was. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** What was found and kept so far. */
  findings(): Pick<BootObservation, 'forbiddenLog' | 'canary' | 'log'> {
    return {
      forbiddenLog: this.#forbidden,
      canary: this.#canary.found,
      log: { ...this.#recorder.capture(), ...(this.#endMissing ? { endMissing: true } : {}) }
    }
  }
}
