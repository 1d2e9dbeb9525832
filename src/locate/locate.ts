import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { EngineError } from '../engine/errors.js'
import { linkedPath } from '../paths.js'
import { candidatesOf, repositoryOf, type Candidates, type Repository } from './candidates.js'
import { openCheckout, readSource, within, type Checkout } from './checkout.js'
import { copiesOf } from './dockerfile.js'
import { ignoredBy } from './pattern.js'
import { placeFiles, type PlacedFiles } from './placed-files.js'
import { lineOf } from './source-line.js'
import type { Engine } from '../engine/engine.js'
import type { FailedBoot } from '../judge/shown-failure.js'
import type { BuildSource, ImageFacts, Inputs, SourceLocation } from '../model.js'

/** Finds the line of the repository that a boot's failure points at, while its container is still there. */
export type Locate = (failed: FailedBoot | undefined) => Promise<SourceLocation | undefined>

/** Links that are followed in the container to the file that a frame names. */
const MOST_LINKS = 5

/**
 * Maps frames to the repository, and believes a mapping only when the file that the container has is, byte for byte, the one
 * in the checkout. Walks from the innermost frame outwards, so that a failure in a library points at its caller.
 *
 * The checkout is looked at when the first failure is.
 *
 * @returns a function that gives no line rather than a guess; it throws the signal's reason when the run is cancelled
 */
export function locator(
  engine: Engine,
  inputs: Pick<Inputs, 'image' | 'workspace'>,
  facts: Pick<ImageFacts, 'workdir'>,
  environment: NodeJS.ProcessEnv
): Locate {
  let opened: Promise<Opened | undefined> | undefined
  return async (failed) => {
    if (failed === undefined) return undefined
    opened ??= open(inputs, facts, environment)
    const found = await opened
    if (found === undefined) return undefined
    for (const frame of failed.failure.frames) {
      const candidates = candidatesOf(frame, found.repository)
      const proven = await prove(engine, failed.boot.container, candidates, found.checkout)
      const source = proven === undefined ? undefined : lineOf(proven.content, frame)
      if (proven !== undefined && source !== undefined) {
        const { line, language } = frame
        return { file: proven.file, line, function: frame.function, language, source }
      }
      if (candidates.own || proven !== undefined) return undefined
    }
    return undefined
  }
}

interface Opened {
  readonly checkout: Checkout
  readonly repository: Repository
}

async function open(
  { image, workspace }: Pick<Inputs, 'image' | 'workspace'>,
  { workdir }: Pick<ImageFacts, 'workdir'>,
  environment: NodeJS.ProcessEnv
): Promise<Opened | undefined> {
  const build = image.kind === 'build' && posix.isAbsolute(image.context) ? image : undefined
  const checkout = await openCheckout(workspace, build?.context, environment)
  if (checkout === undefined) return undefined
  const placed = build === undefined ? new Map<string, string>() : await placedBy(build, checkout, workdir)
  return { checkout, repository: repositoryOf(checkout.files, placed, workdir || '/') }
}

/** Where the build puts the repository's files. */
async function placedBy(build: BuildSource, checkout: Checkout, workdir: string): Promise<PlacedFiles> {
  const [context, dockerfile, ignored] = await Promise.all([
    realpath(build.context),
    textOf(build.file),
    ignoreRules(build)
  ])
  const prefix = within(checkout, context)
  if (prefix === undefined || dockerfile === undefined) return new Map()
  const below = prefix === '' ? '' : `${prefix}/`
  const files = checkout.files.flatMap((file) => (file.startsWith(below) ? [file.slice(below.length)] : []))
  try {
    const spend = budget(PLACING_MS)
    const isIgnored = ignoredBy(ignored, spend)
    const sent = files.filter((file) => !isIgnored(file))
    const placed = placeFiles(copiesOf(dockerfile, { target: build.target, workdir }), sent, spend)
    return new Map([...placed].map(([path, file]) => [path, `${below}${file}`]))
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    return new Map()
  }
}

/** Rules that were made to take long are a stranger's, and cost no more than the lines that they would have placed. */
const PLACING_MS = 5_000

class OverBudget extends Error {}

/** @returns throws OverBudget when it is called after that time */
function budget(milliseconds: number): () => void {
  const end = performance.now() + milliseconds
  return () => {
    if (performance.now() > end) throw new OverBudget()
  }
}

/** A Dockerfile's own rules stand beside it and replace the context's (BuildKit; the older builder has only those). */
async function ignoreRules({ context, file }: BuildSource): Promise<string> {
  return (await textOf(`${file}.dockerignore`)) ?? (await textOf(`${context}/.dockerignore`)) ?? ''
}

/** Files of a stranger's checkout that are larger, or not files at all, have no rules for us. */
const LARGEST_RULES = 64 * 1024

async function textOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() !== true || found.size > LARGEST_RULES) return undefined
  return await readFile(file, 'utf8').catch(() => undefined)
}

/** The one file of the candidates that the container has; several that are equal prove nothing. */
async function prove(
  engine: Engine,
  container: string,
  { pairs }: Candidates,
  checkout: Checkout
): Promise<{ readonly file: string; readonly content: Buffer } | undefined> {
  const proven = new Map<string, Buffer>()
  for (const { file, path } of pairs) {
    const content = await readSource(checkout, file)
    if (content === undefined) continue
    if ((await hashIn(engine, container, path)) === createHash('sha256').update(content).digest('hex')) {
      proven.set(file, content)
    }
  }
  const [only, ...others] = proven
  return only === undefined || others.length > 0 ? undefined : { file: only[0], content: only[1] }
}

/** @returns the digest of a file's content; undefined where there is none, or the engine cannot read it */
async function hashIn(engine: Engine, container: string, path: string): Promise<string | undefined> {
  try {
    for (let [at, links] = [path, 0]; links <= MOST_LINKS; links++) {
      const entry = await engine.readEntry(container, at)
      if (entry?.type !== 'symlink') return entry?.sha256
      at = linkedPath(at, entry.linkTarget ?? '')
    }
    return undefined
  } catch (error) {
    if (error instanceof EngineError) return undefined
    throw error
  }
}
