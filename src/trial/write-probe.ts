import { EngineError } from '../engine/errors.js'
import type { Engine } from '../engine/engine.js'
import type { TreeEntry } from '../model.js'

/**
 * Tries to write a file into a directory of a container through the engine, whose refusal is the proof that nobody can.
 * @param name of the file, after `.cache-crash-test-`; it stays where it could be written
 * @returns the refusal; undefined when it was written
 * @throws what is no answer of the engine
 */
export async function writeProbe(
  engine: Engine,
  container: string,
  directory: string,
  name: string,
  content: Buffer
): Promise<EngineError | undefined> {
  const probe: TreeEntry = {
    path: `${directory === '/' ? '' : directory}/.cache-crash-test-${name}`,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: content.length,
    content
  }
  try {
    await engine.write(container, [probe])
    return undefined
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
}
