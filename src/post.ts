import { connect } from './engine/docker.js'
import { actionPublisher } from './publish.js'
import { sweepTemporary } from './temporary.js'
import { isOfJob, jobOf } from './trial/labels.js'
import { sweep } from './trial/sweep.js'
import { messageOf } from './thrown.js'
import { counted } from './report/excerpt.js'

/** Removes what a cancelled or killed run of this job left on the engine. Does not fail the job: its verdict stands. */
const publisher = actionPublisher(process.env)
// It cleans up, whether anybody hears of it or not.
process.stdout.on('error', () => undefined)
try {
  await sweepTemporary(process.env)
  const job = jobOf(process.env)
  const engine = await connect(process.env)
  try {
    const { removed, failures } = await sweep(engine, (labels) => job !== undefined && isOfJob(labels, job))
    if (removed > 0) publisher.line(`Removed ${counted(removed, 'resource')} that the run had left behind.`)
    for (const failure of failures) publisher.warning(failure)
  } finally {
    engine.close()
  }
} catch (error) {
  publisher.warning(`Could not look for left-overs: ${messageOf(error)}`)
} finally {
  publisher.close()
}
