import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { failedBuild, lostItsParent, readFailure } from '../../../src/image/build-error.js'

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/build/${name}.log`, import.meta.url), 'utf8')

describe('what a failing build says', () => {
  test.each([
    ['buildx/failing-step', /^\[stage-1 1\/1\] RUN echo "installing/, /exit code: 3$/],
    ['buildkit/failing-step', /^\[stage-1 1\/1\] RUN echo "installing/, /exit code: 3$/],
    ['legacy/failing-step', /^\[5\/5\] RUN echo "installing/, /returned a non-zero code: 3$/]
  ])('%s: the step, its last lines and the error', (name, step, last) => {
    const failure = readFailure(fixture(name))
    expect(failure.step).toMatch(step)
    expect(failure.lines).toHaveLength(20)
    expect(failure.lines.at(-3)).toBe('line 25')
    expect(failure.lines.at(-2)).toBe('error: no such package: left-pad')
    expect(failure.lines.at(-1)).toMatch(last)
  })

  test.each([
    ['buildx/missing-file', '[2/2] COPY no-such-file /app/', '"/no-such-file" not found: not found'],
    ['buildkit/missing-file', '[2/2] COPY no-such-file /app/', '"/no-such-file" not found: not found'],
    [
      'legacy/missing-file',
      '[3/3] COPY no-such-file /app/',
      'COPY failed: file not found in build context or excluded by .dockerignore: stat no-such-file: file does not exist'
    ],
    [
      'buildx/newer-failing-step',
      '[3/3] RUN npm ci',
      'process "/bin/sh -c npm ci" did not complete successfully: exit code: 1'
    ]
  ])('%s: the step and its error', (name, step, last) => {
    const failure = readFailure(fixture(name))
    expect(failure.step).toBe(step)
    expect(failure.lines.at(-1)).toContain(last)
  })

  test.each([
    ['buildx/bad-syntax', 'unknown instruction: FRUM'],
    ['buildkit/bad-syntax', 'unknown instruction: FRUM'],
    ['legacy/bad-syntax', 'unknown instruction: FRUM'],
    ['buildx/bad-target', 'target stage nope could not be found'],
    ['buildkit/bad-target', 'target stage nope could not be found'],
    ['legacy/bad-target', 'failed to reach build target nope']
  ])('%s: the error where no step ran', (name, last) => {
    const failure = readFailure(fixture(name))
    expect(failure.step).toBeUndefined()
    expect(failure.lines.at(-1)).toContain(last)
    expect(failure.lines.join('\n')).not.toContain('transferring')
  })

  test('a failure without output is still an error', () => {
    expect(failedBuild(1, '')).toMatchObject({
      name: 'BuildError',
      message: 'the image could not be built: docker exited with code 1 and printed nothing',
      exitCode: 1,
      step: undefined,
      lines: []
    })
  })

  test('the message reads as a whole', () => {
    expect(failedBuild(1, fixture('buildx/newer-failing-step')).message).toBe(
      [
        'the image could not be built: docker exited with code 1 at [3/3] RUN npm ci',
        '  npm error code EUSAGE',
        '  process "/bin/sh -c npm ci" did not complete successfully: exit code: 1'
      ].join('\n')
    )
  })

  test('control characters and floods do not get through', () => {
    const failure = readFailure(`Step 1/1 : RUN x\n\u001b[31mred\u001b[0m\u0007\u0085\n${'y'.repeat(10_000)}`)
    expect(failure.lines[0]).toBe('red')
    expect(failure.lines[1]?.length).toBeLessThan(600)
  })
})

test('a build that lost a cached step is told from one that failed', () => {
  expect(lostItsParent(fixture('legacy/lost-parent'))).toBe(true)
  expect(lostItsParent(fixture('legacy/lost-destination'))).toBe(true)
  for (const name of ['bad-syntax', 'bad-target', 'failing-step', 'missing-file']) {
    expect(lostItsParent(fixture(`legacy/${name}`))).toBe(false)
  }
})
