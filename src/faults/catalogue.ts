import { accessFaults } from './access.js'
import { bytecodeFaults } from './bytecode.js'
import { crashFaults } from './crash.js'
import { concurrencyFaults } from './concurrency.js'
import { resourceFaults } from './resource.js'
import { databaseFaults } from './databases.js'
import { downloadFaults } from './downloads.js'
import { formatFaults } from './formats.js'
import { jitFaults } from './jit.js'
import { lockFaults } from './locks.js'
import { shadowedCode } from './shadowed-code.js'
import { shapeFaults } from './shape.js'
import { skewFaults } from './skew.js'
import { stateFaults } from './state.js'
import type { Fault, FaultId } from '../model.js'

/** Every fault that can be planted, those first that most often find something. */
export const catalogue: readonly Fault[] = [
  ...shapeFaults,
  ...accessFaults,
  ...bytecodeFaults,
  shadowedCode,
  ...crashFaults,
  ...stateFaults,
  ...resourceFaults,
  ...concurrencyFaults,
  ...skewFaults,
  ...formatFaults,
  ...downloadFaults,
  ...jitFaults,
  ...databaseFaults,
  ...lockFaults
]

/**
 * The fault with this id, of a run's catalogue: this one, and what the repository adds to it.
 * @throws Error when there is none: ids are validated where inputs are parsed
 */
export function faultIn(faults: readonly Fault[], id: FaultId): Fault {
  const fault = faults.find((candidate) => candidate.id === id)
  if (fault === undefined) throw new Error(`no fault has the id ${id}`)
  return fault
}
