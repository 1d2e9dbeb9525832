import { rewritten, type KnownFile } from './damaged-files.js'
import { cutInHalf, emptied, fileFault, type FileForm } from './files.js'
import type { Fault, Signature } from '../model.js'

const CUT_JSON: Signature = {
  pattern: String.raw`JSONDecodeError|Expecting value: line|Unexpected end of JSON|Unterminated string|is not valid JSON|unexpected end of JSON input`,
  cause: 'A JSON file is cut short or empty, as a crash or a full disk leaves it.',
  remedy:
    'Write to a temporary file, fsync, rename. When reading fails, move the damaged file aside; never write defaults over it.'
}
const JSON_REMEDY =
  'A cache: treat it as a miss. Settings and data: move the file aside or refuse to start; never write defaults over it.'

const jsonCut = fileFault({
  id: 'json-cut',
  code: 'F1',
  family: 'state',
  title: 'JSON files are cut in half, whoever wrote them',
  looksFor: 'JSON files (*.json)',
  words: 'cut in half',
  isOne: ({ path }) => path.endsWith('.json'),
  damage: cutInHalf,
  signatures: [CUT_JSON],
  evidence: ['AstrBotDevs/AstrBot#8298'],
  remedy: JSON_REMEDY
})

const jsonEmpty = fileFault({
  id: 'json-empty',
  code: 'F1',
  family: 'state',
  title: 'JSON files are empty, whoever wrote them',
  looksFor: 'JSON files (*.json)',
  words: 'emptied',
  isOne: ({ path }) => path.endsWith('.json'),
  damage: emptied,
  signatures: [CUT_JSON],
  evidence: ['AstrBotDevs/AstrBot#8298'],
  remedy: JSON_REMEDY
})

/** A pickle of protocol 2 or later says so in its first two bytes, and ends with a full stop (Python's pickletools). */
const isPickle: FileForm['isOne'] = ({ content }) =>
  content[0] === 0x80 && content.at(-1) === 0x2e && (content[1] ?? 0) >= 2 && (content[1] ?? 0) <= 5
const PICKLES = 'pickles (0x80, a protocol from 2 to 5, … and a full stop)'

const pickleCut = fileFault({
  id: 'pickle-cut',
  code: 'F2',
  family: 'state',
  packs: ['python-data'],
  title: 'Pickles are cut in half',
  looksFor: PICKLES,
  words: 'cut in half',
  isOne: isPickle,
  damage: cutInHalf,
  signatures: [
    {
      pattern: String.raw`Ran out of input|pickle data was truncated|UnpicklingError|invalid load key|EOFError`,
      cause: 'A pickle is cut short.',
      remedy: 'Treat an unreadable pickle as a miss: delete it and build it again.'
    }
  ],
  evidence: ['pallets-eco/cachelib#21'],
  remedy: 'Catch UnpicklingError and EOFError, delete the entry, build it again; write by rename.'
})

/** The magic numbers of GNU dbm (gdbmconst.h) and of a Berkeley DB hash, at its start or after 12 bytes (dbm/whichdb). */
const GDBM = new Set([0x13579acd, 0x13579ace, 0x13579acf])
const BERKELEY_HASH = 0x00061561

function isDbm({ path, content }: KnownFile): boolean {
  if (/\.(?:dir|pag)$|\/celerybeat-schedule(?:\.db)?$/.test(path)) return true
  if (content.length < 16) return false
  const numbers = [content.readUInt32LE(0), content.readUInt32BE(0)]
  return (
    numbers.some((number) => GDBM.has(number) || number === BERKELEY_HASH) ||
    content.readUInt32LE(12) === BERKELEY_HASH ||
    content.readUInt32BE(12) === BERKELEY_HASH
  )
}

const dbmCut = fileFault({
  id: 'dbm-cut',
  code: 'F2',
  family: 'state',
  packs: ['python-data', 'celery'],
  title: 'Files of dbm and shelves are cut in half',
  looksFor: 'dbm files (gdbm, Berkeley DB, *.dir, *.pag, celerybeat-schedule)',
  words: 'cut in half',
  isOne: isDbm,
  damage: cutInHalf,
  signatures: [
    {
      pattern: String.raw`_?(?:g?dbm|ndbm)\.error|db type could not be determined|pickle data was truncated|Ran out of input`,
      cause: 'A dbm file is cut short.',
      remedy:
        'When the shelf cannot be opened, delete it (a cache, a schedule) or move it aside (data), and make a new one.'
    }
  ],
  evidence: ['celery/celery#4777'],
  remedy: 'Catch the error of opening it; delete a cache or a schedule, move data aside.'
})

const newerPickle = fileFault({
  id: 'pickle-newer-protocol',
  code: 'J1',
  family: 'skew',
  packs: ['python-data'],
  title: 'Pickles are of a protocol that this Python does not know',
  looksFor: PICKLES,
  words: 'of protocol 99',
  isOne: isPickle,
  damage: (file) => {
    const content = Buffer.from(file.content)
    content.writeUInt8(99, 1)
    return { entries: [rewritten(file, content)], surviving: content.subarray(2) }
  },
  signatures: [
    {
      pattern: 'unsupported pickle protocol',
      cause: 'A cache was written by a newer Python.',
      remedy: 'Treat an unreadable pickle as a miss, or put the version of Python into the name of the cache.'
    }
  ],
  evidence: ['grantjenks/python-diskcache#206', 'nengo/nengo#1004'],
  remedy: 'Catch ValueError as well as UnpicklingError and treat the entry as a miss.'
})

/** What a 64-bit Mach-O file begins with (mach-o/loader.h): a module of a Mac, where Linux expects ELF. */
const MACH_O = Buffer.from([0xcf, 0xfa, 0xed, 0xfe])
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46])

const foreignModule = fileFault({
  id: 'native-module-foreign',
  code: 'J3',
  family: 'skew',
  packs: ['node', 'python-data'],
  title: 'Native modules are those of another system',
  looksFor: 'native modules (*.node, *.so)',
  words: 'those of another system',
  isOne: ({ path, content }) =>
    /\.(?:node|so(?:\.[\d.]+)?)$/.test(path) && content.subarray(0, 4).equals(ELF),
  damage: (file) => {
    const rest = file.content.subarray(MACH_O.length)
    return { entries: [rewritten(file, Buffer.concat([MACH_O, rest]))], surviving: rest }
  },
  signatures: [
    {
      pattern: String.raw`invalid ELF header|wrong ELF class|ERR_DLOPEN_FAILED|Exec format error`,
      cause: 'A native module was built on another system or for another processor.',
      remedy: 'Keep node_modules and site-packages off volumes, or rebuild them when the image changes.'
    }
  ],
  evidence: ['Automattic/node-canvas#1000'],
  remedy:
    'Keep installed packages in the image; where they must be on a volume, name the directory by system and version.'
})

/** What is recognised by its format, whatever software wrote it: parts of the sections F and J. */
export const formatFaults: readonly Fault[] = [
  jsonCut,
  jsonEmpty,
  pickleCut,
  dbmCut,
  newerPickle,
  foreignModule
]
