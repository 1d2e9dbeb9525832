import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { root } from '../action/runner.js'
import { PAIRS } from './pairs.js'
import type { Fault } from '../../src/model.js'

const cell = z.object({ image: z.string(), verdict: z.string(), suite: z.enum(['verdicts', 'software']) })

/** For every fault the image that fails on it and the one that does not, as `script/detection-matrix.mjs` keeps them. */
export type DetectionMatrix = Readonly<
  Record<string, { fragile: z.infer<typeof cell>; hardened: z.infer<typeof cell> }>
>

/** @throws ZodError where a fault has only one of the two */
export function readDetectionMatrix(): DetectionMatrix {
  const text = readFileSync(join(root, '__tests__/fixtures/verdicts/detection-matrix.json'), 'utf8')
  return z.record(z.string(), z.object({ fragile: cell, hardened: cell })).parse(JSON.parse(text))
}

/** `docs/detection-matrix.md`. */
export function renderDetectionMatrix(faults: readonly Fault[], matrix: DetectionMatrix): string {
  const rows = faults.flatMap(({ id, code }) => {
    const cells = matrix[id]
    if (cells === undefined) return []
    const { fragile, hardened } = cells
    return [
      `| ${code} [\`${id}\`](faults.md#${id}) | ${what(fragile.image)} | ${fragile.verdict} | ${what(hardened.image)} | ${hardened.verdict} | ${realSoftware(id)} |`
    ]
  })
  return `# The detection matrix

For every fault that is planted: an image that fails on it, and one that comes through. Both are run for real; at the end of
\`script/test verdicts\` each cell must have been seen again, those marked with * at the end of \`script/test software\`.

An _example_ is in [examples](../examples), an _imitation_ is a small script in [fixtures/images](../__tests__/fixtures/images) that
behaves as software was seen to, and _real_ is software from Debian in [fixtures/software](../__tests__/fixtures/software). The last column
names the real software that was seen to fail on the fault and, hardened, to come through; [evidence.md](evidence.md) says how, and which
tests hold it.

<!-- prettier-ignore -->
| fault | fragile | comes out as | hardened | comes out as | both ways with real software |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

\`UPDATE=1 npm run jest -- --selectProjects unit\` writes this page from
[detection-matrix.json](../__tests__/fixtures/verdicts/detection-matrix.json), and \`script/detection-matrix.mjs write\` that file.
`

  function what(image: string): string {
    const name = image.replace(/ \(.*/, '')
    if (name.startsWith('examples/')) return `example \`${image.slice('examples/'.length)}\``
    const isReal = existsSync(join(root, '__tests__/fixtures/software', name))
    const later = [...Object.values(matrix)]
      .flatMap(({ fragile, hardened }) => [fragile, hardened])
      .some((one) => one.image === image && one.suite === 'software')
    return `${isReal ? 'real' : 'imitation'} \`${image}\`${later ? ' *' : ''}`
  }
}

/** The software whose pairs have a cell of this fault. */
function realSoftware(fault: string): string {
  return PAIRS.filter(({ cells }) => cells.some(({ scenario }) => scenario.startsWith(`${fault}@`)))
    .map(({ software }) => software)
    .join(', ')
}
