import type { ProblemList } from './problems.js'
import { splitWords } from './words.js'

const OWN_VOLUMES = 'use the input volumes; every trial gets its own copy'
const OWN_PORTS = 'use the input ports; every trial publishes on a free loopback port'
const BACKGROUND = 'containers always run in the background'

/** Flags that would break a trial or tell it something wrong, with the reason that users see. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['--name', 'every trial starts containers of its own, and two cannot share a name'],
  ['--cidfile', 'every trial starts containers of its own, and a file takes one id only'],
  ['--rm', 'the log and the volumes are read after the exit; containers are removed afterwards anyway'],
  ['--restart', 'the first exit is what is judged, and a restart would hide it'],
  ['--log-driver', 'the log is read through the engine'],
  ['--help', 'no container would be created'],
  ['-d', BACKGROUND],
  ['--detach', BACKGROUND],
  ['-v', OWN_VOLUMES],
  ['--volume', OWN_VOLUMES],
  ['--volumes-from', OWN_VOLUMES],
  ['--mount', OWN_VOLUMES],
  ['-p', OWN_PORTS],
  ['--publish', OWN_PORTS],
  ['-P', OWN_PORTS],
  ['--publish-all', OWN_PORTS]
])

/** Flags of `docker create` (20.10 to 28) that take no value from the next word; every other flag does. */
const WITHOUT_VALUE: ReadonlySet<string> = new Set([
  ...[
    '-d',
    '-i',
    '-t',
    '-P',
    '-q',
    '--detach',
    '--disable-content-trust',
    '--help',
    '--init',
    '--interactive'
  ],
  ...[
    '--no-healthcheck',
    '--oom-kill-disable',
    '--privileged',
    '--publish-all',
    '--quiet',
    '--read-only',
    '--rm'
  ],
  ...['--sig-proxy', '--tty', '--use-api-socket']
])

/**
 * Splits `options` and refuses what cannot work in a trial. A word that is neither a flag nor a flag's value is refused
 * above all: `docker create` would take it for the image and test something else. No problem shows a value, since
 * `--env` may hold a secret.
 *
 * @returns the words, empty after a problem
 */
export function parseOptions(value: string, problems: ProblemList): readonly string[] {
  const split = splitWords(value)
  if (split.kind === 'wrong') {
    problems.add('options', undefined, split.complaint, 'flags of docker create')
    return []
  }
  let takesNext = false
  for (const [index, word] of split.words.entries()) {
    if (takesNext) {
      takesNext = false
      continue
    }
    const flags = flagsIn(word)
    if (flags === undefined) {
      const complaint = `word ${index + 1} is not a flag, so docker create would take it for the image`
      problems.add('options', undefined, complaint, 'flags of docker create')
      return []
    }
    for (const flag of flags.names) {
      const reason = REFUSED.get(flag)
      if (reason !== undefined) problems.add('options', flag, `cannot be used: ${reason}`)
    }
    takesNext = flags.takesNext
  }
  return split.words
}

interface WordFlags {
  readonly names: readonly string[]
  /** Whether the next word is the value of the last flag. */
  readonly takesNext: boolean
}

/** Reads one word the way pflag does: `--flag`, `--flag=value`, `-f`, `-fvalue`, `-f=value`, and clusters like `-it`. */
function flagsIn(word: string): WordFlags | undefined {
  if (word.startsWith('--')) {
    const name = word.split('=', 1)[0] ?? word
    if (name === '--') return undefined
    return { names: [name], takesNext: name === word && !WITHOUT_VALUE.has(name) }
  }
  if (!word.startsWith('-') || word === '-') return undefined
  const names: string[] = []
  for (let index = 1; index < word.length; index++) {
    const name = `-${word.charAt(index)}`
    names.push(name)
    if (word.charAt(index + 1) === '=') return { names, takesNext: false }
    if (!WITHOUT_VALUE.has(name)) return { names, takesNext: index === word.length - 1 }
  }
  return { names, takesNext: false }
}
