import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BASES, root } from '../action/runner.js'

const baseNames = z.enum(['python3.9', 'python3.13', 'no-shell'])
export type ExampleBase = z.infer<typeof baseNames>

/** What every example comes out as, the same on each of its bases: verdict and reason of each scenario, and what is left out. */
export const EXAMPLES = z
  .record(
    z.string(),
    z.object({
      bases: z.array(baseNames),
      exitCode: z.int(),
      scenarios: z.record(z.string(), z.string()),
      omissions: z.record(z.string(), z.string())
    })
  )
  .parse(JSON.parse(readFileSync(join(root, '__tests__/fixtures/verdicts/examples.json'), 'utf8')))

const PATHS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gpu-worker': { 'cache-paths': '/root/.cache\n/workspace/docstrange' },
  'manual-space': { 'cache-paths': '/data/manual_store/ocr_cache', 'data-paths': '/data/uploads' }
}

/** Inputs of the action for an example, e.g. `gpu-worker/fragile`, as a workflow step has them. */
export function exampleInputs(name: string, base: ExampleBase): Record<string, string> {
  const [example = ''] = name.split('/')
  return {
    context: `examples/${example}`,
    file: `examples/${name}/Dockerfile`,
    'build-args': `BASE_IMAGE=${BASES[base]}`,
    'stable-for': '500ms',
    ...PATHS[example]
  }
}

/**
 * The incident's loader tries its directory with a file that has one name in every container: of several that start at once
 * one may remove it under the other, on healthy volumes too. What concurrent-start says of that is true, and up to chance.
 */
const RACES_WITH_ITSELF = ['manual-space/fragile', 'manual-space/published-advice']

/** The input `faults` that the table is made with: the default ones, and the link that must be left alone. */
export function tableFaults(name: string): string {
  return ['default', 'symlink-to-volume', ...(RACES_WITH_ITSELF.includes(name) ? ['!concurrency'] : [])].join(
    '\n'
  )
}
