import { createHash } from 'node:crypto'
import type {
  BootObservation,
  BootOutcome,
  LogCapture,
  Observation,
  Scenario,
  Target,
  Tree,
  TreeEntry
} from '../../../src/model.js'
import type { Standards } from '../../../src/judge/judge.js'

export function file(path: string, words: string): TreeEntry {
  const content = Buffer.from(words)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 1, size: content.length, content, sha256 }
}

export function directory(path: string): TreeEntry {
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 1, size: 0 }
}

export function tree(...entries: TreeEntry[]): Tree {
  return new Map(entries.map((entry) => [entry.path, entry]))
}

export function log(...lines: string[]): LogCapture {
  return { head: lines, tail: [], omittedLines: 0, totalBytes: 0 }
}

const READY: BootOutcome = { kind: 'ready', seconds: 0.4 }
export const CRASH: Extract<BootOutcome, { kind: 'exited' }> = {
  kind: 'exited',
  seconds: 0.2,
  exitCode: 1,
  oomKilled: false
}
export const TIMEOUT: BootOutcome = {
  kind: 'timed-out',
  seconds: 30,
  deadlineSeconds: 30,
  waitingFor: ['tcp://:80 accepts connections: refused']
}

export function boot(over: Partial<BootObservation> = {}): BootObservation {
  const outcome = over.outcome ?? READY
  return {
    container: 'trial-1',
    outcome,
    stability: outcome.kind === 'ready' ? { kind: 'stable' } : undefined,
    smokeTest: undefined,
    forbiddenLog: undefined,
    canary: false,
    log: log(),
    ...over
  }
}

export const SENTINEL = file('/data/sentinel', 'sentinel')
export const UPLOAD = file('/data/upload.txt', 'a user’s upload')

/** A trial that came through: the planted file is a directory again, the data is where it was. */
export function observation(over: Partial<Observation> = {}): Observation {
  return {
    problem: undefined,
    boots: [boot()],
    secondBoot: boot(),
    oldCode: [],
    pathAfter: directory('/data/cache'),
    plantInPlace: false,
    pathTouched: true,
    dataBefore: tree(SENTINEL, UPLOAD),
    dataAfter: { entries: tree(SENTINEL, UPLOAD), truncated: false, cutRoots: [] },
    seconds: 5,
    ...over
  }
}

export function target(over: Partial<Target> = {}): Target {
  return {
    path: '/data/cache',
    role: 'cache',
    source: 'cache-paths',
    volume: '/data',
    entry: directory('/data/cache'),
    tree: tree(directory('/data/cache')),
    parentExists: true,
    used: true,
    inImage: false,
    complete: true,
    learned: [],
    ...over
  }
}

export function scenario(over: Partial<Scenario> = {}): Scenario {
  return {
    id: 'file-for-directory@/data/cache/recreate',
    fault: 'file-for-directory',
    mode: 'recreate',
    target: target(),
    plant: { entries: [file('/data/cache', 'planted')], summary: 'a file' },
    expectation: 'recover',
    ...over
  }
}

export const STANDARDS: Standards = {
  control: { sentinels: tree(SENTINEL), stableFiles: [UPLOAD.path], stableCacheFiles: [] },
  cachePaths: ['/data/cache'],
  dataPaths: []
}
