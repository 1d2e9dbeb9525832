import { readActionInputs, unknownActionInputs } from './inputs.js'
import { perform } from './perform.js'
import { actionPublisher } from './publish.js'

const publisher = actionPublisher(process.env)
for (const name of unknownActionInputs(process.env))
  publisher.warning(`There is no input named ${name}; it is ignored.`)
await perform({ raw: readActionInputs(process.env), environment: process.env, keep: false }, publisher)
