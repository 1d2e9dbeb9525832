import { posix } from 'node:path'
import type { Frame } from '../judge/traceback.js'
import type { PlacedFiles } from './placed-files.js'

/** What is known of the repository and of how it comes into the image. */
export interface Repository {
  /** Regular files by base name, relative to its top, with `/`. Complete: what is not among them is not there. */
  readonly byName: ReadonlyMap<string, readonly string[]>
  /** Files of the repository by the absolute path in the image that the Dockerfile gives them. */
  readonly placed: PlacedFiles
  /** Of the image. */
  readonly workdir: string
}

/** Files of the repository that a frame may be in, each with where the image would have it. */
export interface Candidates {
  readonly pairs: readonly { readonly file: string; readonly path: string }[]
  /**
   * Whether the frame is in the repository's own code for all that can be told. Then, if no file can be proven to be the one,
   * no outer frame is shown in its place.
   */
  readonly own: boolean
}

const NONE: Candidates = { pairs: [], own: false }
/** Directories of installed packages; what follows is the package's own path. */
const PACKAGES = /^.*\/(?:site-packages|dist-packages|node_modules)\//
/** More files than that cannot be one by one compared, and a name so common tells nothing. */
const MOST_CANDIDATES = 20

/** @param files every regular file, relative to the repository's top */
export function repositoryOf(files: readonly string[], placed: PlacedFiles, workdir: string): Repository {
  const byName = new Map<string, string[]>()
  for (const file of files) {
    const name = posix.basename(file)
    const named = byName.get(name)
    if (named === undefined) byName.set(name, [file])
    else named.push(file)
  }
  return { placed, workdir, byName }
}

/** Where in the repository the file of a frame may be. Pure: nothing is proven here. */
export function candidatesOf(frame: Frame, repository: Repository): Candidates {
  const { placed, workdir } = repository
  const path = absolutePath(frame, workdir)
  if (path === undefined) return byPackage(frame, repository)
  const told = placed.get(path)
  if (told !== undefined) return { pairs: [{ file: told, path }], own: true }
  const files = longestSuffix(path, repository)
  return {
    pairs: files.map((file) => ({ file, path })),
    own: files.length > 0 && workdir !== '/' && path.startsWith(`${workdir}/`) && !PACKAGES.test(path)
  }
}

/** Java and trimmed Go binaries name no directory of the image: only the Dockerfile can tell where such a file is. */
function byPackage({ language, path }: Frame, { byName, placed }: Repository): Candidates {
  if (language !== 'java' && language !== 'go') return NONE
  const named = byName.get(posix.basename(path)) ?? []
  const files = language === 'java' ? named.filter((file) => endsWith(file, path)) : deepest(named, path)
  if (files.length === 0 || files.length > MOST_CANDIDATES) return NONE
  const wanted = new Set(files)
  const pairs = [...placed].flatMap(([at, file]) => (wanted.has(file) ? [{ file, path: at }] : []))
  return { pairs: pairs.slice(0, MOST_CANDIDATES), own: pairs.length > 0 }
}

/** A path as the container's process understands it, assuming that it still is where it started. */
function absolutePath({ language, path }: Frame, workdir: string): string | undefined {
  if (path.length > 4_096 || path.includes('\0') || /^[<[]|^node:/.test(path)) return undefined
  if (path.startsWith('/')) return posix.normalize(path)
  return language === 'java' || language === 'go' ? undefined : posix.join(workdir, path)
}

/** The files that share the longest end with a path, in whole segments. */
function longestSuffix(path: string, { byName }: Repository): readonly string[] {
  const named = byName.get(posix.basename(path)) ?? []
  const inPackage = path.replace(PACKAGES, '')
  // A package's file is the repository's only if all of the package's path is.
  const files = inPackage === path ? deepest(named, path) : named.filter((file) => endsWith(file, inPackage))
  return files.length > MOST_CANDIDATES ? [] : files
}

function deepest(files: readonly string[], path: string): string[] {
  const depths = files.map((file) => sharedSegments(file, path))
  const most = Math.max(0, ...depths)
  return files.filter((_, at) => depths[at] === most && most > 0)
}

function sharedSegments(a: string, b: string): number {
  const [left, right] = [a.split('/').reverse(), b.split('/').reverse()]
  const different = left.findIndex((segment, at) => segment !== right[at])
  return different === -1 ? left.length : different
}

function endsWith(file: string, path: string): boolean {
  return file === path || file.endsWith(`/${path}`)
}
