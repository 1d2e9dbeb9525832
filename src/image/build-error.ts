import { cutBetweenWords } from '../cut.js'

/** What a failing build's output says. */
export interface BuildFailure {
  /** The failing step as the builder names it, e.g. `[3/4] RUN npm ci`; undefined when it failed outside any step. */
  readonly step: string | undefined
  /** The last lines of that step, at most 20; of the whole output when there is no step. */
  readonly lines: readonly string[]
}

/** A build that failed; the message names the step and quotes its last lines. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly exitCode: number | undefined
  readonly step: string | undefined
  readonly lines: readonly string[]

  constructor(
    headline: string,
    failure: BuildFailure & { readonly exitCode?: number },
    options?: { cause?: unknown }
  ) {
    super([headline, ...failure.lines.map((line) => `  ${line}`)].join('\n'), options)
    this.exitCode = failure.exitCode
    this.step = failure.step
    this.lines = failure.lines
  }
}

const maximumLines = 20
const maximumLineLength = 500
const maximumStepLength = 200

/** The error of a build that exited with a code; what it printed may be empty and is untrusted. */
export function failedBuild(exitCode: number, output: string): BuildError {
  const failure = readFailure(output)
  const where = failure.step === undefined ? '' : ` at ${failure.step}`
  const empty = failure.lines.length === 0 ? ' and printed nothing' : ''
  const end = Number.isInteger(exitCode) ? `exited with code ${exitCode}` : 'was killed'
  return new BuildError(`the image could not be built: docker ${end}${where}${empty}`, {
    ...failure,
    exitCode
  })
}

/**
 * Whether a build of the legacy builder ended because a step that it had taken from the cache was removed meanwhile, as
 * `docker rmi` of an image that shares the step does: the next build makes the step again. Seen with Docker 20.10.
 */
export function lostItsParent(output: string): boolean {
  return /^(failed to .*: )?(unknown parent image ID|No such image:) sha256:[0-9a-f]{64}$/m.test(output)
}

/**
 * Finds the failing step in the output of any of Docker's builders: BuildKit's plain progress (checked with buildx 0.13
 * and the client in Docker 20.10) and the legacy builder (20.10, 28).
 */
export function readFailure(output: string): BuildFailure {
  const lines = output.split('\n').map(plainText)
  return buildKitFailure(lines) ?? legacyFailure(lines) ?? { step: undefined, lines: lastOf(lines) }
}

function buildKitFailure(lines: readonly string[]): BuildFailure | undefined {
  const error = lines.findLast((line) => /^#\d+ ERROR: /.test(line))
  const vertex = error === undefined ? undefined : /^#\d+ /.exec(error)?.[0]
  if (error === undefined || vertex === undefined) {
    // Failed before any step: a syntax error, an unknown target. The progress of what went well explains nothing.
    return lines.some((line) => /^#\d+ \[/.test(line))
      ? { step: undefined, lines: lastOf(lines.filter((line) => !/^#\d+ /.test(line))) }
      : undefined
  }
  const ownLines = lines.filter((line) => line.startsWith(vertex)).map((line) => line.slice(vertex.length))
  const step = ownLines.find((line) => line.startsWith('['))
  const printed = ownLines.filter((line) => /^\d+\.\d+ /.test(line)).map((line) => line.replace(/^\S+ /, ''))
  const message = error.replace(/^#\d+ ERROR: /, '')
  return {
    step: step === undefined ? undefined : cutBetweenWords(step, maximumStepLength),
    lines: lastOf([...printed, message])
  }
}

function legacyFailure(lines: readonly string[]): BuildFailure | undefined {
  const start = lines.findLastIndex((line) => /^Step \d+\/\d+ : /.test(line))
  if (start < 0) return undefined
  const [, position, instruction] = /^Step (\d+\/\d+) : (.*)$/.exec(lines[start] ?? '') ?? []
  const printed = lines
    .slice(start + 1)
    .filter((line) => !/^ ---> |^Removing intermediate container /.test(line))
  return {
    step: cutBetweenWords(`[${position ?? '?'}] ${instruction ?? ''}`, maximumStepLength),
    lines: lastOf(printed)
  }
}

function lastOf(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-maximumLines)
    .map((line) => cutBetweenWords(line, maximumLineLength))
}

/** Without colours (ESC is one of the control characters, \p{Cc}) and control characters: the output is untrusted. */
function plainText(line: string): string {
  return line.replace(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, '').replace(/(?!\t)\p{Cc}/gu, '')
}
