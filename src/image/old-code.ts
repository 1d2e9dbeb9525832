import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ContainerBody, Engine } from '../engine/engine.js'
import type { PythonFacts, TreeEntry } from '../model.js'
import { runOneOff } from './one-off.js'
import { pythonDeadlineMs } from './python-facts.js'
import { readReply, replyScript } from './python-reply.js'

/** Two versions of one module: what start-up loaded, and what the image has. */
export interface CodePair {
  /** Absolute path of the bytecode or source that was loaded. */
  readonly file: string
  readonly ran: Buffer
  /** Absolute path of the image's own source. */
  readonly own: string
  readonly source: Buffer
}

const DIRECTORY = '/cache-crash-test-code'
const maximumBytes = 1_048_576

/**
 * Code objects are equal when names, constants, instructions and line numbers are, whatever file they name
 * (`code_richcompare`, CPython 3.8 to 3.13). Bytecode starts with 16 bytes of header (PEP 552).
 */
const compareScript = `${replyScript}
import importlib.util, marshal
answers = []
for index, (path, optimize) in enumerate(json.loads(sys.argv[2])):
    try:
        with open('${DIRECTORY}/%d.own' % index, 'rb') as file:
            own = compile(file.read(), path, 'exec', dont_inherit=True, optimize=optimize)
        with open('${DIRECTORY}/%d.ran' % index, 'rb') as file:
            data = file.read()
        if data[2:4] == b'\\r\\n':
            if data[:4] != importlib.util.MAGIC_NUMBER:
                raise ImportError('bytecode of another interpreter')
            ran = marshal.loads(data[16:])
        else:
            ran = compile(data, path, 'exec', dont_inherit=True, optimize=optimize)
        answers.append(ran != own)
    except Exception:
        answers.append(None)
reply(answers)
`

const schema = z.array(z.boolean().nullable())

/** What the comparison reads, as entries for a volume of its own that is mounted at `codeDirectory`. */
export function codeEntries(pairs: readonly CodePair[]): TreeEntry[] {
  const common = { uid: 0, gid: 0, mtime: 0 }
  const file = (path: string, content: Buffer): TreeEntry => ({
    ...common,
    path,
    type: 'file',
    mode: 0o644,
    size: content.length,
    content
  })
  return [
    { ...common, path: DIRECTORY, type: 'directory', mode: 0o755, size: 0 },
    ...pairs.flatMap(({ ran, source }, index) => [
      file(`${DIRECTORY}/${index}.ran`, ran),
      file(`${DIRECTORY}/${index}.own`, source)
    ])
  ]
}

/** Where the comparison expects its files. */
export const codeDirectory = DIRECTORY

/** What a comparison found. */
export interface Comparison<Pair> {
  readonly differing: readonly Pair[]
  /** Whether there is an answer for each pair. */
  readonly isWhole: boolean
}

/**
 * Lets the image's own interpreter compile the image's own sources, and compare that with the code that start-up loaded.
 *
 * @param body with a volume at `codeDirectory` that holds `codeEntries` of the pairs
 * @throws EngineError
 */
export async function compareCode<Pair extends CodePair>(
  engine: Engine,
  body: ContainerBody,
  python: PythonFacts,
  pairs: readonly Pair[],
  labels: Readonly<Record<string, string>>
): Promise<Comparison<Pair>> {
  const token = randomUUID()
  const asked = pairs.map(({ file, own }) => [own, optimization(file)])
  const run = await runOneOff(
    engine,
    body,
    [python.executable, '-B', '-c', compareScript, token, JSON.stringify(asked)],
    { labels, deadlineMs: pythonDeadlineMs, maximumBytes }
  )
  const answers = run.kind === 'finished' ? schema.safeParse(readReply(token, run.output)).data : undefined
  if (answers?.length !== pairs.length) return { differing: [], isWhole: false }
  return {
    differing: pairs.filter((_, index) => answers[index] === true),
    isWhole: !answers.includes(null)
  }
}

/** PEP 488: `m.cpython-311.opt-1.pyc`; -1 is the level that the interpreter runs with. */
function optimization(file: string): number {
  return Number(/\.opt-([12])\.pyc$/.exec(file)?.[1] ?? -1)
}
