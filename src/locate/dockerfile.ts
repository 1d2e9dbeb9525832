import { posix } from 'node:path'
import { Add, Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast'

/** Something that an instruction puts into the image. */
export type Copied =
  | {
      readonly from: 'context'
      /** Relative to the context, cleaned; `` is the context itself. Patterns as in Go's `filepath.Match`. */
      readonly sources: readonly string[]
      /** Absolute in the image. */
      readonly destination: string
      /** Whether the destination must be a directory; where not, it may be one. */
      readonly intoDirectory: boolean
    }
  /** From another stage, another image, a URL or the Dockerfile itself: not the repository's, as far as can be told. */
  | { readonly from: 'elsewhere'; readonly destination: string }

/** What decides how a Dockerfile is read. */
export interface StageChoice {
  /** Name or number of the stage that is built; undefined is the last. */
  readonly target: string | undefined
  /** The image's own, which holds where the Dockerfile names none. */
  readonly workdir: string
}

interface Stage {
  readonly name: string | undefined
  readonly base: string
  readonly instructions: Instruction[]
}

/** The destination of these flags cannot be told from the instruction alone. */
const UNTOLD_FLAGS = new Set(['parents', 'exclude'])
const ARCHIVE = /\.(?:tar|tar\.\w{2,4}|tgz|tbz2?|txz)$/i
const REMOTE = /^(?:https?|ssh|git):\/\/|^git@/i

/**
 * What COPY and ADD put where in the image that a Dockerfile makes, in the order in which it happens, those of the stages that
 * the built one is based on first. Whatever cannot be told (a variable without a value, a working directory of an unknown
 * base) is left out. Of RUN nothing is known, which is why a mapping is never believed without comparing files.
 *
 * @param text untrusted
 */
export function copiesOf(text: string, { target, workdir }: StageChoice): Copied[] {
  const stages = stagesOf(text)
  const chain = chainTo(stages, target)
  const instructions = chain.flatMap((stage) => stage.instructions)
  const named = instructions.some((instruction) => instruction.getKeyword() === 'WORKDIR')
  let directory: string | undefined = named ? undefined : workdir
  return instructions.flatMap((instruction) => {
    if (instruction instanceof Copy || instruction instanceof Add) return copied(instruction, directory)
    if (instruction.getKeyword() === 'WORKDIR')
      directory = absolute(expanded(instruction).join(' '), directory)
    return []
  })
}

function stagesOf(text: string): Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From) {
      const [base = ''] = expanded(instruction)
      const name = instruction.getBuildStage()?.toLowerCase()
      stages.push({ name, base: base.toLowerCase(), instructions: [] })
    } else stages.at(-1)?.instructions.push(instruction)
  }
  return stages
}

/** The stage that is built, with those that it is based on before it. */
function chainTo(stages: readonly Stage[], target: string | undefined): Stage[] {
  const wanted = target?.toLowerCase()
  const found = stages.findLastIndex(
    ({ name }, at) => wanted === undefined || name === wanted || String(at) === wanted
  )
  const chain: Stage[] = []
  for (let at = found; at >= 0;) {
    const stage = stages[at]
    if (stage === undefined) break
    chain.unshift(stage)
    // Only stages further up can be a base, so that this ends.
    at = stages.slice(0, at).findLastIndex(({ name }) => name === stage.base)
  }
  return chain
}

function copied(instruction: Copy | Add, directory: string | undefined): Copied[] {
  const words = argumentsOf(instruction)
  const last = words.at(-1)
  const flags = instruction.getFlags().map((flag) => flag.getName())
  if (words.some((word) => word.startsWith('<<'))) {
    // `COPY <<EOF /app/x.sh`: what follows the destination is the text.
    const place = words.find((word) => !word.startsWith('<<'))
    const destination = place === undefined ? undefined : absolute(place, directory)
    return destination === undefined ? [] : [{ from: 'elsewhere', destination }]
  }
  const destination = last === undefined ? undefined : absolute(last, directory)
  const sources = words.slice(0, -1)
  if (destination === undefined || sources.length === 0) return []
  const isAdd = instruction instanceof Add
  if (
    flags.some((name) => name === 'from' || UNTOLD_FLAGS.has(name)) ||
    sources.some((source) => source.includes('$') || (isAdd && (REMOTE.test(source) || ARCHIVE.test(source))))
  ) {
    return [{ from: 'elsewhere', destination }]
  }
  const intoDirectory = sources.length > 1 || /\/\.?$/.test(last ?? '') || last === '.'
  return [{ from: 'context', sources: sources.map(inContext), destination, intoDirectory }]
}

/** A source cannot leave the context: the builder takes `/x` and `../x` for `x`. */
function inContext(source: string): string {
  return posix.join('/', source).replace(/^\/|\/$/g, '')
}

function argumentsOf(instruction: Copy | Add): string[] {
  if (instruction.getJSONStrings().length === 0) return expanded(instruction)
  // The parser's own strings are without their blanks (dockerfile-ast 0.7.1).
  const content = instruction.getArgumentsContent() ?? ''
  return jsonWords(content.slice(content.indexOf('[')))
}

function jsonWords(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : []
  } catch {
    return []
  }
}

/** Arguments with the values of ARG (its default) and ENV in them. */
function expanded(instruction: Instruction): string[] {
  return instruction
    .getExpandedArguments()
    .map((argument) => argument.getValue().replace(/^(["'])(.*)\1$/, '$2'))
}

/** @returns undefined where a variable has no value, or the path is relative to a directory that is not known */
function absolute(path: string, directory: string | undefined): string | undefined {
  if (path === '' || path.includes('$') || path.includes('\0')) return undefined
  if (!path.startsWith('/') && directory === undefined) return undefined
  const joined = posix.join(directory ?? '/', path.startsWith('/') ? '' : path)
  return withoutSlash(path.startsWith('/') ? posix.normalize(path) : joined)
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
