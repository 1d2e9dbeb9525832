import { parentOf } from '../paths.js'
import { fileForDirectory } from './shape.js'
import type { Fault, NotApplicable, Signature, Target, TreeEntry } from '../model.js'

const RACE: readonly Signature[] = [
  {
    pattern: String.raw`Errno 17\]|EEXIST|[Ff]ile exists`,
    cause: 'Two containers made the same path at once, and one of them did not expect the other.',
    remedy: 'Create with exist_ok (mkdir -p), and take “it exists” for an answer: another worker was faster.'
  },
  {
    pattern: String.raw`Errno 2\]|ENOENT|[Nn]o such file or directory`,
    cause: 'One container removed or renamed what another one was about to use.',
    remedy:
      'Write under a name of your own and rename it into place; let one worker repair under a lock (flock), and the others wait.'
  }
]

const REMEDY =
  'Build under a name of your own and rename it into place, or let one worker build under a lock (flock) while the others wait.'

/** Several containers share a path only on a volume, and may fight only over what may be thrown away. */
function shared(target: Target): true | NotApplicable {
  if (target.role === 'data') return { reason: 'several containers at once are tried on cache paths only' }
  if (target.volume === undefined) {
    return { reason: `${target.path} is in the container’s own layer, which no other container shares` }
  }
  return true
}

const concurrentStart: Fault = {
  id: 'concurrent-start',
  code: 'K1',
  family: 'concurrency',
  title: 'Several containers start at once, and all of them have to build the cache',
  default: true,
  modes: ['concurrent'],
  aim: 'mount',
  applies(target) {
    const applies = shared(target)
    if (applies !== true) return applies
    if (!target.used || gone(target).length === 0) {
      return { reason: `start-up builds nothing at ${target.path}` }
    }
    return true
  },
  plant: (target) => ({
    entries: [],
    remove: gone(target),
    summary: `the content of ${target.path} gone, and several containers started at once on the volume`
  }),
  expects: () => 'recover',
  signatures: RACE,
  evidence: ['eclipse-csi/otterdog#500', 'roboflow/inference#2080'],
  remedy: REMEDY
}

/** The path itself, or what is in it where a mount or the image keeps it in place. */
function gone(target: Target): string[] {
  if (target.entry === undefined) return []
  const stays = target.volume === target.path || target.inImage
  if (!stays || target.entry.type !== 'directory') return [target.path]
  return [...target.tree.keys()].filter((path) => path !== target.path && parentOf(path) === target.path)
}

const repairRace: Fault = {
  id: 'repair-race',
  code: 'K2',
  family: 'concurrency',
  title: 'Several containers at once meet a regular file where the cache directory belongs',
  default: false,
  modes: ['concurrent'],
  aim: 'path',
  applies(target, context) {
    const applies = shared(target)
    return applies === true ? fileForDirectory.applies(target, context) : applies
  },
  plant: (target, context) => fileForDirectory.plant(target, context),
  expects: () => 'recover',
  signatures: RACE,
  evidence: ['sgl-project/sglang#14761'],
  remedy: REMEDY
}

/** The file that is damaged: the first that can be cut and still differs from what it was. */
function cuttable({ learned }: Target): TreeEntry | undefined {
  return learned.find(({ size }) => size >= 2)
}

const repairRaceDamaged: Fault = {
  id: 'repair-race-damaged',
  code: 'K2',
  family: 'concurrency',
  title: 'Several containers at once meet one damaged file in the cache; the others must survive',
  default: false,
  modes: ['concurrent'],
  aim: 'state',
  applies(target) {
    const applies = shared(target)
    if (applies !== true) return applies
    if (target.learned.length < 2 || cuttable(target) === undefined) {
      return {
        reason: `start-up left fewer than two files at ${target.path}: one to damage, and one to keep`
      }
    }
    return true
  },
  plant(target) {
    const whole = cuttable(target)
    if (whole === undefined) throw new Error('repair-race-damaged does not apply: there is no file to cut')
    const content = (whole.content ?? Buffer.alloc(0)).subarray(0, Math.floor(whole.size / 2))
    const { path, type, mode, uid, gid, mtime } = whole
    return {
      entries: [{ path, type, mode, uid, gid, mtime, size: content.length, content }],
      sparesHealthyFiles: true,
      summary: `${path} cut in half, and several containers started at once on the volume`
    }
  },
  expects: () => 'recover',
  signatures: RACE,
  evidence: ['sgl-project/sglang#14761'],
  remedy: 'Replace only what is damaged, under a lock or by rename; never empty the whole cache for one file.'
}

/** Section K of the catalogue: what several containers do to each other on one volume. */
export const concurrencyFaults: readonly Fault[] = [concurrentStart, repairRace, repairRaceDamaged]
