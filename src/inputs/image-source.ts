import { relative, resolve } from 'node:path'
import type { BuildSource, ImageSource } from '../model.js'
import type { InputName } from './definitions.js'
import { parseLines } from './lists.js'
import { parseBuildArgs, parseSecrets } from './pairs.js'
import type { ProblemList } from './problems.js'

/** What is said of a path that `leadsOut`. */
export const LEADS_OUT = 'is a link that leads out of the workspace'

/** What the build needs to know of the runner's files. */
export type TextFile =
  | { readonly kind: 'text'; readonly text: string }
  /** Why it cannot be read, to be said after its name. */
  | { readonly kind: 'unreadable'; readonly complaint: string }

export interface WorkspaceFiles {
  /** Absolute directory that relative paths start from. */
  readonly workspace: string
  readonly isFile: (path: string) => boolean
  readonly isDirectory: (path: string) => boolean
  /** Whether a path in the workspace is outside of it, by links on its way. */
  readonly leadsOut: (path: string) => boolean
  /** Whether a job has checked it out: it may be what a stranger proposes. */
  readonly isOfJob: boolean
  /** Reads a file as UTF-8, up to a number of bytes. */
  readonly readText: (path: string, limit: number) => TextFile
}

/** Reads one input: its text, or undefined when it was not given and has no default. */
export type ReadInput = (name: InputName) => string | undefined

const BUILD_INPUTS = [
  'context',
  'file',
  'target',
  'build-args',
  'secrets',
  'cache-from',
  'cache-to'
] as const satisfies readonly InputName[]

/**
 * Decides between an image that exists and one to build. GitHub passes defaults like values, so only a build input that
 * differs from its default counts as given beside `image`.
 *
 * @param read answers with the default where nothing was given
 * @param isGiven whether an input has a value other than its default
 */
export function parseImageSource(
  read: ReadInput,
  isGiven: (name: InputName) => boolean,
  files: WorkspaceFiles,
  problems: ProblemList
): ImageSource {
  const reference = read('image')
  if (reference === undefined) return parseBuild(read, files, problems)
  checkReference('image', reference, problems)
  for (const name of BUILD_INPUTS.filter(isGiven)) {
    problems.add(name, undefined, 'is for a build, but image names an image that exists; give one of them')
  }
  return { kind: 'reference', reference }
}

/** @returns the image of the last release as it is named */
export function parsePreviousImage(reference: string, problems: ProblemList): string {
  checkReference('previous-image', reference, problems)
  return reference
}

function checkReference(input: InputName, reference: string, problems: ProblemList): void {
  if (isImageReference(reference)) return
  const accepted = 'NAME[:TAG][@DIGEST] in lower case, e.g. ghcr.io/owner/app:1.2'
  problems.add(input, reference, 'is not an image reference', accepted)
}

function parseBuild(read: ReadInput, files: WorkspaceFiles, problems: ProblemList): BuildSource {
  const target = read('target')
  if (target !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(target)) {
    problems.add('target', target, 'is not the name of a build stage', 'letters, digits, ".", "_" and "-"')
  }
  return {
    kind: 'build',
    ...parseContext(read, files, problems),
    ...(target === undefined ? {} : { target }),
    buildArgs: parseBuildArgs(read('build-args') ?? '', problems),
    secrets: parseSecrets(read('secrets') ?? '', problems),
    cacheFrom: parseCaches('cache-from', read, problems),
    cacheTo: parseCaches('cache-to', read, problems)
  }
}

/** The builder parses these; only what would be taken for another flag is caught here. */
function parseCaches(
  input: 'cache-from' | 'cache-to',
  read: ReadInput,
  problems: ProblemList
): readonly string[] {
  const caches = parseLines(read(input) ?? '')
  for (const cache of caches.filter((text) => text.startsWith('-'))) {
    problems.add(input, cache, 'is not a cache', 'an image reference, or type=TYPE,…')
  }
  return caches
}

/** A path relative to the workspace, as docker/build-push-action takes it; the default lies in the context. */
function parseContext(
  read: ReadInput,
  files: WorkspaceFiles,
  problems: ProblemList
): Pick<BuildSource, 'context' | 'file'> {
  const given = read('context') ?? '.'
  const fileGiven = read('file')
  if (isUrl(given)) return { context: given, file: fileGiven ?? 'Dockerfile' }

  const context = resolve(files.workspace, given)
  const file = fileGiven === undefined ? resolve(context, 'Dockerfile') : resolve(files.workspace, fileGiven)
  const leadsOut = (input: 'context' | 'file', path: string, words: string | undefined): boolean => {
    if (!files.isOfJob || !files.leadsOut(path)) return false
    const accepted = 'a path in the workspace, or the absolute path that the link leads to'
    problems.add(input, words, `${LEADS_OUT} (${path})`, accepted)
    return true
  }
  if (leadsOut('context', context, given)) return { context, file }
  if (!files.isDirectory(context)) {
    const found = files.isFile(context) ? 'is a file' : 'does not exist'
    problems.add('context', given, `${found} (${context})`, 'a directory, or a Git or archive URL')
    if (fileGiven === undefined) return { context, file }
  }
  if (leadsOut('file', file, fileGiven) || files.isFile(file)) return { context, file }

  if (fileGiven === undefined) {
    const accepted = 'the path of a Dockerfile, or an image to test in the input image'
    problems.add('file', undefined, `there is no Dockerfile at ${file}`, accepted)
  } else {
    const found = files.isDirectory(file) ? 'is a directory' : 'does not exist'
    const inContext = resolve(context, fileGiven)
    const meant = relative(files.workspace, inContext)
    const hint = files.isFile(inContext) ? `; did you mean "${meant}"?` : ''
    problems.add(
      'file',
      fileGiven,
      `${found} (${file}${hint})`,
      'the path of a Dockerfile, relative to the workspace'
    )
  }
  return { context, file }
}

/** What the Docker CLI takes for a remote context (docker/cli, builder/remotecontext/urlutil). */
function isUrl(context: string): boolean {
  return /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(context)
}

/** The grammar of github.com/distribution/reference, and `sha256:…` ids. */
function isImageReference(text: string): boolean {
  const [name = '', digest, ...rest] = text.split('@')
  if (rest.length > 0 || (digest !== undefined && !/^[a-z0-9+._-]+:[0-9a-f]{32,}$/.test(digest))) return false
  if (/^sha256:[0-9a-f]{64}$/.test(name)) return digest === undefined
  const components = name.replace(/:\w[\w.-]{0,127}$/, '').split('/')
  const [first = '', ...others] = components
  const isHost = others.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')
  if (isHost && !/^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(first)) return false
  return (isHost ? others : components).every((part) => /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(part))
}
