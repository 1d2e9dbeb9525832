import { describe, expect, test } from '@jest/globals'
import { catalogue as realCatalogue } from '../../../src/faults/catalogue.js'
import { isMerge, parseInputs, parseMergeInputs } from '../../../src/inputs.js'
import { INPUT_DEFINITIONS } from '../../../src/inputs/definitions.js'
import type { Inputs } from '../../../src/model.js'
import { environmentWith } from './environment.js'

const defaults: Inputs = {
  mode: 'test',
  image: {
    kind: 'build',
    context: '/w',
    file: '/w/Dockerfile',
    buildArgs: [],
    secrets: {},
    cacheFrom: [],
    cacheTo: []
  },
  env: {},
  ports: [],
  options: [],
  command: undefined,
  ready: [],
  startupTimeoutMs: undefined,
  stableForMs: 2000,
  smokeTest: undefined,
  forbidLogs: [],
  volumes: undefined,
  cachePaths: [],
  dataPaths: [],
  faults: ['file-for-directory', 'dangling-symlink', 'foreign-owner', 'stale-bytecode-timestamp', 'killed'],
  bootModes: 'auto',
  replicas: 3,
  previousImage: undefined,
  seedState: [],
  secondBoot: true,
  expectFailures: [],
  strict: false,
  maxParallel: 4,
  failFast: false,
  shard: undefined,
  shards: undefined,
  planFile: undefined,
  scenarioFile: undefined,
  seed: 'cache-crash-test',
  leg: { name: undefined, jobs: undefined },
  comment: { when: 'never' },
  reportDir: '/w/cache-crash-test-report',
  workspace: '/w',
  keep: false
}

describe('defaults', () => {
  test('nothing given: the Dockerfile of the workspace meets the default faults', () => {
    expect(parseInputs({}, environmentWith())).toEqual(defaults)
  })

  test('the defaults of action.yml, passed like values as the runner does, mean the same', () => {
    const raw = Object.fromEntries(
      INPUT_DEFINITIONS.map((definition) => [definition.name, definition.default])
    )
    expect(parseInputs(raw, environmentWith())).toEqual(defaults)
  })

  test('with an image given, they are no build inputs that contradict it', () => {
    const raw = Object.fromEntries(
      INPUT_DEFINITIONS.map((definition) => [definition.name, definition.default])
    )
    const image = { kind: 'reference', reference: 'app:1' }
    expect(parseInputs({ ...raw, image: 'app:1' }, environmentWith())).toEqual({ ...defaults, image })
  })

  test.each([
    { cpus: 0, maxParallel: 1 },
    { cpus: 2, maxParallel: 2 },
    { cpus: 128, maxParallel: 64 }
  ])('$cpus processors run $maxParallel trials at a time', ({ cpus, maxParallel }) => {
    expect(parseInputs({}, environmentWith({ cpus })).maxParallel).toBe(maxParallel)
  })

  test('the real catalogue has a default set, and every family and code can be chosen', () => {
    const environment = environmentWith({ catalogue: realCatalogue })
    expect(parseInputs({}, environment).faults).toEqual(
      realCatalogue.filter((fault) => fault.default).map(({ id }) => id)
    )
    const names = realCatalogue.flatMap(({ id, code, family }) => [id, code, family])
    expect(parseInputs({ faults: names.join('\n') }, environment).faults).toHaveLength(realCatalogue.length)
  })
})

