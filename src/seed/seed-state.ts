import { PLANTED_MTIME } from '../planted-mtime.js'
import { realpath } from 'node:fs/promises'
import { LEADS_OUT } from '../inputs/image-source.js'
import { InputError, type InputProblem } from '../inputs/problems.js'
import { directoriesBetween, holder, isWithin } from '../paths.js'
import { MOST_BYTES, MOST_ENTRIES, SeedError, type SeedContent } from './content.js'
import { readDirectory } from './directory.js'
import { readTar } from './archive.js'
import type { SeedSource, TreeEntry } from '../model.js'

/** A seed that was read. */
export interface Seed {
  readonly source: SeedSource
  readonly content: SeedContent
}

/**
 * Reads what volumes hold before the first boot.
 *
 * @param workspace absolute; nothing outside of it is read
 * @throws InputError with every seed that cannot be used
 */
export async function readSeeds(sources: readonly SeedSource[], workspace: string): Promise<readonly Seed[]> {
  const problems: InputProblem[] = []
  const seeds: Seed[] = []
  for (const source of sources) {
    try {
      seeds.push({ source, content: await read(source, workspace) })
    } catch (error) {
      if (!(error instanceof SeedError) && !isFileError(error)) throw error
      problems.push(problem(source, error.message))
    }
  }
  const bytes = seeds.reduce((sum, { content }) => sum + content.bytes, 0)
  if (bytes > MOST_BYTES) {
    const complaint = `the seeds together hold more than ${MOST_BYTES / 1024 / 1024} MiB`
    problems.push({ input: 'seed-state', value: undefined, complaint, accepted: '' })
  }
  if (problems.length > 0) throw new InputError(problems)
  return seeds
}

async function read({ from, place, file }: SeedSource, workspace: string): Promise<SeedContent> {
  if (!isWithin(await realpath(file), await realpath(workspace))) {
    throw new SeedError(LEADS_OUT)
  }
  switch (from) {
    case 'directory':
      return await readDirectory(file, place)
    case 'tar':
      return await readTar(file, place, false)
    case 'gzipped-tar':
      return await readTar(file, place, true)
  }
}

/**
 * The seeds as entries for the run's volumes, with the directories that lead to them.
 *
 * @param owner of everything whose source tells none
 * @throws InputError for a seed that is on no volume, or too many entries
 */
export function seedEntries(
  seeds: readonly Seed[],
  owner: { readonly uid: number; readonly gid: number },
  mounts: readonly string[]
): TreeEntry[] {
  const stray = seeds.filter(({ source }) => holder(source.place, mounts) === undefined)
  if (stray.length > 0) {
    const where = mounts.length === 0 ? 'there is no volume' : `the volumes are ${mounts.join(', ')}`
    throw new InputError(stray.map(({ source }) => problem(source, `is on no volume: ${where}`)))
  }
  const { uid, gid } = owner
  const entries = seeds.flatMap(({ source: { place }, content }) => [
    ...directoriesBetween(holder(place, mounts) ?? '/', place).map((path): TreeEntry => ({
      path,
      type: 'directory',
      mode: 0o755,
      uid,
      gid,
      mtime: PLANTED_MTIME,
      size: 0
    })),
    // A volume's root keeps the owner and mode that the image gives it, unless an archive has them.
    ...content.entries(owner).filter(({ path }) => !mounts.includes(path) || content.ownsRoot)
  ])
  if (entries.length > MOST_ENTRIES) {
    const complaint = `the seeds together hold more than ${MOST_ENTRIES} entries`
    throw new InputError([{ input: 'seed-state', value: undefined, complaint, accepted: '' }])
  }
  return entries
}

function problem({ text }: SeedSource, complaint: string): InputProblem {
  return { input: 'seed-state', value: text, complaint, accepted: '' }
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
