import { posix } from 'node:path'
import { normalAbsolutePath } from './container-path.js'

/** Code of a module that Python loaded from a file. */
export interface ImportRecord {
  /**
   * Dotted name. For code whose import did not end (`python -m NAME`, a module that serves for ever, an import that
   * failed) it is only the name that the file suggests.
   */
  readonly module: string
  /** Absolute path of the source; undefined for bytecode without source. */
  readonly source: string | undefined
  /** Absolute path of the bytecode that was used or written; undefined when the log tells none. */
  readonly bytecode: string | undefined
  /** Directory that bytecode would be in, told by a failure to make it; undefined when the log tells none. */
  readonly bytecodeDirectory?: string | undefined
  /** `bytecode`: old code ran if the bytecode was old. `source`: compiled afresh. */
  readonly from: 'bytecode' | 'source'
}

/** What is kept of a log that may be forged: of loads, as of a module by each of many workers, and of modules. */
const mostLoads = 100_000
const mostRecords = 10_000

/** What a log says of imports. */
export interface ParsedImports {
  /** At most 10,000. */
  readonly records: readonly ImportRecord[]
  /** Whether that is all of them. */
  readonly isWhole: boolean
}

interface Loading {
  source: string | undefined
  bytecode: string | undefined
  bytecodeDirectory?: string
  from: 'bytecode' | 'source'
  module: string | undefined
}

/**
 * Reads what a process with PYTHONVERBOSE=1 says of its imports; lines of the program itself are passed over. Several
 * processes and threads may write at once: lines are matched by name, not by position.
 *
 * The lines are those of importlib's `_verbose_message` (CPython 3.8 to 3.13, Lib/importlib/_bootstrap_external.py):
 *
 *     # /app/__pycache__/m.cpython-311.pyc matches /app/m.py
 *     # code object from '/app/__pycache__/m.cpython-311.pyc'      bytecode was used
 *     # code object from /app/m.py                                 compiled from source
 *     # created '/app/__pycache__/m.cpython-311.pyc'               and written ("wrote" in older versions)
 *     # could not create '/app/__pycache__/m.cpython-311.pyc': PermissionError(…)
 *     # could not create '/app/__pycache__': PermissionError(…)    where there is no such directory yet
 *     import 'm' # <_frozen_importlib_external.SourceFileLoader object at 0x…>
 *
 * @param log lines, or text with lines; untrusted
 * @returns records in the order in which loading began, one for each module that was compiled from a source, and one for each bytecode
 *   that was used: the last ones, since start-up loads the application's own after the libraries
 */
export function parseVerboseImports(log: string | readonly string[]): ParsedImports {
  const state: State = { loading: [], open: new Map(), sourceOf: new Map() }
  let isWhole = true
  for (const line of typeof log === 'string' ? log.split('\n') : log) {
    if (state.loading.length >= mostLoads) {
      isWhole = false
      break
    }
    read(line.replace(/\r$/, ''), state)
  }
  const records = new Map<string, ImportRecord>()
  for (const { source, bytecode, bytecodeDirectory, from, module } of state.loading) {
    const path = source ?? bytecode
    const name = module ?? lastPart(stemOf(path ?? ''))
    if (path === undefined || !name.split('.').every(isName)) continue
    // Each process may run with bytecode of its own (-O, another version), so that it is told apart; sources are the same.
    const key = [name, path, from, ...(from === 'bytecode' ? [bytecode] : [])].join('\0')
    const before = records.get(key)
    records.set(key, {
      module: name,
      source,
      bytecode: bytecode ?? before?.bytecode,
      bytecodeDirectory: bytecodeDirectory ?? before?.bytecodeDirectory,
      from
    })
  }
  return {
    records: [...records.values()].slice(-mostRecords),
    isWhole: isWhole && records.size <= mostRecords
  }
}

/** What stands between the two paths of a line. */
const MATCHES = '.pyc matches /'

/** How far back a line may refer, so that a forged log costs no more time than a real one. */
const reach = 50

interface State {
  /** Everything that was loaded, in order. */
  readonly loading: Loading[]
  /** Code whose import has not ended yet, by the last part of its name. */
  readonly open: Map<string, Loading[]>
  /** Sources by the bytecode that matches them. */
  readonly sourceOf: Map<string, string>
}

