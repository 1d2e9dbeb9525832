import { baseName } from '../paths.js'
import { damagedFiles, isKnown, notCopied, rewritten } from './damaged-files.js'
import type { Damage, Damaged, KnownFile } from './damaged-files.js'
import type { Fault, NotApplicable, PlantContext, Role, Target } from '../model.js'

/** A fault of certain files: how they are recognised, and what becomes of each. */
export interface FileForm extends Pick<
  Fault,
  'id' | 'code' | 'family' | 'packs' | 'title' | 'signatures' | 'evidence' | 'remedy'
> {
  readonly looksFor: string
  /** What is said of a damaged file after `is`: `cut in half`. */
  readonly words: string
  readonly isOne: (file: KnownFile, target: Target, context: PlantContext) => boolean
  /** Undefined where the file would stay as it is. */
  readonly damage: (file: KnownFile, target: Target, context: PlantContext) => Damage | undefined
  /** Set where files are taken away, which the engine can do on volumes only, before a new container starts. */
  readonly takesAway?: true
}

/** A fault that damages all files of a kind, wherever they are below a volume, a data path or a cache path. */
export function fileFault(form: FileForm): Fault {
  const { words, isOne, damage, takesAway, ...rest } = form
  const damages = (target: Target, context: PlantContext): Damaged[] =>
    knownFiles(target)
      .filter((file) => isOne(file, target, context))
      .flatMap((file) => {
        const done = damage(file, target, context)
        return done === undefined ? [] : [{ path: file.path, ...done }]
      })
  return {
    ...rest,
    default: false,
    aim: 'files',
    ...(takesAway === undefined ? {} : { modes: ['recreate'] }),
    applies(target, context) {
      const obstacle = filesObstacle(target, form.looksFor)
      if (obstacle !== undefined) return obstacle
      if (damages(target, context).length === 0) return notFound(target, form.looksFor)
      if (takesAway && target.volume === undefined) {
        return { reason: `files can be taken away from a volume only, and ${target.path} is on none` }
      }
      return true
    },
    plant: (target, context) => damagedFiles(target, damages(target, context), words, firstNames),
    expects: (role: Role) => (role === 'cache' ? 'recover' : 'recover-or-refuse')
  }
}

function knownFiles(target: Target): KnownFile[] {
  return [...target.tree.values()].filter(isKnown).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Why nothing below the target can be damaged, whatever is looked for. */
export function filesObstacle(target: Target, looksFor: string): NotApplicable | undefined {
  if (target.path === 'container') {
    return { reason: `there is no volume, data path or cache path that could hold ${looksFor}` }
  }
  return notCopied(target)
}

/** What users read where none of the files is there. */
export function notFound(target: Target, looksFor: string): NotApplicable {
  return { reason: `looked for ${looksFor}; the control left none at ${target.path}` }
}

/** Files that are named in a summary; of more, the number says enough. */
const NAMED = 3

function firstNames(done: readonly Damaged[]): string {
  const names = done.slice(0, NAMED).map(({ path }) => path)
  const more = done.length > names.length ? ` and ${done.length - names.length} more` : ''
  return `${names.join(', ')}${more}:`
}

/** Cut, where there are at least two bytes. */
export function cutTo(bytes: (content: Buffer) => number): FileForm['damage'] {
  return (file) => {
    const surviving = file.content.subarray(0, bytes(file.content))
    return surviving.length < file.size ? { entries: [rewritten(file, surviving)], surviving } : undefined
  }
}

/** Cut in half. */
export const cutInHalf = cutTo((content) => Math.floor(content.length / 2))

/** Emptied: the name is there, the content is not. */
export const emptied = cutTo(() => 0)

/** Taken away. */
export const takenAway: FileForm['damage'] = () => ({ entries: [], removed: true })

/** Recognises files by their whole path. */
export function named(pattern: RegExp): FileForm['isOne'] {
  return ({ path }) => pattern.test(path)
}

/** Recognises files by their name, below a directory that the pattern names or that an environment variable does. */
export function inCache(directory: RegExp, variables: readonly string[], name: RegExp): FileForm['isOne'] {
  return ({ path }, _, { facts }) =>
    name.test(baseName(path)) &&
    (directory.test(path) ||
      facts.cacheEnv.some((cache) => variables.includes(cache.name) && path.startsWith(`${cache.path}/`)))
}
