import type { Fault, NotApplicable, Plant, PlantContext, Role, Target, TreeEntry } from '../model.js'

/** Files that one plant damages at most. */
const MOST_FILES = 2_000

/** A regular file that start-up wrote, with its content. */
export type LearnedFile = TreeEntry & { readonly content: Buffer }

/** What becomes of one file: what is written in its place or beside it, or that it is taken away. */
export interface Damage {
  readonly entries: readonly TreeEntry[]
  readonly removed?: true
  /** What can still be read of a file that was damaged; undefined where it was left alone. */
  readonly surviving?: Buffer
}

/** One way in which files come out of a crash, a full disk or another owner's hands. */
export interface Form extends Pick<
  Fault,
  'id' | 'title' | 'alsoCode' | 'modes' | 'signatures' | 'evidence' | 'remedy'
> {
  /** What is said of a file after `is`: `cut in half`. */
  readonly words: string
  readonly byTime?: true
  /** Why none of the files can be damaged like this, after `start-up wrote … at PATH, and …`: `none is …`. */
  readonly unless: string
  /** Whether it can be at the target at all, whatever its files; always, when left out. */
  readonly applies?: (target: Target, context: PlantContext) => true | NotApplicable
  /** Which of the files are damaged; all of them, when left out. */
  readonly choose?: (files: readonly LearnedFile[], context: PlantContext) => readonly LearnedFile[]
  /** What becomes of each file; undefined where it would stay as it is, or become what another form makes of it. */
  readonly damage: (target: Target, context: PlantContext) => (file: LearnedFile) => Damage | undefined
}

/** A fault that does the same to every file that start-up itself left: it needs to know nothing of the software. */
export function learnedFault(form: Form): Fault {
  const { words, unless, byTime, applies, choose, damage, ...rest } = form
  const damages = (target: Target, context: PlantContext) => {
    const files = damageable(target)
    const damageOf = damage(target, context)
    return (choose?.(files, context) ?? files).flatMap((file) => {
      const done = damageOf(file)
      return done === undefined ? [] : [{ path: file.path, ...done }]
    })
  }
  return {
    ...rest,
    code: 'F0',
    family: 'state',
    default: true,
    aim: 'state',
    applies(target, context) {
      const possible = obstacle(target) ?? applies?.(target, context) ?? true
      if (possible !== true) return possible
      if (damages(target, context).length > 0) return true
      const count = damageable(target).length
      return {
        reason: `start-up wrote ${count === 1 ? 'one file' : `${count} files`} at ${target.path}, and ${unless}`
      }
    },
    plant: (target, context) => ({
      ...planted(target, damages(target, context), words),
      ...(byTime === undefined ? {} : { byTime })
    }),
    expects: (role: Role) => (role === 'cache' ? 'recover' : 'recover-or-refuse')
  }
}

/**
 * Bytecode is left to the faults that know what an interpreter makes of it: a flipped bit in it can make a program do
 * anything, and no start-up code could notice, since it runs too late.
 */
const BYTECODE = /\.py[co]$/

function damageable(target: Target): LearnedFile[] {
  return target.learned
    .filter((file): file is LearnedFile => file.content !== undefined)
    .filter(({ path }) => !BYTECODE.test(path))
}

function obstacle(target: Target): NotApplicable | undefined {
  if (target.volume !== undefined && !target.complete) {
    return { reason: `not all that is on the volume ${target.volume} can be copied into a trial` }
  }
  if (target.learned.length === 0) return { reason: `start-up wrote no file at ${target.path}` }
  if (damageable(target).length > 0) return undefined
  return {
    reason: `all that start-up wrote at ${target.path} is Python bytecode, which the family bytecode damages`
  }
}

function planted(target: Target, all: readonly (Damage & { readonly path: string })[], words: string): Plant {
  const done = all.slice(0, MOST_FILES)
  const entries = done.flatMap((damage) => damage.entries)
  const remove = done.filter(({ removed }) => removed).map(({ path }) => path)
  const damaged = done.flatMap(({ path, surviving }) =>
    surviving === undefined ? [] : [{ path, surviving }]
  )
  const paths = [...entries.map(({ path }) => path), ...remove]
  const [only] = paths
  const what = paths.length === 1 && only !== undefined ? only : `${paths.length} files at ${target.path}`
  return {
    entries,
    ...(remove.length === 0 ? {} : { remove }),
    ...(target.role === 'data' && damaged.length > 0 ? { damaged } : {}),
    perFile: { one: `is ${words}`, many: `are ${words}` },
    summary: `${what} ${words}${leftOut(target, all.length - done.length)}`
  }
}

function leftOut({ complete }: Target, over: number): string {
  const more =
    over === 0 ? '' : `, ${over} more left as they were (at most ${MOST_FILES} are damaged at once)`
  return complete ? more : `${more}, and whatever is there beyond the bound of what is read back`
}