test('a fully specified run', () => {
  const raw = {
    context: './app',
    file: 'app/Dockerfile.gpu',
    target: 'runtime',
    'build-args': 'VERSION=1.2\n\nHTTP_PROXY',
    secrets: 'npm=abc=def\n"key=first line\nsaid ""second"""',
    'cache-from': 'type=gha\nghcr.io/o/app:cache',
    'cache-to': 'type=gha,mode=max',
    env: '# for the model\nHF_HOME=/workspace/hf\nEMPTY\nTOKEN\nURL=http://x/?a=b',
    ports: '8000\n9000/tcp\n8080:80\n127.0.0.1:8081:80\n127.0.0.1::81',
    options: '--memory 1g \\\n  -it --health-cmd "curl -f http://localhost/" --pids-limit -1 -eA=b',
    command: 'python -m \'my app\' ""',
    ready:
      'healthcheck\nhttp://:8000/health?full=1\nhttp://:8001\ntcp://:5432\nlog:/listening/i\nlog:ready to serve\nexec:redis-cli "ping"',
    'startup-timeout': '2m',
    'stable-for': '500ms',
    'smoke-test': 'curl -f "$BASE_URL/health"\n./check.sh',
    'forbid-logs': '/out of memory/i\nTraceback',
    volumes: '/workspace/\n/data',
    'cache-paths': '/root//.cache\n/workspace',
    'data-paths': '/workspace/uploads',
    faults: 'all\n!C3',
    'boot-modes': 'concurrent\nrecreate',
    replicas: '16',
    'second-boot': 'False',
    'expect-failures': 'dangling-symlink@/root/.cache/recreate\nkilled@container/restart',
    strict: 'TRUE',
    'max-parallel': '64',
    'fail-fast': 'true',
    mode: 'plan',
    shards: '8',
    seed: 'another one',
    leg: '{"base":"python:3.11-slim","shard":"2/4","gpu":false}',
    'matrix-jobs': '8',
    comment: 'on-failure',
    'github-token': 'ghs_secret',
    'report-dir': '/tmp/report'
  }
  expect(parseInputs(raw, environmentWith({ keep: true }))).toEqual({
    mode: 'plan',
    image: {
      kind: 'build',
      context: '/w/app',
      file: '/w/app/Dockerfile.gpu',
      target: 'runtime',
      buildArgs: ['VERSION=1.2', 'HTTP_PROXY'],
      secrets: { npm: 'abc=def', key: 'first line\nsaid "second"' },
      cacheFrom: ['type=gha', 'ghcr.io/o/app:cache'],
      cacheTo: ['type=gha,mode=max']
    },
    env: { HF_HOME: '/workspace/hf', EMPTY: '', TOKEN: 'from-the-runner', URL: 'http://x/?a=b' },
    ports: [8000, 9000, 80, 81],
    options: [
      ...['--memory', '1g', '-it', '--health-cmd', 'curl -f http://localhost/', '--pids-limit', '-1', '-eA=b']
    ],
    command: ['python', '-m', 'my app', ''],
    ready: [
      { kind: 'healthcheck' },
      { kind: 'http', port: 8000, path: '/health?full=1' },
      { kind: 'http', port: 8001, path: '/' },
      { kind: 'tcp', port: 5432 },
      { kind: 'log', pattern: 'listening', flags: 'i' },
      { kind: 'log', pattern: 'ready to serve', flags: '' },
      { kind: 'exec', command: ['redis-cli', 'ping'] }
    ],
    startupTimeoutMs: 120_000,
    stableForMs: 500,
    smokeTest: 'curl -f "$BASE_URL/health"\n./check.sh',
    forbidLogs: [
      { pattern: 'out of memory', flags: 'i' },
      { pattern: 'Traceback', flags: '' }
    ],
    volumes: ['/workspace', '/data'],
    cachePaths: ['/root/.cache', '/workspace'],
    dataPaths: ['/workspace/uploads'],
    faults: [
      'file-for-directory',
      'dangling-symlink',
      'symlink-to-volume',
      'foreign-owner',
      'killed',
      'jit-json-cut',
      'database-zeroed',
      'postmaster-pid',
      'foreign-module'
    ],
    bootModes: ['recreate', 'concurrent'],
    replicas: 16,
    previousImage: undefined,
    seedState: [],
    secondBoot: false,
    expectFailures: ['dangling-symlink@/root/.cache/recreate', 'killed@container/restart'],
    strict: true,
    maxParallel: 64,
    failFast: true,
    shard: undefined,
    shards: 8,
    planFile: undefined,
    scenarioFile: undefined,
    seed: 'another one',
    leg: { name: 'python:3.11-slim, 2/4, false', jobs: 8 },
    comment: { when: 'on-failure', token: 'ghs_secret' },
    reportDir: '/tmp/report',
    workspace: '/w',
    keep: true
  })
})

describe('the leg of a matrix', () => {
  test.each([
    ['null', undefined, undefined],
    ['{}', undefined, undefined],
    ['nightly', undefined, 'nightly'],
    ['{"base":"a","python":3.13}', undefined, 'a, 3.13'],
    ['{"base":"a","part":"2/4"}', '2/4', 'a'],
    ['{"base":"a","shard":2}', '2/4', 'a'],
    ['{"base":"a","python":2}', '2/4', 'a, 2'],
    ['{"shard":"2/4"}', '2/4', undefined]
  ])('%s with shard %s is called %s', (leg, shard, name) => {
    const raw = { leg, ...(shard === undefined ? {} : { shard }) }
    expect(parseInputs(raw, environmentWith()).leg.name).toBe(name)
  })
})

describe('joining reports', () => {
  test('asks for no image, and for nothing else of a test', () => {
    const raw = { mode: 'merge', 'merge-from': 'app', strict: 'true', context: 'nowhere' }
    expect(isMerge(raw)).toBe(true)
    expect(parseMergeInputs(raw, environmentWith())).toEqual({
      reports: '/w/app',
      strict: true,
      reportDir: '/w/cache-crash-test-report',
      comment: { when: 'never' }
    })
  })

  test('needs the directory, and says everything that is wrong at once', () => {
    const raw = { mode: 'merge', comment: 'always', 'report-dir': '/', merge: 'x' }
    expect(() => parseMergeInputs(raw, environmentWith())).toThrow(
      /merge: there is no such input[^]*merge-from: "cache-crash-test-reports" is not a directory[^]*report-dir: "\/" holds[^]*github-token: is needed/
    )
  })
})

