import { foreignId, modeBitsBind, PERMISSION_DENIED } from './access.js'
import { firstHalf, flipBits, pick, zeros } from './damage.js'
import { rewritten, type KnownFile } from './damaged-files.js'
import { learnedFault } from './learned.js'
import { FILE_EXISTS, NO_SUCH_FILE } from './shape.js'
import { grouped } from '../grouped.js'
import { parentOf } from '../paths.js'
import type { Fault, Signature, Target } from '../model.js'

const NOTHING = Buffer.alloc(0)

const UNREADABLE_REMEDY =
  'Treat an unreadable cache entry as a miss. Move unreadable user data aside, or refuse to start; never overwrite it.'

/** What parsers say of a file that is not whole. */
const UNREADABLE: readonly Signature[] = [
  {
    pattern: String.raw`JSONDecodeError|Expecting value: line|Unexpected end of JSON|Unterminated string|is not valid JSON|Unexpected token|unexpected end of JSON input|invalid character .* looking for`,
    cause: 'A JSON file is damaged, as a crash or a full disk leaves it.',
    remedy:
      'Write to a temporary file, fsync, rename. When reading fails, move the damaged file aside; never overwrite it.'
  },
  {
    pattern: String.raw`Ran out of input|pickle data was truncated|invalid load key|unexpected end of (file|data)|EOFError|BadZipFile|UnicodeDecodeError|not in gzip format|HeaderTooSmall|InvalidHeader`,
    cause: 'A file that start-up keeps is damaged.',
    remedy: 'Treat an unreadable cache entry as a miss: delete it and build it again.'
  },
  {
    pattern: String.raw`database disk image is malformed|file is not a database`,
    cause: 'An SQLite database is damaged.',
    remedy:
      'A cache: delete it and build it again. Data: say so and refuse to start; never make a new one in its place.'
  }
]

const truncated = learnedFault({
  id: 'truncated',
  title: 'Every file that start-up wrote is cut in half',
  words: 'cut in half',
  unless: 'none is of two bytes or more',
  damage: () => (file) => {
    if (file.size < 2) return undefined
    const surviving = firstHalf(file.content)
    return { entries: [rewritten(file, surviving)], surviving }
  },
  signatures: UNREADABLE,
  evidence: ['triton-lang/triton#8923', 'hope1026/weppy-roblox-mcp#148'],
  remedy: UNREADABLE_REMEDY
})

const zeroLength = learnedFault({
  id: 'zero-length',
  title: 'Every file that start-up wrote is empty',
  words: 'emptied',
  unless: 'none has any content',
  damage: () => (file) =>
    file.size === 0 ? undefined : { entries: [rewritten(file, NOTHING)], surviving: NOTHING },
  signatures: UNREADABLE,
  evidence: ['openhab/openhab-core#2136', 'anxdpanic/plugin.video.youtube#307'],
  remedy: UNREADABLE_REMEDY
})

const zeroed = learnedFault({
  id: 'zeroed',
  title: 'Every file that start-up wrote is as long as it was, and all NUL bytes',
  words: 'filled with NUL bytes',
  unless: 'none has any content but NUL bytes',
  damage: () => (file) => {
    const content = zeros(file.content)
    return content.equals(file.content)
      ? undefined
      : { entries: [rewritten(file, content)], surviving: NOTHING }
  },
  signatures: UNREADABLE,
  evidence: ['oliverschwendener/ueli#1520', 'vrc-get/vrc-get#1305'],
  remedy: UNREADABLE_REMEDY
})

const bitFlip = learnedFault({
  id: 'bit-flip',
  title: 'A few bits are flipped in every file that start-up wrote',
  words: 'changed by a few flipped bits',
  unless: 'none has any content',
  damage:
    (_, { seed }) =>
    (file) => {
      if (file.size === 0) return undefined
      const { content, untouched } = flipBits(file.content, `${seed}\n${file.path}`)
      return { entries: [rewritten(file, content)], surviving: untouched }
    },
  signatures: UNREADABLE,
  evidence: ['nodejs/docker-node#1735'],
  remedy:
    'Keep a digest beside what is cached, and treat an entry that does not match it as a miss. Move damaged user data aside, or refuse to start.'
})

/** One file of every directory that holds several; of all, where no directory holds more than one. */
function oneOfEachSet(files: readonly KnownFile[], seed: string): KnownFile[] {
  const byDirectory = grouped(files, ({ path }) => parentOf(path))
  const sets = [...byDirectory.values()].filter(({ length }) => length > 1)
  const chosen = sets.length > 0 ? sets : files.length > 1 ? [files] : []
  return chosen.flatMap((set) => pick(set, [seed, ...set.map(({ path }) => path)].join('\n')) ?? [])
}