function read(line: string, state: State): void {
  // Not by an expression: a forged line of megabytes would take it hours.
  const matches = line.startsWith('# /') ? line.lastIndexOf(MATCHES) : -1
  if (matches !== -1) {
    const bytecode = normalAbsolutePath(line.slice('# '.length, matches + '.pyc'.length))
    const source = normalAbsolutePath(line.slice(matches + MATCHES.length - '/'.length))
    if (bytecode !== undefined && source !== undefined && state.sourceOf.size < mostLoads) {
      state.sourceOf.set(bytecode, source)
    }
    return
  }
  const used = quotedPath(/^# code object from (['"].*['"])$/.exec(line)?.[1])
  if (used !== undefined) {
    begin({ source: state.sourceOf.get(used), bytecode: used, from: 'bytecode', module: undefined }, state)
    return
  }
  const compiled = normalAbsolutePath(/^# code object from (\/.*)$/.exec(line)?.[1] ?? '')
  if (compiled !== undefined) {
    begin({ source: compiled, bytecode: undefined, from: 'source', module: undefined }, state)
    return
  }
  const written = quotedPath(
    /^# (?:created|wrote|could not create) ('[^']*\.pyc'|"[^"]*\.pyc")(?:$|:)/.exec(line)?.[1]
  )
  if (written !== undefined) {
    const latest = state.loading
      .slice(-reach)
      .findLast((entry) => entry.bytecode === undefined && fits(written, entry.source))
    if (latest !== undefined) latest.bytecode = written
    return
  }
  const unmade = quotedPath(
    /^# could not create ('[^']*\/__pycache__'|"[^"]*\/__pycache__"):/.exec(line)?.[1]
  )
  if (unmade !== undefined) {
    const latest = state.loading
      .slice(-reach)
      .findLast(({ source }) => source !== undefined && unmade === `${posix.dirname(source)}/__pycache__`)
    if (latest !== undefined) latest.bytecodeDirectory = unmade
    return
  }
  const ended = /^import '([^']{1,500})' # <\S*(?:SourceFileLoader|SourcelessFileLoader) object at /.exec(
    line
  )?.[1]
  if (ended !== undefined) end(ended, state)
}

function begin(entry: Loading, state: State): void {
  state.loading.push(entry)
  const name = lastPart(stemOf(entry.source ?? entry.bytecode ?? ''))
  const others = state.open.get(name)
  if (others === undefined) state.open.set(name, [entry])
  else others.push(entry)
}

/** Names the code that an import ended: the latest whose file fits the whole name, else its last part. */
function end(name: string, state: State): void {
  const parts = name.split('.')
  const open = state.open.get(parts.at(-1) ?? '') ?? []
  if (!parts.every(isName)) return
  const whole = `/${parts.join('/')}`
  const candidates = open.slice(-reach)
  const ended =
    candidates.findLast((entry) => stemOf(entry.source ?? entry.bytecode ?? '').endsWith(whole)) ??
    candidates.at(-1)
  if (ended === undefined) return
  ended.module = name
  open.splice(open.lastIndexOf(ended), 1)
}

/** A module's file without its ending, a package's directory; a prefix's `m.cpython-311.pyc` is `m` too. */
function stemOf(path: string): string {
  return path.replace(/(\.[\w-]+)?\.pyc$|\.py$/, '').replace(/\/__init__$/, '')
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function isName(text: string): boolean {
  return /^[^\s./]+$/.test(text)
}

/** Whether bytecode is that of a source: `…/m.cpython-311.pyc` of `…/m.py`. */
function fits(bytecode: string, source: string | undefined): boolean {
  return source !== undefined && lastPart(bytecode).startsWith(`${lastPart(source).replace(/\.[^.]*$/, '')}.`)
}

/** The absolute path that Python's `repr` wrote; undefined for anything else. */
function quotedPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length < 2 || text.at(0) !== text.at(-1)) return undefined
  return normalAbsolutePath(text.slice(1, -1).replace(/\\([\\'"])/g, '$1'))
}
