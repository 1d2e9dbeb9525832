import { PLANTED_MTIME } from '../planted-mtime.js'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MOST_BYTES, SeedContent, SeedError } from './content.js'

/**
 * Reads a directory of the checkout. Git keeps no owners, times and modes but one bit, so neither do we: files are 0644, or 0755
 * where they can be executed, and belong to the app's user. Links are taken as they are, never followed.
 *
 * @throws SeedError for what must not get into a volume, or the file system's own error
 */
export async function readDirectory(directory: string, place: string): Promise<SeedContent> {
  const content = new SeedContent(place)
  await readInto(content, directory, '')
  return content
}

async function readInto(content: SeedContent, directory: string, within: string): Promise<void> {
  const names = (await readdir(directory)).sort()
  for (const leaf of names) {
    const path = join(directory, leaf)
    const name = within === '' ? leaf : `${within}/${leaf}`
    const status = await lstat(path)
    // A checkout's own times are those of the checkout.
    const common = { name, mtime: PLANTED_MTIME }
    if (status.isDirectory()) {
      content.add({ ...common, type: 'directory', mode: 0o755 })
      await readInto(content, path, name)
    } else if (status.isSymbolicLink()) {
      content.add({ ...common, type: 'symlink', mode: 0o777, linkTarget: await readlink(path) })
    } else if (status.isFile()) {
      if (content.bytes + status.size > MOST_BYTES) {
        throw new SeedError(`holds more than ${MOST_BYTES / 1024 / 1024} MiB`)
      }
      const mode = (status.mode & 0o100) === 0 ? 0o644 : 0o755
      content.add({ ...common, type: 'file', mode, content: await readFile(path) })
    } else {
      content.add({ ...common, type: 'fifo', mode: 0o644 })
    }
  }
}
