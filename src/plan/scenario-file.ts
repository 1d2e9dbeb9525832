import { posix } from 'node:path'
import { isAlias, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { didYouMean } from '../inputs/nearest.js'
import { quote, type ProblemList } from '../inputs/problems.js'
import { durationMs } from '../inputs/scalars.js'
import { isWithin } from '../paths.js'
import {
  scenarioFileSchema,
  type WrittenEntry,
  type WrittenFault,
  type WrittenScenarioFile,
  type WrittenTerms
} from './scenario-file-schema.js'
import type { Fault, OwnEntry, OwnFault, ScenarioFile, ScenarioTerms } from '../model.js'

/** Larger ones are no scenario files; a parser's time and memory are bounded by it. */
export const LARGEST_SCENARIO_FILE = 64 * 1024

/** What must be known of the faults that there are already. */
export type KnownFault = Pick<Fault, 'id' | 'code' | 'alsoCode' | 'family' | 'packs' | 'aim'>

type Path = readonly PropertyKey[]

/**
 * Reads a scenario file. Pure: `content` is all that it knows of the file system.
 *
 * @param name how to call the file in problems, e.g. its path in the repository
 * @param problems receives everything that is wrong at once, each with line and column
 * @returns undefined after a problem
 */
export function parseScenarioFile(
  name: string,
  content: string,
  catalogue: readonly KnownFault[],
  problems: ProblemList
): ScenarioFile | undefined {
  const lines = new LineCounter()
  const read = readYaml(content, lines)
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${Math.max(1, line)}:${Math.max(1, col)}`
  }
  if (read.kind === 'broken') {
    for (const { offset, complaint } of read.faults) problems.add(at(offset), undefined, complaint)
    return undefined
  }
  const { document, value } = read
  let reported = 0
  const report: Report = (path, complaint, accepted = '', key = false) => {
    reported++
    const where = path.length === 0 ? '' : `${dotted(path)}: `
    problems.add(at(offsetOf(document, path, key)), undefined, `${where}${complaint}`, accepted)
  }
  const parsed = scenarioFileSchema.safeParse(value)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) describeIssue(issue, value, report)
    return undefined
  }
  checkFaults(parsed.data, catalogue, report)
  checkScenarios(parsed.data, catalogue, report)
  checkRules(parsed.data, report)
  return reported > 0 ? undefined : toScenarioFile(name, parsed.data)
}

/** @param key points at the key of the last step instead of its value */
type Report = (path: Path, complaint: string, accepted?: string, key?: boolean) => void

type Yaml =
  | { readonly kind: 'read'; readonly document: Document; readonly value: unknown }
  | {
      readonly kind: 'broken'
      readonly faults: readonly { readonly offset: number; readonly complaint: string }[]
    }

function readYaml(content: string, lineCounter: LineCounter): Yaml {
  const broken = (complaint: string): Yaml => ({ kind: 'broken', faults: [{ offset: 0, complaint }] })
  if (content.trim() === '') return broken('is empty')
  try {
    const document = parseDocument(content, { lineCounter, prettyErrors: false })
    if (document.errors.length > 0) {
      const faults = document.errors.slice(0, MOST_SYNTAX_ERRORS).map(({ pos, message }) => ({
        offset: pos[0],
        complaint: `is not YAML: ${message}`
      }))
      return { kind: 'broken', faults }
    }
    return { kind: 'read', document, value: document.toJS({ maxAliasCount: MOST_ALIASES }) }
  } catch (error) {
    if (error instanceof ReferenceError) return broken(`repeats anchors more than ${MOST_ALIASES} times`)
    if (error instanceof RangeError) return broken('is nested too deeply')
    throw error
  }
}

/** What follows a broken line is mostly broken because of it. */
const MOST_SYNTAX_ERRORS = 5

/** Nodes that aliases may stand for: enough to share a list of modes, too few to fill the memory. */
const MOST_ALIASES = 200

/** Where the node is that a path leads to, or the deepest one on the way to it. */
function offsetOf(document: Document, path: Path, key: boolean): number {
  let node: unknown = document.contents
  let offset = 0
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      if (!isPair(pair)) break
      offset = start(pair.key) ?? offset
      if (key && index === path.length - 1) break
      node = pair.value
    } else if (isNode(node) && 'items' in node && Array.isArray(node.items)) {
      node = node.items[Number(step)]
    } else break
    offset = start(node) ?? offset
  }
  return offset
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

/** `faults.half-index.plant[0].mode` */
function dotted(path: Path): string {
  return path.reduce<string>((words, step) => {
    if (typeof step === 'number') return `${words}[${step}]`
    return words === '' ? String(step) : `${words}.${String(step)}`
  }, '')
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown, report: Report): void {
  const { path, message } = issue
  if (issue.code === 'unrecognized_keys') {
    const known = message.replace(/^.* with /, '').split(', ')
    for (const name of issue.keys) {
      const hint = didYouMean(name, known)
      report([...path, name], `there is no such key${hint}`, hint === '' ? known.join(', ') : '', true)
    }
    return
  }
  const value = path.reduce<unknown>(stepInto, root)
  if (value === undefined) report(path, 'is missing', message)
  else report(path, `${shown(value)} is not right`, message)
}

function stepInto(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([key]) => key === String(step))?.[1]
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value === null) return 'nothing'
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' || typeof value === 'boolean' ? quote(String(value)) : 'a mapping'
}

/** Names that a selection understands already. */
function takenNames(catalogue: readonly KnownFault[]): Set<string> {
  const names = catalogue.flatMap(({ id, code, alsoCode, family, packs }) => [
    id,
    code,
    family,
    ...(alsoCode === undefined ? [] : [alsoCode]),
    ...(packs ?? [])
  ])
  return new Set(
    ['all', 'default', 'own', 'container', 'volumes', ...names].map((name) => name.toLowerCase())
  )
}

function checkFaults(
  { faults = {} }: WrittenScenarioFile,
  catalogue: readonly KnownFault[],
  report: Report
): void {
  const taken = takenNames(catalogue)
  for (const [id, fault] of Object.entries(faults)) {
    const path = ['faults', id]
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 60) {
      report(path, 'is not an id', 'lower-case words with hyphens, up to 60 characters', true)
    } else if (taken.has(id)) {
      report(path, 'is a name that the catalogue has already', 'another one', true)
    }
    if (fault.plant === undefined && fault.mount === undefined)
      report(path, 'plants nothing', 'plant, mount', true)
    fault.paths?.forEach((at, index) => {
      const complaint = absoluteComplaint(at)
      if (complaint !== undefined) report([...path, 'paths', index], `${quote(at)} ${complaint}`, ABSOLUTE)
      else if (fault.paths?.indexOf(at) !== index)
        report([...path, 'paths', index], `${quote(at)} is given twice`)
    })
    checkEntries(fault, [...path, 'plant'], report)
    const restarts = fault.modes?.includes('restart') === true
    if (restarts && fault.plant?.some(({ type }) => type === 'missing') === true) {
      const complaint = 'a stopped container keeps its files, so none can be missing'
      report([...path, 'modes'], complaint, 'recreate, concurrent')
    }
    if (fault.mount !== undefined && fault.modes?.some((mode) => mode !== 'recreate') === true) {
      report([...path, 'modes'], 'a mount belongs to a new container', 'recreate')
    }
  }
}

function checkEntries(fault: WrittenFault, path: Path, report: Report): void {
  const entries = fault.plant ?? []
  const places = entries.map((entry) => relativePath(entry.path, fault.paths))
  entries.forEach((entry, index) => {
    const at = [...path, index, 'path']
    const place = places[index]
    if (place === undefined || place.kind === 'problem') {
      if (place !== undefined) report(at, `${quote(entry.path)} ${place.complaint}`, place.accepted)
      return
    }
    const same = (other: number): boolean => {
      const there = places[other]
      return there?.kind === 'path' && there.path === place.path
    }
    if (places.findIndex((_, other) => same(other)) < index)
      report(at, `${quote(entry.path)} is planted twice`)
    const above = entries.find((other, position) => {
      const there = places[position]
      return (
        other.type !== 'directory' &&
        there?.kind === 'path' &&
        place.path !== there.path &&
        isBelow(place.path, there.path)
      )
    })
    if (above !== undefined)
      report(at, `${quote(entry.path)} is below ${quote(above.path)}, which is no directory then`)
    if (entry.type === 'file') {
      const given = (['content', 'base64', 'size'] as const).filter((key) => entry[key] !== undefined)
      if (given.length > 1)
        report([...path, index], `has ${given.join(' and ')}`, 'one of content, base64, size')
    }
  })
}

const ABSOLUTE = 'an absolute path in the container, e.g. /data/index'

function absoluteComplaint(path: string): string | undefined {
  if (!path.startsWith('/')) return 'is not an absolute path'
  if (path === '/') return 'is the whole file system'
  if (posix.normalize(path) !== path || path.endsWith('/')) {
    return `is not in its shortest form (did you mean ${quote(posix.normalize(path).replace(/(?<=.)\/$/, ''))}?)`
  }
  return /^\/(?:proc|sys|dev)(?:\/|$)/.test(path) ? 'belongs to the kernel' : undefined
}

type Place =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'problem'; readonly complaint: string; readonly accepted: string }

/** An entry's path below the fault's own; absolute ones are understood where the fault has one path. */
function relativePath(path: string, paths: readonly string[] | undefined): Place {
  const problem = (complaint: string, accepted: string): Place => ({ kind: 'problem', complaint, accepted })
  if (/\p{Cc}/u.test(path)) return problem('contains a control character', RELATIVE)
  if (path.startsWith('/')) {
    const [only] = paths ?? []
    if (only === undefined || paths?.length !== 1) {
      return problem('is absolute, and the fault has not exactly one path in paths', RELATIVE)
    }
    const complaint = absoluteComplaint(path)
    if (complaint !== undefined) return problem(complaint, `a path at or below ${only}`)
    if (!isWithin(path, only)) return problem(`is not at or below ${only}`, `a path at or below ${only}`)
    return { kind: 'path', path: path === only ? '.' : path.slice(only.length + 1) }
  }
  if (path.split('/').includes('..')) return problem('contains ".."', RELATIVE)
  if (path !== '.' && (posix.normalize(path) !== path || path.endsWith('/'))) {
    return problem('is not in its shortest form', RELATIVE)
  }
  return { kind: 'path', path }
}

const RELATIVE = 'a path below the one that the fault is planted at, e.g. index/documents.json, or "."'

function isBelow(path: string, ancestor: string): boolean {
  return ancestor === '.' || isWithin(path, ancestor)
}

function checkScenarios(file: WrittenScenarioFile, catalogue: readonly KnownFault[], report: Report): void {
  const own = file.faults ?? {}
  const seen = new Set<string>()
  file.scenarios?.forEach(({ fault, path, modes, timeout }, index) => {
    const at = ['scenarios', index]
    const builtIn = catalogue.find(({ id }) => id === fault)
    const declared = Object.entries(own).find(([id]) => id === fault)?.[1]
    if (builtIn === undefined && declared === undefined) {
      const ids = [...Object.keys(own), ...catalogue.map(({ id }) => id)]
      report([...at, 'fault'], `${quote(fault)} is not a fault${didYouMean(fault, ids)}`, 'the id of a fault')
    }
    const hasNoPath = builtIn?.aim === 'container' || builtIn?.aim === 'user'
    if (builtIn?.aim === 'volumes') {
      report(
        [...at, 'fault'],
        `${quote(fault)} is not at a path, but on all volumes`,
        'select it in the input faults'
      )
      return
    }
    const complaint = hasNoPath ? undefined : absoluteComplaint(path)
    if (hasNoPath && path !== 'container') {
      report([...at, 'path'], `${quote(path)} is a path, and ${fault} has none`, 'container')
    } else if (complaint !== undefined) {
      report([...at, 'path'], `${quote(path)} ${complaint}`, ABSOLUTE)
    } else if (declared?.paths?.includes(path) === false) {
      report([...at, 'path'], `${quote(path)} is not among the paths of ${fault}`, declared.paths.join(', '))
    }
    for (const mode of modes ?? ['*']) {
      const id = `${fault}@${path}/${mode}`
      if (seen.has(id)) report(at, `${quote(id)} is given twice`)
      seen.add(id)
    }
    checkTimeout(timeout, [...at, 'timeout'], report)
  })
}

function checkRules({ rules = [] }: WrittenScenarioFile, report: Report): void {
  rules.forEach((rule, index) => {
    const { match, timeout } = rule
    const at = ['rules', index]
    if (rules.findIndex((other) => other.match === match) < index) {
      report([...at, 'match'], `${quote(match)} is given twice`)
    }
    if (!/^[^@]+@.+$|^\*/.test(match)) {
      report([...at, 'match'], `${quote(match)} matches no id`, 'FAULT@PATH/MODE, * stands for anything')
    }
    const others = Object.keys(rule).filter((key) => key !== 'match' && key !== 'leave-out')
    const leavesOut = rule['leave-out'] !== undefined
    if (!leavesOut && others.length === 0) report(at, 'says nothing of what matches', RULES)
    if (leavesOut && others.length > 0)
      report(at, `leaves out, so ${others.join(' and ')} mean nothing`, 'leave-out alone')
    checkTimeout(timeout, [...at, 'timeout'], report)
  })
}

const RULES = 'leave-out, expect, timeout, known-to-fail'

function checkTimeout(timeout: string | undefined, path: Path, report: Report): void {
  if (timeout === undefined) return
  const milliseconds = durationMs(timeout) ?? 0
  if (milliseconds < 1_000 || milliseconds > 3_600_000) {
    report(path, `${quote(timeout)} is out of range`, 'a duration from 1s to 1h, e.g. 90s, 2m')
  }
}

function toScenarioFile(
  name: string,
  { faults = {}, scenarios = [], rules = [] }: WrittenScenarioFile
): ScenarioFile {
  return {
    name,
    faults: Object.entries(faults).map(([id, fault]) => toFault(id, fault)),
    scenarios: scenarios.map((scenario) => ({
      fault: scenario.fault,
      path: scenario.path,
      modes: scenario.modes,
      ...toTerms(scenario)
    })),
    rules: rules.map((rule) => ({
      match: rule.match,
      ...(rule['leave-out'] === undefined ? {} : { leaveOut: rule['leave-out'] }),
      ...toTerms(rule)
    }))
  }
}

/** The terms that are written, and no key for those that are not. */
function toTerms(written: WrittenTerms): ScenarioTerms {
  const { expect, timeout, 'known-to-fail': knownToFail } = written
  const timeoutMs = timeout === undefined ? undefined : durationMs(timeout)
  return {
    ...(expect === undefined ? {} : { expect }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(knownToFail === undefined ? {} : { knownToFail })
  }
}

function toFault(id: string, fault: WrittenFault): OwnFault {
  return {
    id,
    title: fault.title,
    paths: fault.paths,
    default: fault.default ?? true,
    modes: fault.modes,
    expect: fault.expect,
    remedy: fault.remedy,
    readOnly: fault.mount === 'read-only',
    plant: (fault.plant ?? []).flatMap((entry) => {
      const place = relativePath(entry.path, fault.paths)
      return place.kind === 'path' ? [toEntry(entry, place.path)] : []
    })
  }
}

function toEntry(entry: WrittenEntry, path: string): OwnEntry {
  const attributes = {
    mode: 'mode' in entry && entry.mode !== undefined ? Number.parseInt(entry.mode, 8) : undefined,
    owner: 'owner' in entry ? ownerOf(entry.owner) : undefined,
    mtime:
      'modified' in entry && entry.modified !== undefined
        ? Math.floor(Date.parse(entry.modified) / 1000)
        : undefined
  }
  switch (entry.type) {
    case 'file':
      return { type: 'file', path, ...attributes, content: contentOf(entry) }
    case 'directory':
    case 'fifo':
      return { type: entry.type, path, ...attributes }
    case 'link':
      return { type: 'link', path, ...attributes, to: entry.to }
    case 'missing':
      return { type: 'missing', path }
  }
}

function contentOf({ content, base64, size }: WrittenEntry & { type: 'file' }): Buffer | undefined {
  if (content !== undefined) return Buffer.from(content)
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return size === undefined ? undefined : Buffer.alloc(size)
}

function ownerOf(
  owner: string | number | undefined
): { readonly uid: number; readonly gid: number } | undefined {
  if (owner === undefined || owner === 'app') return undefined
  const [uid, gid] = String(owner).split(':').map(Number)
  return uid === undefined ? undefined : { uid, gid: gid ?? uid }
}
