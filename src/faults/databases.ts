import { rewritten } from './damaged-files.js'
import { cutInHalf, emptied, fileFault, named, takenAway, type FileForm } from './files.js'
import { firstPage, foreignWal, isSqlite, pageSize } from './sqlite.js'
import { parentOf } from '../paths.js'
import type { Fault, Signature } from '../model.js'

const SQLITE = 'an SQLite database (by its first 16 bytes)'
const DATABASE_REMEDY =
  'A cache: delete it and build it again. Data: say so and refuse to start, or move it aside; never make a new one in its place.'
const MALFORMED: Signature = {
  pattern: String.raw`database disk image is malformed|file is not a database|disk I/O error`,
  cause: 'An SQLite database is damaged.',
  remedy: DATABASE_REMEDY
}
const NO_TABLE: Signature = {
  pattern: 'no such table',
  cause: 'The database opens, and none of its tables is there.',
  remedy:
    'Check the schema at start-up; where tables are missing on a volume that was in use, refuse to start.'
}

const isDatabase: FileForm['isOne'] = ({ content }) => isSqlite(content)

const sqliteCut = fileFault({
  id: 'sqlite-cut',
  code: 'G1',
  family: 'database',
  packs: ['database'],
  title: 'SQLite databases are cut in half',
  looksFor: SQLITE,
  words: 'cut in half',
  isOne: isDatabase,
  damage: cutInHalf,
  signatures: [MALFORMED, NO_TABLE],
  evidence: ['slskd/slskd#634'],
  remedy: DATABASE_REMEDY
})

const sqliteNulPages = fileFault({
  id: 'sqlite-nul-pages',
  code: 'G1',
  family: 'database',
  packs: ['database'],
  title: 'All pages of SQLite databases but the first are NUL bytes',
  looksFor: SQLITE,
  words: 'NUL bytes behind the first page',
  isOne: isDatabase,
  damage: (file) => {
    const surviving = firstPage(file.content)
    const content = Buffer.concat([surviving, Buffer.alloc(file.content.length - surviving.length)])
    return content.equals(file.content) ? undefined : { entries: [rewritten(file, content)], surviving }
  },
  signatures: [MALFORMED, NO_TABLE],
  evidence: ['slskd/slskd#634'],
  remedy: DATABASE_REMEDY
})

const sqliteForeignWal = fileFault({
  id: 'sqlite-foreign-wal',
  code: 'G2',
  family: 'database',
  packs: ['database'],
  title: 'The write-ahead log of another database lies beside an SQLite database',
  looksFor: SQLITE,
  words: 'beside the write-ahead log of another database',
  isOne: isDatabase,
  damage: (file) => {
    const wal = foreignWal(pageSize(file.content))
    return { entries: [{ ...rewritten(file, wal), path: `${file.path}-wal` }] }
  },
  signatures: [NO_TABLE, MALFORMED],
  evidence: ['whiteout-project/bot#100'],
  remedy:
    'Restore a database together with its -wal, or delete the -wal first. At start-up check the schema before anything is written.'
})

const sqliteEmpty = fileFault({
  id: 'sqlite-empty',
  code: 'G3',
  family: 'database',
  packs: ['database'],
  title: 'SQLite databases are empty files',
  looksFor: SQLITE,
  words: 'emptied',
  isOne: isDatabase,
  damage: emptied,
  signatures: [NO_TABLE],
  evidence: [],
  remedy: 'Make the schema whenever it is missing (CREATE TABLE IF NOT EXISTS), not only when the file is.'
})

const redisTail = fileFault({
  id: 'redis-aof-tail',
  code: 'G4',
  family: 'database',
  packs: ['database'],
  title: 'The append-only file of Redis ends in NUL bytes',
  looksFor: 'an append-only file of Redis (*.aof)',
  words: 'with 12 NUL bytes at the end',
  isOne: ({ path }) => path.endsWith('.aof') && !path.endsWith('.base.aof'),
  damage: (file) => ({
    entries: [rewritten(file, Buffer.concat([file.content, Buffer.alloc(12)]))],
    surviving: file.content
  }),
  signatures: [
    {
      pattern: 'Bad file format reading the append only file',
      cause: 'The append-only file of Redis has a damaged tail, as a crash or a full disk leaves it.',
      remedy: 'Run redis-check-aof --fix on a copy; for a cache, start without the file.'
    }
  ],
  evidence: ['goauthentik/authentik#11576', 'netbox-community/netbox-docker#1121'],
  remedy: 'Data: refuse to start and say how to repair it. A cache: move the file aside and start empty.'
})

/** RocksDB and LevelDB keep a MANIFEST-* beside CURRENT, which names it. */
const besideManifest: FileForm['isOne'] = ({ path }, target) =>
  path.endsWith('/CURRENT') &&
  [...target.tree.keys()].some((at) => at.startsWith(`${parentOf(path)}/MANIFEST-`))

const ROCKSDB: Signature = {
  pattern: String.raw`CURRENT file does not end with newline|Corruption:|IO error: No such file.*MANIFEST`,
  cause: 'A RocksDB or LevelDB database has lost track of its files.',
  remedy: 'A cache: delete the directory and build it again. Data: refuse to start, and repair a copy.'
}

const rocksdbCurrent = fileFault({
  id: 'rocksdb-current-empty',
  code: 'G5',
  family: 'database',
  packs: ['database'],
  title: 'The file that names the manifest of a RocksDB database is empty',
  looksFor: 'a RocksDB or LevelDB database (CURRENT beside MANIFEST-*)',
  words: 'emptied',
  isOne: besideManifest,
  damage: emptied,
  signatures: [ROCKSDB],
  evidence: ['facebook/rocksdb#8682', 'cockroachdb/cockroach#23899'],
  remedy: DATABASE_REMEDY
})

const rocksdbManifest = fileFault({
  id: 'rocksdb-manifest-missing',
  code: 'G5',
  family: 'database',
  packs: ['database'],
  title: 'The manifest of a RocksDB database is gone',
  looksFor: 'the manifest of a RocksDB or LevelDB database (MANIFEST-*)',
  words: 'gone',
  isOne: named(/\/MANIFEST-\d+$/),
  damage: takenAway,
  takesAway: true,
  signatures: [ROCKSDB],
  evidence: ['facebook/rocksdb#8682', 'cockroachdb/cockroach#23899'],
  remedy: DATABASE_REMEDY
})

/** Section G of the catalogue, without its lock. */
export const databaseFaults: readonly Fault[] = [
  sqliteCut,
  sqliteNulPages,
  sqliteForeignWal,
  sqliteEmpty,
  redisTail,
  rocksdbCurrent,
  rocksdbManifest
]
