import { setTimeout as timer } from 'node:timers/promises'

/** Node.js takes a longer time for 1 ms; this is 24 days. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Waits, and leaves no timer behind when the signal aborts first.
 * @throws the signal's reason
 */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(Math.min(milliseconds, LONGEST_MS), undefined, { signal })
  } catch (error) {
    // node:timers wraps the reason in an AbortError of its own; callers compare the reason.
    signal.throwIfAborted()
    throw error
  }
}

/**
 * Waits for a promise that cannot be cancelled, but no longer than the signal allows.
 * @throws what the promise rejects with, or the signal's reason
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody may be left to hear of it.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  let onAbort: () => void = () => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(reasonOf(signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** What `within` gives when the time is over. */
export const tooLate: unique symbol = Symbol('too late')

/**
 * Waits for a promise, but no longer than a time; leaves no timer behind.
 * @throws what the promise rejects with, or the signal's reason
 */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  signal: AbortSignal
): Promise<T | typeof tooLate> {
  const { controller, unlink } = linkedController(signal)
  try {
    const timer = sleep(milliseconds, controller.signal).then((): typeof tooLate => tooLate)
    const first = await Promise.race([promise, timer])
    // What ends because of the abort may have come in before the reason itself.
    signal.throwIfAborted()
    return first
  } finally {
    controller.abort()
    unlink()
  }
}

/** The signal's reason as an error, whatever the caller aborted with. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

/** A signal that also aborts with another one, and a way to let go of that other one. */
export function linkedController(outer: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController()
  const onAbort = () => {
    controller.abort(outer.reason)
  }
  if (outer.aborted) onAbort()
  outer.addEventListener('abort', onAbort, { once: true })
  return {
    controller,
    unlink: () => {
      outer.removeEventListener('abort', onAbort)
    }
  }
}
