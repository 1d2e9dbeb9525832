import { linkedController, sleep } from '../../wait.js'
import { get } from './http.js'
import { passed, poll } from './poll.js'
import { inWords, type Address, type Answer, type PortAnswer, type ReadyCheck, type Scene } from './probe.js'
import type { Readiness } from './readiness.js'
import { GREETING_MS, HELD_MS, knock } from './tcp.js'

/** How long the control waits for what else is told, where times must be short in tests. */
export interface LearningTimes {
  /** After the first port has answered, how long the others have. */
  readonly settleMs: number
  /** How long a server that speaks first has to speak before it is asked. */
  readonly greetingMs: number
  /** How long a connection must last that is asked nothing, where the one that was asked was closed. */
  readonly heldMs: number
  /** How long it has once nothing else came of it, so that a busy machine teaches no less than an idle one. */
  readonly lateGreetingMs: number
  /**
   * How long an answer that may be that of a server still starting must last: a connection that is accepted and silent
   * (the kernel accepts for a process that only listens, as a gunicorn master does while its workers load), or a 5xx.
   */
  readonly doubtMs: number
}

const LEARNING_TIMES: LearningTimes = {
  settleMs: 1000,
  greetingMs: 300,
  heldMs: HELD_MS,
  lateGreetingMs: GREETING_MS,
  doubtMs: 10_000
}

/** What a port said, and whether a server that is still starting might say the same. */
interface Heard {
  readonly answer: PortAnswer
  readonly certain: boolean
}

/**
 * Waits until at least one of the ports answers, gives the others a short time, and learns what each says.
 * @returns the readiness, and the checks that ask for the same again (empty until it has passed). Ports that never answered
 * are left out; one whose answer was still in doubt when another port was ready is asked only to be open.
 */
export function learnPorts(
  ports: readonly number[],
  scene: Scene,
  times: LearningTimes = LEARNING_TIMES
): { readonly readiness: Readiness; readonly checks: () => readonly ReadyCheck[] } {
  const lastSaid = new Map<number, string>()
  const said = (port: number) => (answer: Answer) => lastSaid.set(port, inWords(answer))
  let checks: readonly ReadyCheck[] = []

  const learn = async (): Promise<number> => {
    for (;;) {
      const { readyAt, answered } = await waitForFirst(ports, scene, times, said)
      const heard = await Promise.all(
        ports.map(async (port) => {
          // A port in doubt must not hold up the others.
          const doubtMs = answered.has(port) ? times.doubtMs : times.settleMs
          const last = await ask(port, scene, { ...times, doubtMs })
          if (typeof last === 'string') return undefined
          let answer: PortAnswer = last.certain || answered.has(port) ? last.answer : { kind: 'open' }
          if (answer.kind === 'open' && (await greetsLate(port, scene, times))) answer = { kind: 'greeting' }
          return { kind: 'answers', port, answer } as const
        })
      )
      scene.signal.throwIfAborted()
      checks = heard.flatMap((check) => check ?? [])
      // None when what answered a moment ago does not any more: it is not ready then.
      if (checks.length > 0) return readyAt
    }
  }

  return {
    readiness: {
      passed: learn(),
      waitingFor: () =>
        ports.map((port) => `tcp://:${port} answers: ${lastSaid.get(port) ?? 'no answer yet'}`),
      trouble: () => undefined
    },
    checks: () => checks
  }
}

/** Waits until one port has answered and the others have had their time; gives all that have answered by then. */
async function waitForFirst(
  ports: readonly number[],
  scene: Scene,
  times: LearningTimes,
  said: (port: number) => (answer: Answer) => void
): Promise<{ readonly readyAt: number; readonly answered: ReadonlySet<number> }> {
  const { controller, unlink } = linkedController(scene.signal)
  const answered = new Set<number>()
  try {
    const asked = ports.map(async (port) => {
      const at = await firstAnswer(port, { ...scene, signal: controller.signal }, times, said(port))
      answered.add(port)
      return at
    })
    const readyAt = await Promise.race(asked)
    await sleep(times.settleMs, scene.signal)
    return { readyAt, answered: new Set(answered) }
  } finally {
    controller.abort()
    unlink()
  }
}

/** Waits for an answer that is certain, or that stays the same for long enough. */
async function firstAnswer(
  port: number,
  scene: Scene,
  times: LearningTimes,
  said: (answer: Answer) => void
): Promise<number> {
  let doubtSince: number | undefined
  let at = 0
  await poll(
    async () => {
      const asked = performance.now()
      const heard = await ask(port, scene, times)
      if (typeof heard === 'string') {
        doubtSince = undefined
        return heard
      }
      at = performance.now()
      if (heard.certain) return passed
      doubtSince ??= asked
      if (at - doubtSince >= times.doubtMs) return passed
      return heard.answer.kind === 'http' ? `answered ${heard.answer.status}` : 'accepted, and said nothing'
    },
    said,
    scene.signal
  )
  return at
}

/** Asks a port once: listens, then sends a GET. */
async function ask(port: number, scene: Scene, times: LearningTimes): Promise<Heard | string> {
  const address = await scene.address(port)
  if (typeof address === 'string') return address
  const first = await knock(address, times.greetingMs, scene.signal)
  if (first.kind === 'closed') return first.why
  if (first.kind === 'greeting') return { answer: { kind: 'greeting' }, certain: true }
  return await askHttp(address, scene.signal, times)
}

/** Whether a port that has shown nothing better says something unasked after all. */
async function greetsLate(port: number, scene: Scene, times: LearningTimes): Promise<boolean> {
  const address = await scene.address(port)
  if (typeof address === 'string') return false
  return (await knock(address, times.lateGreetingMs, scene.signal)).kind === 'greeting'
}

async function askHttp(address: Address, signal: AbortSignal, times: LearningTimes): Promise<Heard | string> {
  const answer = await get(address, '/', times.doubtMs, signal)
  switch (answer.kind) {
    case 'status':
      return { answer: { kind: 'http', status: answer.status }, certain: answer.status < 500 }
    // It listened for a while and then hung up on HTTP, or answered in its own language: it lives, and speaks another.
    case 'not-http':
      return { answer: { kind: 'open' }, certain: true }
    case 'closed': {
      // docker-proxy, too, may take as long to close on a busy machine: who listens holds a connection that asks nothing.
      const again = await knock(address, times.heldMs, signal)
      return again.kind === 'closed' ? again.why : { answer: { kind: 'open' }, certain: true }
    }
    case 'silent':
      return { answer: { kind: 'open' }, certain: false }
  }
}
