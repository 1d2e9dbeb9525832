const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  setupFilesAfterEnv: ['<rootDir>/__tests__/setup.ts']
}

/** @type {import('jest').Config} */
export default {
  // Runs of the action at a time, in test.concurrent: enough to use two processors while some of them only wait. Two test
  // files at a time were slower.
  maxConcurrency: 3,
  collectCoverageFrom: ['src/**'],
  coverageProvider: 'v8',
  projects: [
    // The pure core: no Docker, milliseconds.
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/__tests__/unit/**/*.test.ts'] },
    // Parts that talk to a real engine.
    { ...shared, displayName: 'docker', testMatch: ['<rootDir>/__tests__/docker/**/*.test.ts'] },
    // The HTML report in headless Chromium.
    { ...shared, displayName: 'browser', testMatch: ['<rootDir>/__tests__/browser/**/*.test.ts'] },
    // dist/ executed as a runner executes it.
    { ...shared, displayName: 'action', testMatch: ['<rootDir>/__tests__/action/**/*.test.ts'] },
    // The projects below are commands of their own, since they take long: `script/test PROJECT`.
    // dist/ with hostile images, engines that fail, and runs that are ended.
    {
      ...shared,
      displayName: 'reliability',
      testMatch: ['<rootDir>/__tests__/reliability/**/*.test.ts']
    },
    // As before, every detector on an image that fails and on one that does not.
    { ...shared, displayName: 'verdicts', testMatch: ['<rootDir>/__tests__/verdicts/**/*.test.ts'] },
    // As before, on images with heavy software and on ones that wait for ever: takes longer.
    { ...shared, displayName: 'software', testMatch: ['<rootDir>/__tests__/software/**/*.test.ts'] }
  ]
}
