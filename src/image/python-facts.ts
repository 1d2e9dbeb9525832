import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { z } from 'zod'
import type { ContainerBody, Engine } from '../engine/engine.js'
import type { ImageFacts } from '../model.js'
import { readConfig, type ContainerConfig } from './container-config.js'
import { normalAbsolutePath } from './container-path.js'
import { runOneOff } from './one-off.js'
import { readReply, replyScript } from './python-reply.js'

export interface PythonOptions {
  readonly labels: Readonly<Record<string, string>>
  /** Receives what users should know, a sentence each. */
  readonly note?: (text: string) => void
  /** How long one interpreter may take; 60 seconds when undefined. */
  readonly deadlineMs?: number
}

/** How long the image's interpreter may take to answer. */
export const pythonDeadlineMs = 60_000
const maximumBytes = 4_194_304

const factsScript = `${replyScript}
standard_directories = [standard]
try:
    import sysconfig
    standard_directories += [sysconfig.get_paths()[name] for name in ('stdlib', 'platstdlib')]
except Exception:
    pass
reply({
    'version': '%d.%d.%d' % sys.version_info[:3],
    'cacheTag': sys.implementation.cache_tag,
    'sysPath': [os.path.abspath(entry) for entry in original_path if entry],
    'pycachePrefix': getattr(sys, 'pycache_prefix', None),
    'stdlib': standard_directories,
})
`

/** An image with more directories on its search path than this is asked in vain: each may become a place to plant at. */
const mostDirectories = 1000

const paths = z
  .array(z.string())
  .max(mostDirectories)
  .transform((list) => [...new Set(list.flatMap((path) => normalAbsolutePath(path) ?? []))])

const schema = z.object({
  version: z.string().regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/),
  cacheTag: z.string().regex(/^[\w-]{1,64}$/),
  sysPath: paths,
  pycachePrefix: z.string().nullable(),
  stdlib: paths
})

/** What is known of the Python of an image. */
export type PythonAnswer = Pick<ImageFacts, 'python' | 'hasSilentPython'>

/**
 * Asks the image's own interpreter what it is and where it looks for code, in a one-off container without network. Works
 * on images without a shell.
 * @param body what every boot is created with; its user and environment decide the answer
 * @returns nothing where the image has no Python; of one that does not answer as CPython does only that, with a note
 * @throws EngineError
 */
export async function readPythonFacts(
  engine: Engine,
  body: ContainerBody,
  options: PythonOptions
): Promise<PythonAnswer> {
  let hasSilentPython = false
  const config = readConfig(body)
  const named = namedInterpreters(config)
  for (const executable of interpreterCandidates(config)) {
    const token = randomUUID()
    // -B: looking at an image must not write bytecode on its volumes.
    const run = await runOneOff(engine, body, [executable, '-B', '-c', factsScript, token], {
      labels: options.labels,
      deadlineMs: options.deadlineMs ?? pythonDeadlineMs,
      maximumBytes
    })
    if (run.kind === 'not-startable') continue
    const answer = schema.safeParse(run.kind === 'finished' ? readReply(token, run.output) : undefined)
    if (answer.success) {
      const { pycachePrefix, ...facts } = answer.data
      const python = { executable, ...facts, pycachePrefix: normalAbsolutePath(pycachePrefix ?? '') }
      return { python, hasSilentPython: false }
    }
    const how = run.kind === 'finished' ? `exited with ${run.exitCode}` : run.kind.replace('-', ' ')
    options.note?.(`"${executable}" of the image does not answer as Python 3 does (${how})`)
    // Another one on the PATH need not be start-up's: Node.js images have Python 2 for their build tools.
    hasSilentPython ||= named.includes(executable)
    if (run.kind === 'timed-out') break
  }
  return { python: undefined, hasSilentPython }
}

const longestCandidate = 256
const mostCandidates = 8

type StartCommand = Pick<ContainerConfig, 'entrypoint' | 'cmd'>

/**
 * Programs that may be the interpreter of the image's start-up, the likeliest first: those that the start command names, then what
 * is on the PATH.
 */
export function interpreterCandidates(config: StartCommand): string[] {
  const onPath = ['python3', 'python']
  const named = namedInterpreters(config).slice(0, mostCandidates - onPath.length)
  return [...new Set([...named, ...onPath])]
}

/** Pythons that the start command names, and Pythons beside an absolute program that it names (`/opt/venv/bin/gunicorn`). */
function namedInterpreters(config: StartCommand): string[] {
  // Shell commands are looked into word by word: ["sh", "-c", "exec /opt/venv/bin/python -m app"].
  const words = [...config.entrypoint, ...config.cmd].flatMap((word) => word.split(/[\s;&|()"'`]+/))
  const plain = words.filter((word) => word.length <= longestCandidate)
  const named = plain.filter((word) => /^(\/\S*\/)?(python|pypy)\d*(\.\d+)*$/.test(word))
  const beside = plain.flatMap((word) => {
    const path = normalAbsolutePath(word)
    // Whatever is beside the system's own programs is on the PATH, with the right name.
    return path !== undefined && /\/bin\/[^/]+$/.test(path) && !/^\/(usr\/)?bin\//.test(path)
      ? [`${posix.dirname(path)}/python`]
      : []
  })
  return [...named, ...beside]
}
