import type { LogCapture } from '../model.js'
import type { Failure } from './traceback/failure.js'
import { goFailures } from './traceback/go.js'
import { javaFailures } from './traceback/java.js'
import { nodeFailures } from './traceback/node.js'
import { pythonFailures } from './traceback/python.js'
import { shellFailures } from './traceback/shell.js'

export type { Failure, Frame } from './traceback/failure.js'

const LANGUAGES = [pythonFailures, nodeFailures, goFailures, javaFailures, shellFailures]

/** What is looked at of a line, in UTF-16 units. */
const LONGEST_LINE = 2_000
/** Lines that are looked at, those of unfolded JSON among them; the last ones. */
const MOST_LINES = 5_000
/** Frames that are kept: of a recursion without end only those next to the failure matter. */
const MOST_FRAMES = 100
/** Lines that may follow a failure that ended a process: its supervisor's last words. What came earlier was survived. */
const LAST_WORDS = 50

/** A failure, with the lines that show it. */
export interface ShownFailure extends Failure {
  readonly lines: readonly string[]
}

/**
 * The last failure that a log shows with the lines of source files that it came from. Pure, and its time is bounded whatever a
 * container printed.
 *
 * @param ended whether the process ended: then an early failure was survived, and only one at the end of the log counts
 * @returns undefined when there is none, or the end of a process that ended is not known
 */
export function lastFailure(log: LogCapture, ended: boolean): ShownFailure | undefined {
  if (ended && log.endMissing === true) return undefined
  const lines = linesOf(log)
  const failures = LANGUAGES.flatMap((read) => read(lines)).filter(({ frames }) => frames.length > 0)
  const last = latest(failures.filter(({ ofChild }) => ofChild !== true)) ?? latest(failures)
  if (last === undefined || (ended && lines.length - 1 - last.last > LAST_WORDS)) return undefined
  return {
    ...last,
    frames: last.frames.slice(0, MOST_FRAMES),
    lines: lines.slice(last.first, last.last + 1)
  }
}

function latest(failures: readonly Failure[]): Failure | undefined {
  return failures.toSorted((a, b) => a.last - b.last).at(-1)
}

/** Nothing may be joined over a gap, so of a flood only the end is read. */
function linesOf({ head, tail, omittedLines }: LogCapture): string[] {
  const kept = omittedLines > 0 ? tail : [...head, ...tail]
  return kept
    .flatMap(unfolded)
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE))
}

/** A structured log has a stack as one string of a JSON object, its line ends escaped. */
function unfolded(line: string): string[] {
  if (!line.startsWith('{') || !line.includes('\\n')) return [line]
  try {
    const strings: string[] = []
    JSON.parse(line, (_, value: unknown) => {
      if (typeof value === 'string' && value.includes('\n')) strings.push(value)
      return null
    })
    return strings.length === 0 ? [line] : strings.flatMap((text) => text.split('\n'))
  } catch {
    return [line]
  }
}