const missing = learnedFault({
  id: 'missing',
  title: 'One file of every directory that start-up wrote several in is gone',
  // What a container's own layer holds can be replaced through the engine, and not be taken away.
  modes: ['recreate'],
  words: 'missing',
  unless: 'one is no set that it could be missing from',
  applies(target) {
    if (target.role === 'data') return { reason: 'user data that is gone cannot be brought back by start-up' }
    if (target.volume === undefined) {
      return { reason: 'a single file cannot be taken out of the container’s own layer' }
    }
    return true
  },
  choose: (files, { seed }) => oneOfEachSet(files, seed),
  damage: () => () => ({ entries: [], removed: true }),
  signatures: [NO_SUCH_FILE],
  evidence: ['sgl-project/sglang#14253'],
  remedy:
    'That one file is there proves nothing of the others: look at each of them, and build anew what is gone.'
})

/** What an interrupted write or download, or a writer that was killed, leaves beside a file. */
const LEFT_OVERS = [
  { suffix: '.tmp', content: firstHalf },
  { suffix: '.part', content: firstHalf },
  { suffix: '.incomplete', content: firstHalf },
  { suffix: '.lock', content: () => NOTHING }
] as const

const temporaryLeft = learnedFault({
  id: 'temporary-left',
  title: 'What an interrupted write leaves lies beside every file that start-up wrote',
  words: 'left behind by an interrupted write',
  unless: 'each has all of these beside it in healthy state',
  damage: (target) => (file) => {
    const entries = LEFT_OVERS.map(({ suffix, content }) => ({
      ...rewritten(file, content(file.content)),
      path: `${file.path}${suffix}`
    }))
    const fresh = entries.filter(({ path }) => !target.tree.has(path))
    return fresh.length === 0 ? undefined : { entries: fresh }
  },
  signatures: [...UNREADABLE, FILE_EXISTS],
  evidence: ['clusterio/clusterio#486', 'huggingface/huggingface_hub#2399'],
  remedy:
    'Read files by their exact names, pass over and remove what an interrupted write left, and use locks that die with their holder (flock).'
})

const TWO_YEARS = 2 * 365 * 24 * 60 * 60

/** Seconds that carry the oldest file of a target two years beyond the newest, so that their order stays what it was. */
function intoTheFuture({ tree, learned }: Target): number {
  const newest = [...tree.values()].reduce((latest, { mtime }) => Math.max(latest, mtime), 0)
  const oldest = learned.reduce((first, { mtime }) => Math.min(first, mtime), newest)
  return TWO_YEARS + newest - oldest
}

const futureMtime = learnedFault({
  id: 'future-mtime',
  alsoCode: 'I5',
  title: 'Every file that start-up wrote is dated two years ahead',
  words: 'dated two years ahead',
  unless: 'none could be dated ahead',
  byTime: true,
  damage(target) {
    const seconds = intoTheFuture(target)
    return (file) => ({
      entries: [{ ...rewritten(file, file.content), mtime: file.mtime + seconds }],
      surviving: file.content
    })
  },
  signatures: [],
  evidence: ['Necmttn/ax#977', 'grafana/grafana#125052'],
  remedy: 'Call a file fresh only when its age is not negative: a date in the future is as good as no date.'
})

const stateForeignOwner = learnedFault({
  id: 'state-foreign-owner',
  title: 'Every file that start-up wrote belongs to another user',
  words: 'owned by another user, mode 0600',
  unless: 'none could be given away',
  applies(target, { facts }) {
    const bound = modeBitsBind(facts)
    if (bound !== true) return bound
    return target.entry?.type === 'file' ? { reason: 'of a single file, foreign-owner makes the same' } : true
  },
  damage(_, { facts }) {
    const id = foreignId(facts)
    return (file) => ({
      entries: [{ ...rewritten(file, file.content), uid: id, gid: id, mode: 0o600 }],
      surviving: file.content
    })
  },
  signatures: [PERMISSION_DENIED],
  evidence: ['bmaltais/kohya_ss#1143'],
  remedy:
    'Treat a cache entry that cannot be read as a miss: the directory is yours, so replace it. Refuse to start on user data that cannot be read.'
})

/** Section F0 of the catalogue: damage to what start-up itself wrote, whatever the software. */
export const stateFaults: readonly Fault[] = [
  truncated,
  zeroLength,
  zeroed,
  bitFlip,
  missing,
  temporaryLeft,
  futureMtime,
  stateForeignOwner
]
