export const CANARY = 'cache-crash-test-canary'
/** Of trials on a `FakeDocker`: what the control learned is nothing, and a boot is ready once it says so. */
export const CONDITIONS = {
  control: {
    readySeconds: 0.1,
    secondReadySeconds: 0.1,
    ignoresStopSignal: false,
    writtenPaths: [],
    addedPaths: [],
    seededPaths: [],
    volumes: [],
    stableFiles: [],
    stableCacheFiles: [],
    locks: new Map(),
    sentinels: new Map(),
    notes: []
  },
  checks: [{ kind: 'log', pattern: '^ready$', flags: '' }],
  deadlineMs: 200,
  smokeTestMs: 200,
  secondBoot: false,
  replicas: 2,
  seedState: [],
  dataPaths: [],
  previous: undefined,
  python: undefined,
  canary: CANARY
} as const
