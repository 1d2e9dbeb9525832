import { canaryStatement } from '../canary.js'
import { isWithin } from '../paths.js'
import type { Fault, ModuleBytecode, PlantContext, Target, TreeEntry } from '../model.js'

/** A module of the real start-up whose source the image itself put on a volume. */
interface Shadowed {
  readonly module: ModuleBytecode
  readonly source: TreeEntry & { readonly content: Buffer }
}

const SETTINGS = /(?:conf|config|configuration|settings?|local|options|prefs)(?:[._-][^/]*)?\.py$/i

/** Whether a file has settings in Python. They belong to who runs the image, not to the release: old ones are meant to be read. */
export function isSettings(path: string): boolean {
  return SETTINGS.test(path)
}

function shadowed(target: Target, context: PlantContext): Shadowed[] {
  if (target.volume === undefined || context.imports.kind === 'unknown') return []
  const { tree } = context.volumes.find(({ mount }) => mount === target.volume) ?? target
  const added = new Set(context.addedPaths)
  return context.imports.bytecode.flatMap((module) => {
    const source = tree.get(module.source)
    if (!isWithin(module.source, target.path) || source?.type !== 'file') return []
    const { content } = source
    // What start-up wrote may be a plugin or a setting of a user; what came with the image is its code.
    if (content === undefined || added.has(module.source) || isSettings(module.source)) return []
    return [{ module, source: { ...source, content } }]
  })
}

/** At the end of a module: what follows a complete module is always a statement of its own. */
function withCanary(content: Buffer, canary: string): Buffer {
  return Buffer.concat([content, Buffer.from(canaryStatement(canary))])
}

/** Old code on a volume that lies over the code of the image. */
export const shadowedCode: Fault = {
  id: 'shadowed-code',
  code: 'C4',
  family: 'bytecode',
  title: 'Source code of the last release on a volume that lies over the code',
  default: true,
  aim: 'bytecode',
  looksFor: 'modules of the real start-up that the image keeps on a volume',
  applies(target, context) {
    if (context.facts.python === undefined) return { reason: 'the image has no Python' }
    if (context.imports.kind === 'unknown') return { reason: context.imports.reason }
    if (shadowed(target, context).length > 0) return true
    return { reason: `Python in this image imports none of the image’s own code from ${target.path}` }
  },
  plant(target, context) {
    const found = shadowed(target, context)
    const names = found.map(({ module }) => module.source)
    const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
    return {
      entries: found.map(({ source }) => {
        const content = withCanary(source.content, context.canary)
        const { path, mode, uid, gid } = source
        // A day older, as the last release is; bytecode of the healthy run does not match it.
        return {
          path,
          type: 'file',
          mode,
          uid,
          gid,
          mtime: source.mtime - 86_400,
          size: content.length,
          content
        }
      }),
      summary: `source of the last release: ${names.slice(0, 3).join(', ')}${more}`
    }
  },
  expects: () => 'recover',
  signatures: [],
  evidence: ['openziti/ziti#912', 'indico/indico-containers#73'],
  remedy:
    'Keep code in the image and data on volumes. Where code must be on a volume, compare a version marker at start-up and replace it.'
}
