import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * Bytes that something still refers to, in the heap and in buffers.
 *
 * What a process takes from the system (`rss`) also has the garbage in it that nobody has collected yet, which depends on
 * how busy the machine is.
 */
export function heldBytes(): number {
  // A collection counts the buffers that the one before it has freed.
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
