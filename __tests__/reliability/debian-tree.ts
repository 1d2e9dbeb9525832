import { join } from 'node:path'
import { root } from '../action/runner.js'

/**
 * Enters a tree as if the machine had started from it, but for its kernel, its network and one folder, which it sees under
 * the name that it has outside. The tree becomes the root and not only the root of a process, since a container cannot be
 * started from within the latter. All mounts are gone with the last process inside.
 */
const ENTER = `set -e
tree=$1 folder=$2
shift 2
mount --bind "$tree" "$tree"
cd "$tree"
for shared in proc sys dev; do mount --rbind "/$shared" "$shared"; done
for fresh in run tmp var/tmp; do mount -t tmpfs tmpfs "$fresh"; done
mkdir -p ".$folder" tmp/outside
mount --rbind "$folder" ".$folder"
pivot_root . tmp/outside
cd /
umount --lazy tmp/outside
exec "$@"`

/**
 * The command that runs a program of a Debian tree; it ends as that program, under the same process id.
 * @param name of a tree that script/setup-engines has made
 * @param folder absolute; seen by the program too
 */
export function inTree(name: string, folder: string, program: string, ...args: readonly string[]): string[] {
  const tree = join(root, '.test-cache/engines', name)
  return ['unshare', '--mount', 'sh', '-c', ENTER, 'enter', tree, folder, program, ...args]
}
