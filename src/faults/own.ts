import { PLANTED_MTIME } from '../planted-mtime.js'
import { isWithin, parentOf } from '../paths.js'
import { parentRequired } from './shape.js'
import type { Fault, NotApplicable, OwnEntry, OwnFault, PlantContext, Target, TreeEntry } from '../model.js'

/** A fault that the repository declares in its scenario file, as one of the catalogue. */
export function ownFault(spec: OwnFault): Fault {
  const { id, title, paths, modes, expect, remedy, readOnly, plant } = spec
  const replacesPath = plant.some(({ path }) => path === '.')
  // A mount belongs to a new container, and only in a new one can something be missing that was there.
  const needsNew = readOnly || plant.some(({ type }) => type === 'missing')
  const natural = modes ?? (needsNew ? (['recreate'] as const) : undefined)
  return {
    id,
    code: 'OWN',
    family: 'own',
    title,
    default: spec.default,
    aim: replacesPath ? 'path' : readOnly ? 'mount' : 'state',
    ...(paths === undefined ? {} : { paths }),
    ...(natural === undefined ? {} : { modes: natural }),
    applies: (target) => applies(spec, target),
    plant: (target, context) => {
      const planted = plant.flatMap((entry) =>
        entry.type === 'missing' ? [] : [entryOf(entry, target, context)]
      )
      const missing = plant.filter(({ type }) => type === 'missing').map(({ path }) => absolute(path, target))
      const damaged = target.role === 'data' ? damagedBy(planted, target) : []
      return {
        entries: [...scaffold(planted, target, context), ...planted].sort(
          (a, b) => depth(a.path) - depth(b.path)
        ),
        ...(missing.length === 0 ? {} : { remove: missing }),
        ...(readOnly ? { readOnlyMount: target.path } : {}),
        ...(damaged.length === 0 ? {} : { damaged }),
        ...(isByTime(plant) ? { byTime: true as const } : {}),
        summary: summaryOf(spec, target)
      }
    },
    expects: (role) => expect ?? (role === 'cache' ? 'recover' : 'recover-or-refuse'),
    signatures: [],
    evidence: [],
    remedy: remedy ?? ''
  }
}

function absolute(path: string, target: Target): string {
  return path === '.' ? target.path : `${target.path}/${path}`
}

function depth(path: string): number {
  return path.split('/').length
}

/** Everything that keeps the fault from being what was declared, at this target. */
function applies(spec: OwnFault, target: Target): true | NotApplicable {
  const parent = parentRequired(target)
  if (parent !== true) return parent
  if (spec.readOnly && target.entry !== undefined && target.entry.type !== 'directory')
    return { reason: `${target.path} is no directory; a volume mounts at one` }
  if (spec.readOnly && !target.complete)
    return { reason: `not all that is at ${target.path} can be copied to a read-only volume` }
  for (const entry of spec.plant) {
    const path = absolute(entry.path, target)
    const obstacle = obstacleAbove(path, target, spec)
    if (obstacle !== undefined)
      return { reason: `${obstacle.path} is a ${obstacle.type}, so nothing can be planted below it` }
    const healthy = target.tree.get(path)
    if (entry.type === 'file' && entry.content === undefined && healthy?.content === undefined)
      return { reason: `start-up left no file at ${path} whose content could stay` }
    if (entry.type === 'missing' && healthy === undefined)
      return { reason: `healthy start-up leaves nothing at ${path}` }
    if (entry.type === 'missing' && target.volume === undefined)
      return { reason: `${path} is in the container’s own layer, from which nothing can be taken out` }
  }
  return true
}

/** What stands between the target and a path below it and is no directory. */
function obstacleAbove(path: string, target: Target, { plant }: OwnFault): TreeEntry | undefined {
  for (let at = path; at !== target.path;) {
    at = parentOf(at)
    const healthy = target.tree.get(at)
    const replaced = plant.some((entry) => entry.type === 'directory' && absolute(entry.path, target) === at)
    if (healthy !== undefined && healthy.type !== 'directory' && !replaced) return healthy
  }
  return undefined
}

const TYPES = { file: 'file', directory: 'directory', link: 'symlink', fifo: 'fifo' } as const
const DEFAULT_MODES = { file: 0o644, directory: 0o755, link: 0o777, fifo: 0o644 } as const

