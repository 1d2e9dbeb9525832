import type { InputEnvironment } from '../../../src/inputs.js'
import type { CatalogueEntry } from '../../../src/inputs/fault-selection.js'

export const catalogue: readonly CatalogueEntry[] = [
  { id: 'file-for-directory', code: 'A1', family: 'shape', default: true },
  { id: 'dangling-symlink', code: 'A2', family: 'shape', default: true },
  { id: 'symlink-to-volume', code: 'A8', family: 'shape', default: false },
  { id: 'foreign-owner', code: 'B1', family: 'access', default: true },
  { id: 'stale-bytecode-timestamp', code: 'C3', family: 'bytecode', default: true },
  { id: 'stale-bytecode-unchecked', code: 'C3', family: 'bytecode', default: false },
  { id: 'killed', code: 'A9', family: 'crash', default: true },
  { id: 'jit-json-cut', code: 'E1', family: 'jit', default: false, packs: ['jit'] },
  { id: 'database-zeroed', code: 'G1', family: 'database', default: false, packs: ['database'] },
  { id: 'postmaster-pid', code: 'H2', family: 'lock', default: false, packs: ['database'] },
  { id: 'foreign-module', code: 'J3', family: 'skew', default: false, packs: ['node', 'python-data'] }
]

const files = new Set(['/w/Dockerfile', '/w/app/Dockerfile.gpu', '/w/notes.txt', '/outside/Dockerfile'])
const directories = new Set(['/w', '/w/app', '/w/empty', '/outside', '/'])

/** A workspace at /w that needs no disk. */
export function environmentWith(overrides: Partial<InputEnvironment> = {}): InputEnvironment {
  return {
    workspace: '/w',
    cpus: 4,
    variables: { TOKEN: 'from-the-runner', EMPTY: '' },
    catalogue,
    keep: false,
    isFile: (path) => files.has(path),
    readText: () => ({ kind: 'unreadable', complaint: 'does not exist' }),
    isDirectory: (path) => directories.has(path),
    ...overrides
  }
}
