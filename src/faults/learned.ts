import {
  BYTECODE,
  damagedFiles,
  isKnown,
  notCopied,
  type Damage,
  type Damaged,
  type KnownFile
} from './damaged-files.js'
import type { Fault, NotApplicable, PlantContext, Role, Target } from '../model.js'

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
  readonly choose?: (files: readonly KnownFile[], context: PlantContext) => readonly KnownFile[]
  /** What becomes of each file; undefined where it would stay as it is, or become what another form makes of it. */
  readonly damage: (target: Target, context: PlantContext) => (file: KnownFile) => Damage | undefined
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
      ...damagedFiles(target, damages(target, context), words, (done) => counted(target, done)),
      ...(byTime === undefined ? {} : { byTime })
    }),
    expects: (role: Role) => (role === 'cache' ? 'recover' : 'recover-or-refuse')
  }
}

/**
 * Bytecode is left to the faults that know what an interpreter makes of it: a flipped bit in it can make a program do
 * anything, and no start-up code could notice, since it runs too late.
 */
function damageable(target: Target): KnownFile[] {
  return target.learned.filter(isKnown).filter(({ path }) => !BYTECODE.test(path))
}

function obstacle(target: Target): NotApplicable | undefined {
  const uncopied = notCopied(target)
  if (uncopied !== undefined) return uncopied
  if (target.learned.length === 0) return { reason: `start-up wrote no file at ${target.path}` }
  if (damageable(target).length > 0) return undefined
  return {
    reason: `all that start-up wrote at ${target.path} is Python bytecode, which the family bytecode damages`
  }
}

/** The one file by its name, or how many are planted or taken away. */
function counted({ path: at }: Target, done: readonly Damaged[]): string {
  const paths = done.flatMap(({ path, entries, removed }) => [
    ...entries.map((entry) => entry.path),
    ...(removed ? [path] : [])
  ])
  const [only] = paths
  return paths.length === 1 && only !== undefined ? only : `${paths.length} files at ${at}`
}
