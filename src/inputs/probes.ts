import type { ProbeSpec } from '../model.js'
import { parseLines } from './lists.js'
import { portNumber } from './ports.js'
import type { ProblemList } from './problems.js'
import { parseRegex } from './regexes.js'
import { splitWords } from './words.js'

const ACCEPTED =
  'healthcheck, http://:PORT/PATH, tcp://:PORT, log:/REGEX/, exec:COMMAND, exit:CODE, one a line'

/** Parses the input `ready`. @returns the probes in the order given; empty means: choose automatically */
export function parseReady(value: string, problems: ProblemList): readonly ProbeSpec[] {
  const probes: ProbeSpec[] = []
  const lines = parseLines(value)
  for (const line of lines) {
    const probe = parseProbe(line, problems)
    if (probe !== undefined) probes.push(probe)
  }
  const exits = probes.filter((probe) => probe.kind === 'exit')
  if (new Set(exits.map(({ code }) => code)).size > 1) {
    const shown = exits.map(({ code }) => `exit:${code}`).join(' ')
    problems.add('ready', shown, 'can never pass together: all probes must pass', 'one exit code')
  }
  return probes
}

/** @returns one probe, or undefined after a problem */
function parseProbe(line: string, problems: ProblemList): ProbeSpec | undefined {
  if (line === 'healthcheck') return { kind: 'healthcheck' }

  const http = /^http:\/\/:(\d+)(\/[!-~]*)?$/.exec(line)
  const tcp = /^tcp:\/\/:(\d+)\/?$/.exec(line)
  const portText = http?.[1] ?? tcp?.[1]
  if (portText !== undefined) {
    const port = portNumber(portText)
    if (port === undefined) problems.add('ready', line, 'has no such port', 'ports from 1 to 65535')
    else return http === null ? { kind: 'tcp', port } : { kind: 'http', port, path: http[2] ?? '/' }
    return undefined
  }
  if (line.startsWith('log:')) {
    const regex = parseRegex('ready', line.slice('log:'.length).trim(), line, problems)
    return regex && { kind: 'log', ...regex }
  }
  if (line.startsWith('exec:')) return parseExec(line, problems)
  if (line.startsWith('exit:')) {
    const text = line.slice('exit:'.length).trim()
    const code = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
    if (code <= 255) return { kind: 'exit', code }
    problems.add('ready', line, 'has no such exit code', 'exit:0 to exit:255')
    return undefined
  }
  problems.add('ready', line, `is not a probe${hintFor(line)}`, ACCEPTED)
  return undefined
}

function parseExec(line: string, problems: ProblemList): ProbeSpec | undefined {
  const split = splitWords(line.slice('exec:'.length))
  const complaint =
    split.kind === 'wrong' ? split.complaint : split.words.length === 0 ? 'names no command' : undefined
  if (split.kind === 'words' && complaint === undefined) return { kind: 'exec', command: split.words }
  problems.add('ready', line, complaint ?? '', 'exec:COMMAND, e.g. exec:redis-cli ping')
  return undefined
}

/** What the user probably meant by something that is nearly a probe. */
function hintFor(line: string): string {
  if (line.startsWith('https://')) return ': TLS is not spoken; probe it with tcp:// or exec:'
  if (/^(?:http|tcp):\/\/[^:/]/.test(line))
    return ': leave the host out, since the port is published elsewhere'
  if (/^(?:http|tcp):\/\/(?:\/|$)/.test(line)) return ': it names no port'
  return ''
}
