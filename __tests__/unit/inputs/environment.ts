import type { InputEnvironment } from '../../../src/inputs.js'
import type { CatalogueEntry } from '../../../src/inputs/fault-selection.js'

export const catalogue: readonly CatalogueEntry[] = [
  { id: 'file-for-directory', code: 'A1', family: 'shape', default: true, aim: 'path' },
  { id: 'dangling-symlink', code: 'A2', family: 'shape', default: true, aim: 'path' },
  { id: 'symlink-to-volume', code: 'A8', family: 'shape', default: false, aim: 'path' },
  { id: 'foreign-owner', code: 'B1', family: 'access', default: true, aim: 'path' },
  { id: 'stale-bytecode-timestamp', code: 'C3', family: 'bytecode', default: true, aim: 'path' },
  { id: 'stale-bytecode-unchecked', code: 'C3', family: 'bytecode', default: false, aim: 'path' },
  { id: 'killed', code: 'A9', family: 'crash', default: true, aim: 'container' },
  { id: 'jit-json-cut', code: 'E1', family: 'jit', default: false, aim: 'path', packs: ['jit'] },
  { id: 'database-zeroed', code: 'G1', family: 'database', default: false, aim: 'path', packs: ['database'] },
  { id: 'postmaster-pid', code: 'H2', family: 'lock', default: false, aim: 'path', packs: ['database'] },
  {
    id: 'foreign-module',
    code: 'J3',
    family: 'skew',
    default: false,
    aim: 'path',
    packs: ['node', 'python-data']
  }
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
    leadsOut: (path) => path === '/w/linked',
    isOfJob: true,
    ...overrides
  }
}
