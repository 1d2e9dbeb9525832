import { accessFaults } from './access.js'
import { bytecodeFaults } from './bytecode.js'
import { crashFaults } from './crash.js'
import { shapeFaults } from './shape.js'
import { stateFaults } from './state.js'
import type { Fault, FaultId } from '../model.js'

/** Every fault that can be planted, those first that most often find something. */
export const catalogue: readonly Fault[] = [
  ...shapeFaults,
  ...accessFaults,
  ...bytecodeFaults,
  ...crashFaults,
  ...stateFaults
]

/**
 * The fault with this id.
 * @throws Error when there is none: ids are validated where inputs are parsed
 */
export function faultById(id: FaultId): Fault {
  const fault = catalogue.find((candidate) => candidate.id === id)
  if (fault === undefined) throw new Error(`no fault has the id ${id}`)
  return fault
}
