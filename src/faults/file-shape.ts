import { BYTECODE, MOST_FILES } from './damaged-files.js'
import { filesObstacle, notFound } from './files.js'
import type { Fault, Signature, Target, TreeEntry } from '../model.js'

/** Another thing stands where every regular file was. */
function inPlaceOfFiles(
  base: Pick<Fault, 'id' | 'code' | 'title' | 'signatures' | 'evidence' | 'remedy'>,
  what: { readonly one: string; readonly many: string },
  shape: Partial<TreeEntry>
): Fault {
  const looksFor = 'files'
  // A directory that Python wrote code into runs from its sources, whatever stands for the bytecode.
  const files = (target: Target): TreeEntry[] =>
    [...target.tree.values()]
      .filter(({ type, path }) => type === 'file' && !BYTECODE.test(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .slice(0, MOST_FILES)
  return {
    ...base,
    family: 'shape',
    default: false,
    aim: 'files',
    looksFor,
    applies: (target) =>
      filesObstacle(target, looksFor) ?? (files(target).length > 0 ? true : notFound(target, looksFor)),
    plant(target) {
      const found = files(target)
      const [first] = found
      return {
        entries: found.map(({ path, mode, uid, gid, mtime }) => ({
          path,
          type: 'file',
          mode,
          uid,
          gid,
          mtime,
          ...shape,
          size: 0
        })),
        perFile: { one: `is ${what.one}`, many: `are ${what.many}` },
        summary:
          found.length === 1 && first !== undefined
            ? `${what.one} at ${first.path}`
            : `${what.many} in place of ${found.length} files at ${target.path}`
      }
    },
    expects: (role) => (role === 'cache' ? 'recover' : 'recover-or-refuse')
  }
}

const IS_A_DIRECTORY: Signature = {
  pattern: String.raw`Errno 21\]|EISDIR|[Ii]s a directory`,
  cause: 'A directory stands where start-up opens a file, as a bind mount makes it whose source is missing.',
  remedy:
    'Look at the path with lstat before opening it: remove an empty directory, refuse to start on a full one.'
}

const directoryForFile = inPlaceOfFiles(
  {
    id: 'directory-for-file',
    code: 'A5',
    title: 'An empty directory of root where a file belongs',
    signatures: [IS_A_DIRECTORY],
    evidence: ['docker/cli#2994', 'deviantony/docker-elk#103', 'Lissy93/dashy#592'],
    remedy: 'Look at the path with lstat; remove the directory if it is empty, refuse to start if it is not.'
  },
  { one: 'an empty directory', many: 'empty directories' },
  { type: 'directory', mode: 0o755, uid: 0, gid: 0 }
)

const fifoForFile = inPlaceOfFiles(
  {
    id: 'fifo-for-file',
    code: 'A6',
    title: 'A FIFO where a file belongs: whoever opens it waits for ever',
    signatures: [],
    evidence: [],
    remedy: 'Look at the type of a path (stat) before opening it, or open it with O_NONBLOCK.'
  },
  { one: 'a FIFO', many: 'FIFOs' },
  { type: 'fifo' }
)

/** Files of section A of the catalogue; directories and links are in shape.ts. */
export const filesOfAnotherType: readonly Fault[] = [directoryForFile, fifoForFile]
