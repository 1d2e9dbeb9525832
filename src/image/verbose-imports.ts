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
  /** `bytecode`: old code ran if the bytecode was old. `source`: compiled afresh. */
  readonly from: 'bytecode' | 'source'
}

/** What is kept of a log that may be forged. */
const mostRecords = 5000

interface Loading {
  source: string | undefined
  bytecode: string | undefined
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
 *     import 'm' # <_frozen_importlib_external.SourceFileLoader object at 0x…>
 *
 * @param log lines, or text with lines; untrusted
 * @returns at most 5,000 records in the order in which loading began, one for each module and source
 */
export function parseVerboseImports(log: string | readonly string[]): ImportRecord[] {
  const lines = typeof log === 'string' ? log.split('\n') : log
  const loading: Loading[] = []
  /** Code whose import has not ended yet. */
  const open = new Set<Loading>()
  const sourceOf = new Map<string, string>()
  for (const line of lines) {
    if (loading.length >= mostRecords) break
    read(line.replace(/\r$/, ''), loading, open, sourceOf)
  }
  const records = new Map<string, ImportRecord>()
  for (const { source, bytecode, from, module } of loading) {
    const path = source ?? bytecode
    const name = module ?? nameOf(path ?? '')
    if (path === undefined || name === undefined) continue
    const key = `${name}\0${path}`
    const before = records.get(key)
    // A second process may have used what the first one wrote.
    records.set(key, {
      module: name,
      source,
      bytecode: bytecode ?? before?.bytecode,
      from: before?.from ?? from
    })
  }
  return [...records.values()]
}

function read(line: string, loading: Loading[], open: Set<Loading>, sourceOf: Map<string, string>): void {
  const matches = /^# (\/.*\.pyc) matches (\/.*)$/.exec(line)
  if (matches) {
    const [bytecode, source] = [normalAbsolutePath(matches[1] ?? ''), normalAbsolutePath(matches[2] ?? '')]
    if (bytecode !== undefined && source !== undefined && sourceOf.size < mostRecords) {
      sourceOf.set(bytecode, source)
    }
    return
  }
  const used = /^# code object from (['"].*['"])$/.exec(line)
  if (used) {
    const bytecode = normalAbsolutePath(unquote(used[1] ?? '') ?? '')
    if (bytecode === undefined) return
    begin({ source: sourceOf.get(bytecode), bytecode, from: 'bytecode', module: undefined }, loading, open)
    return
  }
  const compiled = /^# code object from (\/.*)$/.exec(line)
  if (compiled) {
    const source = normalAbsolutePath(compiled[1] ?? '')
    if (source === undefined) return
    begin({ source, bytecode: undefined, from: 'source', module: undefined }, loading, open)
    return
  }
  const written = /^# (?:created|wrote|could not create) ('[^']*\.pyc'|"[^"]*\.pyc")(?:$|:)/.exec(line)
  if (written) {
    const bytecode = normalAbsolutePath(unquote(written[1] ?? '') ?? '')
    const latest = [...open].findLast(
      (entry) => entry.from === 'source' && entry.bytecode === undefined && fits(bytecode, entry.source)
    )
    if (bytecode !== undefined && latest !== undefined) latest.bytecode = bytecode
    return
  }
  const ended = /^import '([^']{1,500})' # <\S*(?:SourceFileLoader|SourcelessFileLoader) object at /.exec(
    line
  )
  const name = ended?.[1]
  if (name === undefined || !/^[^\s./]+(\.[^\s./]+)*$/.test(name)) return
  const latest = closest(name, open)
  if (latest === undefined) return
  latest.module = name
  open.delete(latest)
}

function begin(entry: Loading, loading: Loading[], open: Set<Loading>): void {
  loading.push(entry)
  open.add(entry)
}

/** The code that an import of this name ended: the latest whose file fits the whole name, else its last part. */
function closest(name: string, open: Set<Loading>): Loading | undefined {
  const candidates = [...open]
  const parts = name.split('.')
  for (const suffix of [parts.join('/'), parts.at(-1) ?? '']) {
    const found = candidates.findLast((entry) => {
      const stem = stemOf(entry.source ?? entry.bytecode ?? '')
      return stem.endsWith(`/${suffix}`)
    })
    if (found !== undefined) return found
  }
  return undefined
}

/** A module's file without its ending, a package's directory. */
function stemOf(path: string): string {
  return path.replace(/\.pyc?$/, '').replace(/\/__init__$/, '')
}

function nameOf(path: string): string | undefined {
  const name = stemOf(path).split('/').at(-1)
  return name !== undefined && /^[^\s.]+$/.test(name) ? name : undefined
}

/** Whether bytecode is that of a source: `…/m.cpython-311.pyc` of `…/m.py`. */
function fits(bytecode: string | undefined, source: string | undefined): boolean {
  const stem = source
    ?.split('/')
    .at(-1)
    ?.replace(/\.[^.]*$/, '')
  return stem !== undefined && (bytecode?.split('/').at(-1)?.startsWith(`${stem}.`) ?? false)
}

/** The string that Python's `repr` wrote, for what occurs in paths; undefined for anything else. */
function unquote(text: string): string | undefined {
  const quote = text.at(0)
  if (text.length < 2 || quote !== text.at(-1)) return undefined
  return text.slice(1, -1).replace(/\\([\\'"])/g, '$1')
}
