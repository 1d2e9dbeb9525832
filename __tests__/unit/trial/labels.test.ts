import { describe, expect, test } from '@jest/globals'
import { isAbandoned, isOfJob, isOfRun, jobOf, runLabels } from '../../../src/trial/labels.js'

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
  expect(isAbandoned({ [first]: 'not ours' }, 2_000, 'runner', () => false)).toBe(false)
})
