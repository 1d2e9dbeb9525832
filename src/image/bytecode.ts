import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { canaryStatement } from '../canary.js'
import type { ContainerBody, Engine } from '../engine/engine.js'
import type { ModuleBytecode, PythonFacts } from '../model.js'
import { normalAbsolutePath } from './container-path.js'
import type { ModuleChoice } from './modules.js'
import { runOneOff } from './one-off.js'
import { pythonDeadlineMs, type PythonOptions } from './python-facts.js'
import { readReply, replyScript } from './python-reply.js'

const mostModules = 40
/** Marshalled code of one module; large generated modules are left out. */
const mostCodeBytes = 1_048_576
const mostBytes = 8_388_608
/** Linux takes at most 128 KiB for one argument. */
const longestArgument = 100_000

/**
 * `plant` puts the canary's statement behind the docstring and the `from __future__` imports.
 * The rest is what importlib's SourceLoader.get_code and path_stats do (CPython 3.8 to 3.13).
 */
const compileScript = `${replyScript}
import ast, importlib.util, marshal, stat
statement = sys.argv[2]

def plant(source, filename, optimize):
    tree = compile(source, filename, 'exec', ast.PyCF_ONLY_AST, dont_inherit=True)
    at = 1 if ast.get_docstring(tree, clean=False) is not None else 0
    while at < len(tree.body) and isinstance(tree.body[at], ast.ImportFrom) and tree.body[at].module == '__future__':
        at += 1
    tree.body[at:at] = ast.parse(statement).body
    return compile(tree, filename, 'exec', dont_inherit=True, optimize=optimize)

def word(number):
    return (int(number) & 0xFFFFFFFF).to_bytes(4, 'little')

def text(data):
    return base64.b64encode(data).decode('ascii')

answers = []
left = ${mostBytes}
for index, (path, cached) in enumerate(json.loads(sys.argv[3])):
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > ${mostCodeBytes}:
            continue
        with open(path, 'rb') as file:
            source = file.read()
        optimize = -1
        for level in (1, 2):
            if cached and cached.endswith('.opt-%d.pyc' % level):
                optimize = level
        code = marshal.dumps(plant(source, path, optimize))
        left -= len(code)
        if len(code) > ${mostCodeBytes} or left < 0:
            continue
        standard_path = importlib.util.cache_from_source(path)
        if cached and cached.endswith('/__pycache__'):
            cached = cached + '/' + os.path.basename(standard_path)
        magic = importlib.util.MAGIC_NUMBER
        answers.append({
            'index': index,
            'cached': cached or standard_path,
            'timestamp': text(magic + word(0) + word(status.st_mtime) + word(status.st_size)),
            # Of another source, as old bytecode has it: --check-hash-based-pycs always does protect from that.
            'uncheckedHash': text(magic + word(1) + importlib.util.source_hash(source + statement.encode('utf-8'))),
            'code': text(code),
        })
    except Exception as error:
        answers.append({'index': index, 'error': type(error).__name__})
reply(answers)
`

const base64 = z
  .base64()
  .max(2 * mostCodeBytes)
  .transform((text) => Buffer.from(text, 'base64'))
const header = base64.refine((bytes) => bytes.length === 16)
const index = z.int().min(0).max(mostModules)
const schema = z
  .array(
    z.union([
      z.object({ index, cached: z.string(), timestamp: header, uncheckedHash: header, code: base64 }),
      z.object({ index, error: z.string() })
    ])
  )
  .max(mostModules)

/**
 * Compiles modules of the image from their own sources, each with one statement more that writes the canary to stderr, by
 * the image's interpreter under the user's environment.
 * @param body what every boot is created with; volumes that hold sources must be in it
 * @param modules as many as `chooseModules` gives
 * @param canary printed, with a newline, when planted code runs
 * @returns the modules that could be compiled, those that could not are in a note; undefined where the interpreter gave no answer
 * @throws EngineError
 */
export async function compileBytecode(
  engine: Engine,
  body: ContainerBody,
  python: PythonFacts,
  modules: readonly ModuleChoice[],
  canary: string,
  options: PythonOptions
): Promise<ModuleBytecode[] | undefined> {
  const asked = modules.slice(0, mostModules).filter((choice) => isOfInterpreter(choice, python))
  if (asked.length < Math.min(modules.length, mostModules)) {
    options.note?.(
      `start-up uses bytecode of another interpreter than "${python.executable}" (${python.cacheTag}); it is left alone`
    )
  }
  let request = JSON.stringify(asked.map(({ source, cached }) => [source, cached ?? null]))
  while (request.length > longestArgument) {
    asked.pop()
    request = JSON.stringify(asked.map(({ source, cached }) => [source, cached ?? null]))
  }
  if (asked.length === 0) return []
  const token = randomUUID()
  const run = await runOneOff(
    engine,
    body,
    [python.executable, '-B', '-c', compileScript, token, canaryStatement(canary), request],
    {
      labels: options.labels,
      deadlineMs: options.deadlineMs ?? pythonDeadlineMs,
      maximumBytes: 4 * mostBytes
    }
  )
  const compiled = run.kind === 'finished' ? readBytecode(readReply(token, run.output), asked) : undefined
  if (compiled === undefined) {
    options.note?.(`"${python.executable}" of the image could not compile stale bytecode (${run.kind})`)
    return undefined
  }
  const missing = asked.filter((choice) => !compiled.some((done) => done.source === choice.source))
  if (missing.length > 0) {
    const names = missing.map((choice) => choice.module).join(', ')
    options.note?.(`stale bytecode could not be compiled for ${names}`)
  }
  return compiled
}

/**
 * Validates what the image's interpreter answered.
 * @param answer parsed JSON, untrusted
 * @param asked the modules that were asked for, which the answer's indices refer to
 * @returns each module at most once; undefined when it is no answer of our script
 */
export function readBytecode(answer: unknown, asked: readonly ModuleChoice[]): ModuleBytecode[] | undefined {
  const items = schema.safeParse(answer)
  if (!items.success) return undefined
  const compiled = new Map<number, ModuleBytecode>()
  for (const item of items.data) {
    const choice = asked[item.index]
    const cached = 'cached' in item ? normalAbsolutePath(item.cached) : undefined
    if (choice === undefined || !('code' in item) || cached?.endsWith('.pyc') !== true) continue
    compiled.set(item.index, {
      module: choice.module,
      source: choice.source,
      cached,
      timestamp: Buffer.concat([item.timestamp, item.code]),
      uncheckedHash: Buffer.concat([item.uncheckedHash, item.code])
    })
  }
  return [...compiled.values()]
}

/** Whether bytecode that start-up used is this interpreter's: an image may have several. */
function isOfInterpreter({ cached }: ModuleChoice, python: PythonFacts): boolean {
  return cached === undefined || cached.endsWith('/__pycache__') || cached.includes(`.${python.cacheTag}.`)
}
