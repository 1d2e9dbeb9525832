import { reasonOf, unlessAborted } from '../wait.js'
import type { Engine } from '../engine/engine.js'

/**
 * The same engine, which ends what a run waits for as soon as the run is cancelled: a runner gives 7.5 s, and a graceful
 * stop alone may take longer. What creates something is waited for, so that the sweep finds it; what removes, always works.
 *
 * @returns an engine whose methods throw the signal's reason once it has aborted
 */
export function untilCancelled(engine: Engine, signal: AbortSignal): Engine {
  const wait = async <T>(work: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw reasonOf(signal)
    return await unlessAborted(work(), signal)
  }
  const finish = async <T>(work: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw reasonOf(signal)
    return await work()
  }
  return {
    info: () => wait(() => engine.info()),
    inspectImage: (reference) => wait(() => engine.inspectImage(reference)),
    pullImage: (reference) => wait(() => engine.pullImage(reference)),
    createBody: (...draft) => finish(() => engine.createBody(...draft)),
    createContainer: (body, name) => finish(() => engine.createContainer(body, name)),
    startContainer: (id) => wait(() => engine.startContainer(id)),
    stopContainer: (id, graceSeconds) => wait(() => engine.stopContainer(id, graceSeconds)),
    killContainer: (id) => wait(() => engine.killContainer(id)),
    inspectContainer: (id) => wait(() => engine.inspectContainer(id)),
    write: (id, entries) => wait(() => engine.write(id, entries)),
    read: (id, path, bounds) => wait(() => engine.read(id, path, bounds)),
    readEntry: (id, path) => wait(() => engine.readEntry(id, path)),
    keepMounted: (id) => finish(() => engine.keepMounted(id)),
    changes: (id) => wait(() => engine.changes(id)),
    followLogs: (id, onChunk, end) => wait(() => engine.followLogs(id, onChunk, end)),
    logsHeard: (id, end) => wait(() => engine.logsHeard(id, end)),
    exec: (id, command, timeoutMs) => wait(() => engine.exec(id, command, timeoutMs)),
    onContainerEvent: (id, listener) => wait(() => engine.onContainerEvent(id, listener)),
    removeImage: (reference) => engine.removeImage(reference),
    removeContainer: (id) => engine.removeContainer(id),
    removeVolume: (name) => engine.removeVolume(name),
    listLabelled: (key) => engine.listLabelled(key),
    close: () => {
      engine.close()
    }
  }
}
