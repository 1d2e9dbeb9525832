import type { ImageFacts } from '../model.js'
import { normalAbsolutePath } from './container-path.js'

/**
 * Variables that move a cache and that the general rule below does not know by their name. Each is in the documentation
 * of the software named.
 */
const known: ReadonlySet<string> = new Set([
  'COREPACK_HOME', // corepack: package managers
  'CYPRESS_CACHE_FOLDER', // Cypress
  'DEEPFACE_HOME', // deepface: weights below .deepface
  'DENO_DIR', // Deno
  'EASYOCR_MODULE_PATH', // EasyOCR: models
  'GENSIM_DATA_DIR', // gensim downloader
  'HF_HOME', // huggingface_hub
  'KERAS_HOME', // Keras: weights and data sets
  'MPLCONFIGDIR', // matplotlib: its font cache too
  'NLTK_DATA', // NLTK: a list of directories
  'NUMBA_CACHE_DIR', // numba
  'PLAYWRIGHT_BROWSERS_PATH', // Playwright
  'PYTHONPYCACHEPREFIX', // CPython
  'SENTENCE_TRANSFORMERS_HOME', // sentence-transformers
  'STANZA_RESOURCES_DIR', // Stanza
  'TORCH_EXTENSIONS_DIR', // torch.utils.cpp_extension
  'TORCH_HOME', // torch.hub
  'TRITON_HOME', // triton: .triton/cache below it
  'U2NET_HOME', // rembg
  'YOLO_CONFIG_DIR' // ultralytics: settings and weights
])

/**
 * `XDG_CACHE_HOME`, `HF_HUB_CACHE`, `PIP_CACHE_DIR`, `VLLM_CACHE_ROOT`, `npm_config_cache`, `GOCACHE`, … The whole name,
 * `CACHE` at its end or before a word for a place.
 */
const namesACache = /CACHE(_?(DIR|DIRECTORY|FOLDER|HOME|PATH|ROOT))?$/i

/** Variables whose value is a list of directories, separated by colons. */
const lists: ReadonlySet<string> = new Set(['NLTK_DATA'])

/**
 * Directories of the Filesystem Hierarchy Standard that hold more than a cache, whatever a variable says: `MPLCONFIGDIR=/tmp`
 * is common, and a file in the place of `/tmp` breaks what never met a cache.
 */
const shared: ReadonlySet<string> = new Set([
  ...'/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root'.split(' '),
  ...'/run /sbin /srv /sys /tmp /usr /usr/local /usr/share /var /var/lib /var/tmp'.split(' ')
])

/** A variable that moves a cache, and where it moves it to. */
type CacheVariable = ImageFacts['cacheEnv'][number]

/**
 * Environment variables that move a cache, with where they move it to, by name: the order of `docker create --env` is not kept
 * (Docker CLI 28, engine 20.10).
 * @param env the environment of the container's process
 * @param own the home and the working directory of the process, which hold its code or its settings, too
 * @returns absolute normalised paths, apart from those that hold more than a cache; relative values, which depend on the
 *   process's directory, are left out
 */
export function readCacheEnv(
  env: Readonly<Record<string, string>>,
  own: readonly string[]
): { readonly caches: readonly CacheVariable[]; readonly shared: readonly CacheVariable[] } {
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))
  const all = variables.flatMap(([name, value]) => {
    if (!known.has(name) && !namesACache.test(name)) return []
    const paths = (lists.has(name) ? value.split(':') : [value]).flatMap(
      (path) => normalAbsolutePath(path) ?? []
    )
    return [...new Set(paths)].map((path) => ({ name, path }))
  })
  const isShared = ({ path }: CacheVariable): boolean => shared.has(path) || own.includes(path)
  return { caches: all.filter((one) => !isShared(one)), shared: all.filter(isShared) }
}
