import { PLANTED_MTIME } from '../planted-mtime.js'
import { createHash } from 'node:crypto'
import { isData } from '../judge/data.js'
import type { Tree, TreeEntry } from '../model.js'

/** Not hidden: `rm -rf /data/*` must take it along, as it takes the users' files. */
const SENTINEL_NAME = 'cache-crash-test-sentinel.bin'

/**
 * One file of user data for every place that holds any: the root of each volume, and each data path that is a directory.
 * Its content follows from the seed; its owner is the app's user, as an upload's would be.
 */
export function sentinels(
  places: {
    readonly mounts: readonly string[]
    readonly cachePaths: readonly string[]
    readonly dataPaths: readonly string[]
  },
  isDirectory: (path: string) => boolean,
  owner: { readonly uid: number; readonly gid: number },
  seed: string
): Tree {
  const directories = [...new Set([...places.mounts, ...places.dataPaths.filter(isDirectory)])]
  const files = directories
    .map((directory) => `${directory}/${SENTINEL_NAME}`)
    .filter((path) => isData(path, places))
    .map((path): [string, TreeEntry] => {
      const content = createHash('sha512').update(`${seed}\n${path}`).digest()
      const sha256 = createHash('sha256').update(content).digest('hex')
      const { uid, gid } = owner
      return [
        path,
        {
          path,
          type: 'file',
          mode: 0o600,
          uid,
          gid,
          mtime: PLANTED_MTIME,
          size: content.length,
          content,
          sha256
        }
      ]
    })
  return new Map(files)
}
