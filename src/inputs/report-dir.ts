import { isAbsolute, relative, resolve } from 'node:path'
import { LEADS_OUT, type WorkspaceFiles } from './image-source.js'
import type { ProblemList } from './problems.js'

/** @returns the absolute directory that receives the reports; it need not exist */
export function parseReportDir(value: string, files: WorkspaceFiles, problems: ProblemList): string {
  const accepted = 'a directory of its own, inside the workspace or absolute'
  const directory = resolve(files.workspace, value)
  const fromDirectory = relative(directory, files.workspace)
  const holdsWorkspace = !fromDirectory.startsWith('..') && !isAbsolute(fromDirectory)
  if (value.split('/').includes('..')) problems.add('report-dir', value, 'contains ".."', accepted)
  else if (/\p{Cc}/u.test(value)) problems.add('report-dir', value, 'contains a control character', accepted)
  else if (holdsWorkspace) problems.add('report-dir', value, 'holds the whole workspace', accepted)
  else if (files.leadsOut(directory)) problems.add('report-dir', value, LEADS_OUT, accepted)
  else if (files.isFile(directory)) problems.add('report-dir', value, 'is a file', accepted)
  return directory
}
