import { rewritten } from './damaged-files.js'
import { cutInHalf, emptied, fileFault, inCache } from './files.js'
import type { Fault, Signature } from '../model.js'

const triton = fileFault({
  id: 'triton-json-empty',
  code: 'E1',
  family: 'jit',
  packs: ['jit'],
  title: 'The descriptions of compiled Triton kernels are empty',
  looksFor: 'descriptions in a Triton cache (.triton/cache/*/*.json)',
  words: 'emptied',
  isOne: inCache(/\/\.triton\/cache\//, ['TRITON_CACHE_DIR', 'TRITON_HOME'], /\.json$/),
  damage: emptied,
  signatures: [
    {
      pattern: String.raw`JSONDecodeError|Expecting value: line 1 column 1`,
      cause: 'A description of a compiled kernel is empty, as a full disk or a killed process leaves it.',
      remedy:
        'Delete the Triton cache when reading it fails; keep TRITON_CACHE_DIR off volumes that outlive a deploy.'
    }
  ],
  evidence: ['triton-lang/triton#2688', 'pytorch/pytorch#173679'],
  remedy: 'Treat an unreadable entry as a miss: delete it and compile again.'
})

const vllm = fileFault({
  id: 'vllm-compile-cut',
  code: 'E2',
  family: 'jit',
  packs: ['jit'],
  title: 'The artifacts of a vLLM compilation are cut in half',
  looksFor: 'artifacts of a vLLM compilation (torch_compile_cache/*)',
  words: 'cut in half',
  isOne: ({ path }) => /\/torch_(?:aot_)?compile(?:_cache)?\//.test(path),
  damage: cutInHalf,
  signatures: [
    {
      pattern: String.raw`corrupted compilation artifact|pickle data was truncated|Ran out of input|JSONDecodeError`,
      cause: 'An artifact of an earlier compilation is cut short.',
      remedy: 'Delete torch_compile_cache when loading from it fails, and compile again.'
    }
  ],
  evidence: ['ls1intum/edutelligence#579', 'ls1intum/edutelligence#580'],
  remedy: 'When loading from the compilation cache fails, delete it and start once more without it.'
})

const NUMBA: readonly Signature[] = [
  {
    pattern: String.raw`Ran out of input|pickle data was truncated|EOFError|UnpicklingError`,
    cause: 'A cache file of numba is cut short; numba does not take that for a miss.',
    remedy: 'Delete NUMBA_CACHE_DIR when importing fails, or keep it off volumes that outlive a deploy.'
  }
]

const numbaIndex = fileFault({
  id: 'numba-index-cut',
  code: 'E3',
  family: 'jit',
  packs: ['jit'],
  title: 'The indices of a numba cache are cut in half',
  looksFor: 'indices of a numba cache (*.nbi)',
  words: 'cut in half',
  isOne: ({ path }) => path.endsWith('.nbi'),
  damage: cutInHalf,
  signatures: NUMBA,
  evidence: ['numba/numba#10434'],
  remedy: 'Delete the cache when a cached function cannot be loaded, and compile it again.'
})

const numbaCode = fileFault({
  id: 'numba-code-cut',
  code: 'E3',
  family: 'jit',
  packs: ['jit'],
  title: 'The machine code of a numba cache is cut in half',
  looksFor: 'machine code of a numba cache (*.nbc)',
  words: 'cut in half',
  isOne: ({ path }) => path.endsWith('.nbc'),
  damage: cutInHalf,
  signatures: NUMBA,
  evidence: ['numba/numba#10434'],
  remedy: 'Delete the cache when a cached function cannot be loaded, and compile it again.'
})

const FONT_LIST = inCache(/\/matplotlib\//, ['MPLCONFIGDIR'], /^fontlist-.*\.json$/)

const fontList = fileFault({
  id: 'matplotlib-fontlist-cut',
  code: 'E4',
  family: 'jit',
  packs: ['jit'],
  title: 'The font list of matplotlib is cut in half',
  looksFor: 'a font list of matplotlib (fontlist-*.json)',
  words: 'cut in half',
  isOne: FONT_LIST,
  damage: cutInHalf,
  signatures: [
    {
      pattern: 'Font cache parsing failed|JSONDecodeError',
      cause: 'The font list of matplotlib is cut short.',
      remedy: 'Delete it: matplotlib makes a new one.'
    }
  ],
  evidence: ['matplotlib/matplotlib#12416'],
  remedy: 'Let matplotlib build its font list at build time, in a directory that is no volume.'
})

const fontLock = fileFault({
  id: 'matplotlib-lock',
  code: 'E4',
  family: 'jit',
  packs: ['jit'],
  title: 'The font list of matplotlib is cut in half, and the lock of who was writing it is there',
  looksFor: 'a font list of matplotlib (fontlist-*.json)',
  words: 'cut in half beside a left-over lock',
  isOne: FONT_LIST,
  damage: (file, target, context) => {
    const cut = cutInHalf(file, target, context)
    if (cut === undefined) return undefined
    const lock = { ...rewritten(file, Buffer.alloc(0)), path: `${file.path}.matplotlib-lock` }
    return { ...cut, entries: [...cut.entries, lock] }
  },
  signatures: [
    {
      pattern: String.raw`TimeoutError|Lock error: Matplotlib failed to acquire|matplotlib-lock`,
      cause: 'A killed process left the lock of the font list behind.',
      remedy:
        'Delete *.matplotlib-lock before the first import; a container is the only one that uses its cache.'
    }
  ],
  evidence: ['matplotlib/matplotlib#12416'],
  remedy: 'Delete left-over locks in MPLCONFIGDIR at start-up, or build the font list at build time.'
})

/** Section E of the catalogue: what was compiled once and is loaded ever after. */
export const jitFaults: readonly Fault[] = [triton, vllm, numbaIndex, numbaCode, fontList, fontLock]
