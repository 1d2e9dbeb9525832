import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { runChild } from '../image/child.js'

/** Files of a repository that are known; with more, nothing could be said to be unique. */
const MOST_FILES = 100_000
const LONGEST_LISTING = 32 * 1024 * 1024
const LISTING_MS = 20_000
/** Source files are smaller. */
const LARGEST_FILE = 4 * 1024 * 1024

/** The repository as it lies on the runner. */
export interface Checkout {
  /** Real absolute path of its top. */
  readonly top: string
  /** Regular files relative to the top, with `/`: those that git tracks, else all. */
  readonly files: readonly string[]
}

/**
 * Finds the repository that an image is built from, and its files.
 * @param workspace absolute; nothing outside of it is looked at
 * @param context absolute directory of the build, if there is one: its repository may have been checked out below the workspace
 * @returns undefined when there is none, or when it has more files than are looked at
 */
export async function openCheckout(
  workspace: string,
  context: string | undefined,
  environment: NodeJS.ProcessEnv
): Promise<Checkout | undefined> {
  try {
    const outermost = await realpath(workspace)
    const start = context === undefined ? outermost : await realpath(context)
    const top = isBelow(start, outermost) ? await topOf(start, outermost) : outermost
    const files = (await trackedFiles(top, environment)) ?? (await allFiles(top))
    return files === undefined ? undefined : { top, files }
  } catch (error) {
    if (isFileError(error)) return undefined
    throw error
  }
}

/**
 * A file of the repository, read without following any link.
 * @returns undefined when it is not a regular file there, or too large for a source file
 */
export async function readSource({ top }: Checkout, file: string): Promise<Buffer | undefined> {
  const path = join(top, file)
  try {
    // The real path is another one when any directory on the way is a link, or a name leads outside.
    if (!isBelow(path, top) || (await realpath(path)) !== path) return undefined
    const found = await lstat(path)
    return found.isFile() && found.size <= LARGEST_FILE ? await readFile(path) : undefined
  } catch (error) {
    if (isFileError(error)) return undefined
    throw error
  }
}

/** The nearest directory with a `.git`, from the start outwards; the outermost one when there is none. */
async function topOf(start: string, outermost: string): Promise<string> {
  for (let at = start; at !== outermost; at = dirname(at)) {
    const git = await stat(join(at, '.git')).catch(() => undefined)
    if (git !== undefined) return at
  }
  return outermost
}

/** @returns undefined where git is missing or does not take the directory for a repository of the user's */
async function trackedFiles(top: string, environment: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  const limit = AbortSignal.timeout(LISTING_MS)
  try {
    const exitCode = await runChild(
      'git',
      // A repository may name a program to be run as its file system monitor.
      ['-C', top, '-c', 'core.fsmonitor=false', 'ls-files', '--cached', '--stage', '-z'],
      environment,
      {
        stdout: (chunk) => {
          bytes += chunk.length
          if (bytes <= LONGEST_LISTING) chunks.push(chunk)
        },
        stderr: () => undefined
      },
      limit
    )
    if (exitCode !== 0 || bytes > LONGEST_LISTING) return undefined
  } catch {
    return undefined
  }
  // `100644 HASH STAGE\tPATH`; links and submodules have other modes.
  const files = Buffer.concat(chunks)
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => /^100(?:644|755) [0-9a-f]+ \d\t(.+)$/s.exec(entry)?.[1] ?? [])
  return files.length === 0 || files.length > MOST_FILES ? undefined : [...new Set(files)]
}

/** Every regular file, links not followed. @returns undefined when there are too many */
async function allFiles(top: string): Promise<string[] | undefined> {
  const files: string[] = []
  const directories = ['']
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    for (const entry of await readdir(join(top, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isFile()) files.push(path)
      else if (entry.isDirectory() && entry.name !== '.git') directories.push(path)
      if (files.length + directories.length > MOST_FILES) return undefined
    }
  }
  return files
}

/** Path of a directory or file relative to the top, with `/`; `` for the top itself, undefined for what is outside. */
export function within({ top }: Checkout, path: string): string | undefined {
  return isBelow(path, top) ? relative(top, path).split(sep).join('/') : undefined
}

function isBelow(path: string, top: string): boolean {
  return path === top || path.startsWith(top.endsWith(sep) ? top : `${top}${sep}`)
}

/** Not there, not readable, no directory: what the file system says, as opposed to a mistake of ours. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}
