import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  type Stats
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { cwd } from 'node:process'
import { isWithin } from './paths.js'
import { LEADS_OUT, type TextFile, type WorkspaceFiles } from './inputs/image-source.js'
import { messageOf } from './thrown.js'

/** The files that inputs name: those of the job's workspace, or of the directory that the command line was called in. */
export function workspaceFiles(environment: NodeJS.ProcessEnv): WorkspaceFiles {
  const is = (path: string, kind: 'isFile' | 'isDirectory'): boolean => found(path)?.[kind]() ?? false
  const workspace = resolve(environment.GITHUB_WORKSPACE ?? cwd())
  return {
    workspace,
    isFile: (path) => is(path, 'isFile'),
    isDirectory: (path) => is(path, 'isDirectory'),
    leadsOut: (path) => leadsOut(path, workspace),
    isOfJob: environment.GITHUB_WORKSPACE !== undefined,
    readText: (path, limit) =>
      leadsOut(path, workspace) ? { kind: 'unreadable', complaint: LEADS_OUT } : readText(path, limit)
  }
}

/** Whether a path in the workspace is somewhere else, by links that a stranger may have committed. */
function leadsOut(path: string, workspace: string): boolean {
  if (!existsSync(workspace)) return false
  const real = realpathSync(workspace)
  // It may be named by the link that leads to it, or by where that leads.
  if (!isWithin(path, workspace) && !isWithin(path, real)) return false
  for (let at = path; ; at = dirname(at)) {
    try {
      return !isWithin(realpathSync(at), real)
    } catch (error) {
      // What is not there yet is made where its directory is; a link that leads nowhere is followed when something is made there.
      if (isThere(at)) return true
      if (at === dirname(at)) throw error
    }
  }
}

/** What is there, through links; undefined also where no path can be: below a file, in a loop, with a name that is too long. */
function found(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Whether something has this name; nothing has one below a file. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function readText(path: string, limit: number): TextFile {
  const unreadable = (complaint: string): TextFile => ({ kind: 'unreadable', complaint })
  const there = found(path)
  if (there?.isFile() !== true) return unreadable(there === undefined ? 'does not exist' : 'is not a file')
  try {
    // What the kernel makes up has no size.
    const content = Buffer.alloc(limit + 1)
    const file = openSync(path, 'r')
    try {
      let length = 0
      for (let read = -1; read !== 0 && length <= limit; length += read)
        read = readSync(file, content, length, content.length - length, null)
      if (length > limit) return unreadable(`is larger than ${limit} bytes`)
      return { kind: 'text', text: content.toString('utf8', 0, length) }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return unreadable(`cannot be read: ${messageOf(error)}`)
  }
}
