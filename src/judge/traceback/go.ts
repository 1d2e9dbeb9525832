import { lineNumber, type Failure, type Frame } from './failure.js'

const DEATH = /(?:^|\s)(?:panic: |fatal error: |http: panic serving )/
const GOROUTINE = /(?:^|\s)goroutine \d{1,12} [^[\]]{0,80}\[[^[\]]{1,120}\]:$/
/** Lines from the panic to its goroutine: what was passed to it may have several. */
const LONGEST_MESSAGE = 20

/**
 * Go's traces of a panic or a fatal error (runtime, Go 1.16 to 1.25): of the goroutine that died, which is printed first. What
 * started that goroutine comes last.
 */
export function goFailures(lines: readonly string[]): Failure[] {
  const failures: Failure[] = []
  let death: number | undefined
  for (const [at, text] of lines.entries()) {
    if (DEATH.test(text)) death ??= at
    if (death === undefined || !GOROUTINE.test(text)) {
      if (death !== undefined && at - death > LONGEST_MESSAGE) death = undefined
      continue
    }
    const { frames, last } = goroutine(lines, at)
    failures.push({ language: 'go', frames, first: death, last })
    death = undefined
  }
  return failures
}

/** Two lines a frame: the call, then, after a tab, the place. */
function goroutine(lines: readonly string[], start: number): { frames: Frame[]; last: number } {
  const frames: Frame[] = []
  let last = start
  for (let at = start + 1; at + 1 < lines.length; at += 2) {
    const frame = frameOf(lines[at] ?? '', lines[at + 1] ?? '')
    if (frame === undefined) break
    frames.push(frame)
    last = at + 1
  }
  return { frames, last }
}

function frameOf(call: string, place: string): Frame | undefined {
  const tab = place.indexOf('\t')
  if (tab === -1) return undefined
  const [, path, digits] =
    /^(\S[^\t]{0,4000}):(\d{1,7})(?: \+0x[0-9a-f]{1,16})?(?: fp=.{1,200})?$/.exec(place.slice(tab + 1)) ?? []
  const line = lineNumber(digits)
  if (path === undefined || line === undefined) return undefined
  return { language: 'go', path, line, function: functionOf(call) }
}

/** `example.com/worker/store.(*Store).Open(0x1, …)` → `store.(*Store).Open`. */
function functionOf(call: string): string | undefined {
  const name = call.replace(/^.*created by /, '').replace(/ in goroutine \d{1,12}$/, '')
  const [, plain = ''] = /^([^(]{1,1000}(?:\(\*[^()]{1,200}\)[^(]{0,200})?)(?:\(|$)/.exec(name) ?? []
  const last = plain.slice(plain.lastIndexOf('/') + 1).trim()
  return last === '' ? undefined : last.slice(last.lastIndexOf(' ') + 1)
}
