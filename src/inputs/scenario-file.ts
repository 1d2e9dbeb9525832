import { relative, resolve } from 'node:path'
import { LARGEST_SCENARIO_FILE, parseScenarioFile, type KnownFault } from '../plan/scenario-file.js'
import { DEFAULT_SCENARIO_FILE } from './definitions.js'
import type { ScenarioFile } from '../model.js'
import type { WorkspaceFiles } from './image-source.js'
import type { ProblemList } from './problems.js'

/**
 * Reads the scenario file that was named, or the one that is looked for where none is.
 * @returns undefined where there is none, and after a problem
 */
export function readScenarioFile(
  value: string | undefined,
  files: WorkspaceFiles,
  catalogue: readonly KnownFault[],
  problems: ProblemList
): ScenarioFile | undefined {
  const path = resolve(files.workspace, value ?? DEFAULT_SCENARIO_FILE)
  if (value === undefined && !files.isFile(path)) return undefined
  const content = files.readText(path, LARGEST_SCENARIO_FILE)
  const inside = relative(files.workspace, path)
  const name = inside.startsWith('..') ? path : inside
  if (content.kind === 'text') return parseScenarioFile(name, content.text, catalogue, problems)
  problems.add('scenario-file', value ?? name, content.complaint, 'a file of YAML, relative to the workspace')
  return undefined
}
