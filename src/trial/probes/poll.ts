import { sleep } from '../../wait.js'
import type { Address, Answer, Probe } from './probe.js'

const FIRST_INTERVAL_MS = 25
const LAST_INTERVAL_MS = 250
const GROWTH = 1.5

/**
 * Asks again and again, at a short and growing interval, until the answer is `passed`. Only what has no event is polled.
 * @param ask gives `passed` or what it got instead, in words or as the engine's failure; it must end soon after the signal aborts
 * @throws the signal's reason, and what `ask` throws
 */
export async function poll(
  ask: () => Promise<Passed | Answer>,
  said: (answer: Answer) => void,
  signal: AbortSignal
): Promise<void> {
  for (let interval = FIRST_INTERVAL_MS; ; interval = Math.min(interval * GROWTH, LAST_INTERVAL_MS)) {
    signal.throwIfAborted()
    const answer = await ask()
    signal.throwIfAborted()
    if (answer === passed) return
    said(answer)
    await sleep(interval, signal)
  }
}

/**
 * A probe that asks a port of the container again and again.
 * @param askOf made anew for each boot; asks at the address at which the port is reached now
 */
export function portProbe(
  port: number,
  askOf: () => (address: Address, signal: AbortSignal) => Promise<Passed | string>
): Probe {
  return (scene, said) => {
    const ask = askOf()
    const askPort = async (): Promise<Passed | string> => {
      const address = await scene.address(port)
      return typeof address === 'string' ? address : await ask(address, scene.signal)
    }
    return poll(askPort, said, scene.signal)
  }
}

/** The one answer that ends polling; a symbol, so that no container can say it. */
export const passed: unique symbol = Symbol('passed')
export type Passed = typeof passed