describe('the build', () => {
  test.each([
    { context: '/outside', file: '/outside/Dockerfile' },
    { context: '../outside', file: '/outside/Dockerfile' }
  ])('may take its context from $context, outside the workspace', ({ context, file }) => {
    expect(parseInputs({ context }, environmentWith()).image).toMatchObject({ context: '/outside', file })
  })

  test.each([
    'https://example.com/app.tar.gz',
    'https://github.com/owner/app.git#main:docker',
    'git@github.com:owner/app.git',
    'git://example.com/app',
    'ssh://git@example.com/app',
    'github.com/owner/app'
  ])('leaves the context %s and the Dockerfile in it to the builder', (context) => {
    expect(parseInputs({ context }, environmentWith()).image).toMatchObject({ context, file: 'Dockerfile' })
    expect(parseInputs({ context, file: 'a/b' }, environmentWith()).image).toMatchObject({ file: 'a/b' })
  })

  test.each([
    'app',
    'App.example.com/app',
    'localhost:5000/a/b_c/d-e:V1.2_3',
    '[::1]:5000/app',
    'a__b.c',
    'ghcr.io/owner/app:1.2@sha256:' + 'a'.repeat(64),
    'sha256:' + '0'.repeat(64),
    '0123456789ab'
  ])('is not needed for the image %s', (image) => {
    expect(parseInputs({ image }, environmentWith()).image).toEqual({ kind: 'reference', reference: image })
  })

  test.each(['a/', '/a', 'a//b', 'A', 'a:b:c', 'a@b@c', 'a:', '-a', 'http://a/b', 'a b', 'a:-b', 'x.y:z/a'])(
    'is needed for %j, which names no image',
    (image) => {
      expect(() => parseInputs({ image }, environmentWith())).toThrow('is not an image reference')
    }
  )
})

describe('faults', () => {
  const chosen: readonly (readonly [faults: string, ids: readonly string[]])[] = [
    ['killed\nfile-for-directory', ['file-for-directory', 'killed']],
    ['C3', ['stale-bytecode-timestamp', 'stale-bytecode-unchecked']],
    ['c3', ['stale-bytecode-timestamp', 'stale-bytecode-unchecked']],
    ['shape', ['file-for-directory', 'dangling-symlink', 'symlink-to-volume']],
    ['skew', ['foreign-module']],
    ['node', ['foreign-module']],
    ['database', ['database-zeroed', 'postmaster-pid']],
    ['database\n!lock', ['database-zeroed']],
    [
      'jit\nall\n!database\n!node\n!default',
      ['symlink-to-volume', 'stale-bytecode-unchecked', 'jit-json-cut']
    ],
    ['!C3\n! shape', ['foreign-owner', 'killed']],
    ['killed\nkilled\nA9', ['killed']],
    ['killed\n# not now: shape', ['killed']]
  ]

  test.each(chosen)('%j selects them in the order of the catalogue', (faults, ids) => {
    expect(parseInputs({ faults }, environmentWith()).faults).toEqual(ids)
  })
})

test('a shard of a plan that another job made', () => {
  const plan = {
    schemaVersion: 1,
    tool: { name: 'cache-crash-test', version: '1.0.0' },
    image: { reference: 'app', id: 'sha256:1' },
    controlSeconds: 1,
    estimatedSeconds: 20,
    shards: [
      { shard: 1, estimatedSeconds: 10 },
      { shard: 2, estimatedSeconds: 10 }
    ],
    scenarios: [
      {
        id: 'killed@container/restart',
        shard: 2,
        planted: 'a',
        expectation: 'recover',
        estimatedSeconds: 10
      },
      {
        id: 'killed@container/recreate',
        shard: 1,
        planted: 'a',
        expectation: 'recover',
        estimatedSeconds: 10
      }
    ],
    omissions: []
  }
  const environment = environmentWith({
    readText: (path) =>
      path === '/w/plan/plan.json'
        ? { kind: 'text', text: JSON.stringify(plan) }
        : { kind: 'unreadable', complaint: 'does not exist' }
  })
  expect(parseInputs({ shard: '2/2', 'plan-file': 'plan/plan.json' }, environment)).toMatchObject({
    mode: 'test',
    shard: { index: 2, total: 2 },
    planFile: {
      shards: 2,
      scenarios: [
        { id: 'killed@container/restart', shard: 2 },
        { id: 'killed@container/recreate', shard: 1 }
      ]
    }
  })
  expect(() => parseInputs({ shard: '2/3', 'plan-file': 'plan/plan.json' }, environment)).toThrow(
    'shard: "2/3" is a part of 3, and the plan in plan-file has 2; accepted: I/2'
  )
})