function entryOf(
  entry: Exclude<OwnEntry, { type: 'missing' }>,
  target: Target,
  context: PlantContext
): TreeEntry {
  const path = absolute(entry.path, target)
  const healthy = target.tree.get(path)
  const type = TYPES[entry.type]
  const same = healthy?.type === type ? healthy : undefined
  const content = entry.type === 'file' ? (entry.content ?? healthy?.content ?? Buffer.alloc(0)) : undefined
  return {
    path,
    type,
    mode: entry.mode ?? same?.mode ?? DEFAULT_MODES[entry.type],
    ...(entry.owner ?? ownerFor(path, target, context)),
    mtime: entry.mtime ?? same?.mtime ?? PLANTED_MTIME,
    size: content?.length ?? 0,
    ...(content === undefined ? {} : { content }),
    ...(entry.type === 'link' ? { linkTarget: entry.to } : {})
  }
}

/** Whoever owned what the control left there, else the app's user. */
function ownerFor(path: string, target: Target, context: PlantContext): { uid: number; gid: number } {
  const { uid, gid } = target.tree.get(path) ?? target.entry ?? context.facts.user
  return { uid, gid }
}

/** The directories that lead to what is planted, where the control left none: the engine would make them as root's. */
function scaffold(planted: readonly TreeEntry[], target: Target, context: PlantContext): TreeEntry[] {
  const there = new Set([...target.tree.keys(), ...planted.map(({ path }) => path)])
  const made = new Map<string, TreeEntry>()
  for (const { path } of planted) {
    for (let at = parentOf(path); isWithin(at, target.path) && !there.has(at); at = parentOf(at)) {
      const owner = ownerFor(at, target, context)
      made.set(at, { path: at, type: 'directory', mode: 0o755, ...owner, mtime: PLANTED_MTIME, size: 0 })
    }
  }
  return [...made.values()]
}

/** User files that the plant changes. What survives of one is what was planted in it, if that was in it before. */
function damagedBy(
  planted: readonly TreeEntry[],
  target: Target
): { readonly path: string; readonly surviving: Buffer }[] {
  return planted.flatMap(({ path, content }) => {
    const healthy = target.tree.get(path)
    if (content === undefined || healthy?.type !== 'file') return []
    const survives = healthy.content?.includes(content) === true
    return [{ path, surviving: survives ? content : Buffer.alloc(0) }]
  })
}

/** Whether nothing but times differs from healthy state. */
function isByTime(plant: readonly OwnEntry[]): boolean {
  return (
    plant.length > 0 &&
    plant.every(
      (entry) =>
        entry.type === 'file' &&
        entry.content === undefined &&
        entry.mode === undefined &&
        entry.owner === undefined &&
        entry.mtime !== undefined
    )
  )
}

const MOST_NAMED = 3

function summaryOf({ plant, readOnly }: OwnFault, target: Target): string {
  const named = plant.slice(0, MOST_NAMED).map((entry) => wordsOf(entry, absolute(entry.path, target)))
  const more = plant.length > named.length ? [`${plant.length - named.length} more`] : []
  const mount = readOnly ? [`a read-only mount at ${target.path}`] : []
  return [...named, ...more, ...mount].join(', ')
}

function wordsOf(entry: OwnEntry, path: string): string {
  switch (entry.type) {
    case 'file': {
      const what =
        entry.content === undefined ? 'with the content that it had' : `of ${entry.content.length} bytes`
      return `a regular file ${what} at ${path}${attributes(entry)}`
    }
    case 'directory':
      return `a directory at ${path}${attributes(entry)}`
    case 'link':
      return `a symbolic link ${path} → ${entry.to}${attributes(entry)}`
    case 'fifo':
      return `a FIFO at ${path}${attributes(entry)}`
    case 'missing':
      return `${path} missing`
  }
}

function attributes({ mode, owner, mtime }: Exclude<OwnEntry, { type: 'missing' }>): string {
  const given = [
    ...(mode === undefined ? [] : [`mode 0${mode.toString(8)}`]),
    ...(owner === undefined ? [] : [`uid ${owner.uid}, gid ${owner.gid}`]),
    ...(mtime === undefined ? [] : [`modified ${new Date(mtime * 1000).toISOString()}`])
  ]
  return given.length === 0 ? '' : ` (${given.join(', ')})`
}
