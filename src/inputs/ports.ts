import { parseLines } from './lists.js'
import type { ProblemList } from './problems.js'

const ACCEPTED = 'a TCP port of the container, one a line: 8000, 8000/tcp, 8080:8000'

/** @returns the number, or undefined when the text is not a port from 1 to 65535 */
export function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

/**
 * Parses ports as `jobs.<id>.services.<id>.ports` has them. The host part is read and dropped: trials run side by side,
 * so each gets a free port of its own.
 *
 * @returns container ports without repetitions, in the order given
 */
export function parsePorts(value: string, problems: ProblemList): readonly number[] {
  const ports = new Set<number>()
  for (const line of parseLines(value)) {
    const match = /^(?:(?:[\d.]+:)?(\d*):)?(\d+)(?:\/([a-z]+))?$/.exec(line)
    const port = portNumber(match?.[2] ?? '')
    const host = match?.[1] ?? ''
    const protocol = match?.[3] ?? 'tcp'
    if (match === null) problems.add('ports', line, 'is not a port', ACCEPTED)
    else if (protocol === 'udp' || protocol === 'sctp') {
      problems.add('ports', line, `is a ${protocol.toUpperCase()} port; only TCP can be published`, ACCEPTED)
    } else if (protocol !== 'tcp') problems.add('ports', line, 'is not a port', ACCEPTED)
    else if (port === undefined || (host !== '' && portNumber(host) === undefined)) {
      problems.add('ports', line, 'is out of range', 'ports from 1 to 65535')
    } else ports.add(port)
  }
  return [...ports]
}
