import { resolve } from 'node:path'
import type { MergeInputs } from '../model.js'
import { parseComment } from './comment.js'
import type { WorkspaceFiles } from './image-source.js'
import { ProblemList } from './problems.js'
import { inputReader } from './reader.js'
import { parseReportDir } from './report-dir.js'

/** Whether the inputs ask for reports to be joined, and not for an image to be tested. */
export function isMerge(raw: Readonly<Record<string, string>>): boolean {
  return raw.mode?.trim() === 'merge'
}

/**
 * The inputs of `mode: merge`. Those of a test have no meaning here and are not looked at.
 *
 * @param raw values by input name
 * @throws InputError with every problem there is
 */
export function parseMergeInputs(raw: Readonly<Record<string, string>>, files: WorkspaceFiles): MergeInputs {
  const problems = new ProblemList()
  const { read, when, flag } = inputReader(raw, problems)
  const reports = resolve(files.workspace, read('merge-from') ?? '')
  if (!files.isDirectory(reports)) {
    const hint = 'a directory with the reports, e.g. where actions/download-artifact put them'
    problems.add('merge-from', read('merge-from'), 'is not a directory', hint)
  }
  const inputs: MergeInputs = {
    reports,
    strict: flag('strict'),
    reportDir: when('report-dir', (value) => parseReportDir(value, files, problems)) ?? '',
    comment: parseComment(read('comment') ?? 'never', read('github-token'), problems)
  }
  problems.throwIfAny()
  return inputs
}
