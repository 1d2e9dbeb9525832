import { isAbsolute, resolve } from 'node:path'
import { isWithin } from '../paths.js'
import { parseContainerPath } from './container-paths.js'
import type { WorkspaceFiles } from './image-source.js'
import { parseLines } from './lists.js'
import type { ProblemList } from './problems.js'
import type { SeedSource } from '../model.js'

const ACCEPTED =
  'PATH=SOURCE, one a line, e.g. /data=tests/state or /data=tests/state.tar.gz: a directory or an archive in the workspace'

/** Parses seeds as far as it can be done without reading them. */
export function parseSeedState(
  value: string,
  files: WorkspaceFiles,
  problems: ProblemList
): readonly SeedSource[] {
  const seeds: SeedSource[] = []
  for (const line of parseLines(value)) {
    const seed = parseSeed(line, files)
    const clash =
      'complaint' in seed
        ? undefined
        : seeds.find(({ place }) => isWithin(place, seed.place) || isWithin(seed.place, place))
    if ('complaint' in seed) problems.add('seed-state', line, seed.complaint, ACCEPTED)
    else if (clash !== undefined) problems.add('seed-state', line, `is for the same place as "${clash.text}"`)
    else seeds.push(seed)
  }
  return seeds
}

function parseSeed(line: string, files: WorkspaceFiles): SeedSource | { readonly complaint: string } {
  const equals = line.indexOf('=')
  if (equals === -1) return { complaint: 'names no source' }
  const place = parseContainerPath('seed-state', line.slice(0, equals).trim())
  if ('complaint' in place) return place
  const source = line.slice(equals + 1).trim()
  if (source === '') return { complaint: 'names no source' }
  if (isAbsolute(source) || source.split('/').includes('..')) {
    return { complaint: 'takes its source from outside the workspace' }
  }
  const file = resolve(files.workspace, source)
  const common = { place: place.path, file, text: line }
  if (files.isDirectory(file)) return { ...common, from: 'directory' }
  if (!files.isFile(file)) return { complaint: `has a source that does not exist (${file})` }
  if (source.endsWith('.tar')) return { ...common, from: 'tar' }
  if (/\.(?:tar\.gz|tgz)$/.test(source)) return { ...common, from: 'gzipped-tar' }
  return { complaint: 'has a source that is neither a directory nor called .tar, .tar.gz or .tgz' }
}
