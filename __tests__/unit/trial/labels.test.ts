import { describe, expect, test } from '@jest/globals'
import type { LabelledResource } from '../../../src/engine/engine.js'
import { isAbandoned, isMadeByRun, isOfJob, isOfRun, jobOf, runLabels } from '../../../src/trial/labels.js'

const identity = {
  runId: 'abc',
  job: 'job-1',
  startedAt: 1_000,
  owner: { host: 'runner', pid: 77 },
  keep: false
}
const labels = runLabels(identity)
const sixHoursLater = 1_000 + 6 * 3600
const alive = (): boolean => true
const dead = (): boolean => false

describe('what a sweep may take', () => {
  test.each<[string, Record<string, string>, number, string, () => boolean, boolean]>([
    ['of a run that is alive', labels, 2_000, 'runner', alive, false],
    ['of a run whose process is gone', labels, 2_000, 'runner', dead, true],
    ['of a process on another host', labels, 2_000, 'elsewhere', dead, false],
    ['over its deadline', labels, sixHoursLater + 1, 'elsewhere', alive, true],
    ['over its deadline, and still alive here', labels, sixHoursLater + 1, 'runner', alive, false],
    ['five days old, whatever has its number', labels, 1_001 + 5 * 86_400, 'runner', alive, true],
    ['kept for inspection', runLabels({ ...identity, keep: true }), sixHoursLater + 1, 'runner', dead, false],
    ['without our label', { 'com.example': 'x' }, sixHoursLater + 1, 'runner', dead, false],
    [
      'with a deadline that is no number',
      { 'cache-crash-test.run': 'x', 'cache-crash-test.deadline': 'soon' },
      sixHoursLater,
      'runner',
      dead,
      false
    ]
  ])('%s', (_, found, now, host, isAlive, expected) => {
    expect(isAbandoned(found, now, host, isAlive)).toBe(expected)
  })

  test('the post step takes what its own job made, and nobody else’s', () => {
    expect(isOfJob(labels, 'job-1')).toBe(true)
    expect(isOfJob(labels, 'job-2')).toBe(false)
    expect(isOfRun(labels, 'abc')).toBe(true)
    expect(isOfRun(labels, 'abd')).toBe(false)
  })
})

describe('what a run made, and not a user of an image with its labels', () => {
  const resource = (
    kind: LabelledResource['kind'],
    names: readonly string[],
    isUnstartedStep = false
  ): LabelledResource => ({ kind, id: 'x', names, labels, isUnstartedStep })
  const onlyFirst = { 'cache-crash-test.all': labels['cache-crash-test.all'] ?? '' }

  test.each<[string, LabelledResource, boolean]>([
    ['a container with the run’s name', resource('container', ['cache-crash-test-abc-1-1']), true],
    ['a container with a name of its own', resource('container', ['shop']), false],
    ['one of another run’s name', resource('container', ['cache-crash-test-abd-1-1']), false],
    ['one that only begins like it', resource('container', ['cache-crash-test-abcd']), false],
    ['a step of a build that was killed', resource('container', ['clever_turing'], true), true],
    ['a volume with the run’s name', resource('volume', ['cache-crash-test-abc-1-volume-1']), true],
    ['a volume with a name of its own', resource('volume', ['data']), false],
    ['an image with the run’s tag', resource('image', ['cache-crash-test:abc']), true],
    [
      'the same where an engine keeps images in containerd’s store',
      resource('image', ['cache-crash-test:abc', 'cache-crash-test@sha256:0a']),
      true
    ],
    ['an image of a build that was killed', { ...resource('image', []), labels: onlyFirst }, true],
    ['one that somebody pulled by its digest', resource('image', ['shop@sha256:0a']), false],
    ['an image with a tag of its own', resource('image', ['shop:latest']), false],
    ['one with both', resource('image', ['cache-crash-test:abc', 'shop:latest']), false],
    ['what has no label', { ...resource('image', []), labels: {} }, false]
  ])('%s', (_, found, expected) => {
    expect(isMadeByRun(found)).toBe(expected)
  })
})

describe('the job', () => {
  const environment = {
    GITHUB_REPOSITORY: 'o/r',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'test',
    RUNNER_NAME: 'runner-1',
    RUNNER_TEMP: '/runner/_temp'
  }

  test('is the same for the main and the post process, whatever their inputs and state are', () => {
    expect(jobOf({ ...environment, INPUT_IMAGE: 'x', STATE_x: 'forged' })).toBe(jobOf(environment))
  })

  test.each(Object.keys(environment))('differs where %s does', (name) => {
    expect(jobOf({ ...environment, [name]: 'other' })).not.toBe(jobOf(environment))
  })

  test('there is none outside GitHub Actions', () => {
    expect(jobOf({})).toBeUndefined()
  })
})

test('an image that has got only the first label, as a killed builder leaves it, is known by it', () => {
  const [first = ''] = Object.keys(runLabels(identity)).sort()
  const partly = { [first]: runLabels(identity)[first] ?? '' }
  expect(isOfRun(partly, 'abc')).toBe(true)
  expect(isOfJob(partly, 'job-1')).toBe(true)
  expect(isOfJob(partly, 'job-2')).toBe(false)
  expect(isAbandoned(partly, 2_000, 'runner', () => true)).toBe(false)
  expect(isAbandoned(partly, 2_000, 'runner', () => false)).toBe(true)
  // A Dockerfile may say otherwise in a label of its own, which the builder replaces later, or never.
  expect(isOfRun({ ...partly, 'cache-crash-test.run': 'other' }, 'abc')).toBe(true)
  expect(isAbandoned({ ...partly, 'cache-crash-test.keep': 'true' }, 2_000, 'runner', () => false)).toBe(true)
  expect(isAbandoned({ [first]: 'not ours' }, 2_000, 'runner', () => false)).toBe(false)
})
