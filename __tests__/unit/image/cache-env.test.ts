import { describe, expect, test } from '@jest/globals'
import { readCacheEnv } from '../../../src/image/cache-env.js'

const caches = (env: Record<string, string>): unknown => readCacheEnv(env, []).caches

describe('environment that moves caches', () => {
  test.each([
    ...['XDG_CACHE_HOME', 'HF_HOME', 'HF_HUB_CACHE', 'TRANSFORMERS_CACHE', 'TORCH_HOME', 'MPLCONFIGDIR'],
    ...['NUMBA_CACHE_DIR', 'PIP_CACHE_DIR', 'NLTK_DATA', 'TIKTOKEN_CACHE_DIR', 'TRITON_CACHE_DIR'],
    ...[
      'PYTHONPYCACHEPREFIX',
      'npm_config_cache',
      'UV_CACHE_DIR',
      'GOCACHE',
      'GOMODCACHE',
      'VLLM_CACHE_ROOT'
    ],
    ...[
      'FASTEMBED_CACHE_PATH',
      'YARN_CACHE_FOLDER',
      'SENTENCE_TRANSFORMERS_HOME',
      'PLAYWRIGHT_BROWSERS_PATH'
    ],
    ...['PUPPETEER_CACHE_DIR', 'MY_APP_CACHE', 'MY_APP_CACHE_DIR', 'CACHE_DIR', 'CACHEDIR', 'CACHE']
  ])('%s', (name) => {
    expect(caches({ [name]: '/data/cache' })).toEqual([{ name, path: '/data/cache' }])
  })

  test.each<[string, Record<string, string>]>([
    ['other names', { PATH: '/bin', HOME: '/root', CACHE_SIZE: '/9', CACHED_AT: '/x', CARGO_HOME: '/c' }],
    ['switches', { ENABLE_CACHE: 'true', HTTP_CACHE: '1', DISABLE_CACHE: '' }],
    [
      'relative paths and URLs',
      { A_CACHE: 'cache', B_CACHE: './x', REDIS_CACHE: 'redis://x', C_CACHE: '~/x' }
    ]
  ])('%s move none', (_, env) => {
    expect(readCacheEnv(env, [])).toEqual({ caches: [], shared: [] })
  })

  test('what holds more than a cache is told apart: system directories, the home and the working directory', () => {
    const env = {
      A_CACHE: '/',
      B_CACHE: '/usr/',
      C_CACHE: '/data/../',
      MPLCONFIGDIR: '/tmp',
      HF_HOME: '/app'
    }
    const shared = [
      ...[
        { name: 'A_CACHE', path: '/' },
        { name: 'B_CACHE', path: '/usr' },
        { name: 'C_CACHE', path: '/' }
      ],
      ...[
        { name: 'HF_HOME', path: '/app' },
        { name: 'MPLCONFIGDIR', path: '/tmp' }
      ]
    ]
    expect(readCacheEnv(env, ['/home/app', '/app'])).toEqual({ caches: [], shared })
    expect(caches({ MPLCONFIGDIR: '/tmp/mpl', HF_HOME: '/app/models' })).toHaveLength(2)
  })

  test('a list is split, and each directory is there once', () => {
    expect(caches({ NLTK_DATA: '/a:/b/:relative::/a' })).toEqual([
      { name: 'NLTK_DATA', path: '/a' },
      { name: 'NLTK_DATA', path: '/b' }
    ])
  })

  test('paths are normalised', () => {
    expect(caches({ HF_HOME: '//data/./x/../hf//' })).toEqual([{ name: 'HF_HOME', path: '/data/hf' }])
  })
})
