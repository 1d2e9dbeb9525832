import { readdir } from 'node:fs/promises'
import { afterAll, describe, expect, test } from '@jest/globals'
import { newJob, type Job } from './job.js'
import { leftBehindBy } from './runner.js'
import { isBuilding, STAGES, StagedRuns } from './stages.js'
import { hear, valuesOf } from '../workflow-commands.js'

const runs = new StagedRuns()
const jobs: Job[] = []

afterAll(async () => {
  await runs.remove()
  for (const job of jobs) await job.remove()
})

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

describe.each(STAGES)('cancelled in the stage: %s', (stage) => {
  test.each(stage === 'graceful stop' ? ['SIGINT' as const] : SIGNALS)(
    '%s ends the run at once, fails it, and leaves nothing',
    async (signal) => {
      const job = await newJob()
      jobs.push(job)
      const running = await runs.start(stage, job.env)
      running.kill(signal)
      const run = await running.finished

      expect(run).toMatchObject({ exitCode: 1, signal: null })
      const heard = hear(run.output)
      expect(valuesOf(heard, 'error')).toEqual([`cancelled by ${signal}`])
      expect(heard.stopped).toBe(false)
      expect(run.outputs.size).toBe(0)
      expect(await leftBehindBy(run)).toEqual([])
      expect(await isBuilding(run.pid)).toBe(false)
      expect(await readdir(job.temporary)).toEqual([])
    }
  )
})
