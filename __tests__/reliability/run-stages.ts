import { setTimeout as delay } from 'node:timers/promises'
import { startAction, type ActionRun, type Running } from '../action/runner.js'

/** A part of a run, and what the run says at its beginning and nobody says before. */
export interface Stage {
  readonly name: string
  readonly words: string | RegExp
}

/** Of a whole run with two scenarios, of which both are tried at a time. */
export const STAGES: readonly Stage[] = [
  { name: 'start', words: '' },
  { name: 'build', words: 'Building' },
  { name: 'inspection', words: 'Inspecting' },
  { name: 'control', words: 'Control: booting' },
  { name: 'trials', words: 'Plan: ' },
  { name: 'last trial', words: /^\S+ 1\/2 /m },
  { name: 'removal', words: 'Removing what this run left' },
  { name: 'publication', words: 'Left out:' }
]

/** A run that came to its end by itself, and how long that took. */
export interface Timed {
  readonly run: ActionRun
  readonly ms: number
  readonly stages: readonly Stage[]
  /** When each stage began, in ms. */
  readonly begins: readonly number[]
}

/** @throws Error with the output when the run does not come through all stages */
export async function timed(
  stages: readonly Stage[],
  inputs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {}
): Promise<Timed> {
  const began = performance.now()
  const running = await startAction(inputs, { env })
  const begins = await Promise.all(
    stages.map(({ words }) => running.says(words).then(() => performance.now() - began))
  )
  const run = await running.finished
  return { run, ms: performance.now() - began, stages, begins }
}

/** Where in a run something is done to it. */
export interface Place {
  /** The name of a stage. */
  readonly stage: string
  /** How far in the stage, from 0 to 1. */
  readonly part: number
}

/** @param at from 0 up to 1, as a part of a run of which every stage is as long as any other */
export function placeAt(at: number, stages: readonly Stage[]): Place {
  const index = Math.floor(at * stages.length)
  return { stage: stages[index]?.name ?? '', part: at * stages.length - index }
}

/** A run that goes through its stages. */
export interface Followed {
  /**
   * Settles when it is at the place: in the stage, for as long as the one that was timed needed.
   * @returns whether it still goes on then
   */
  readonly reaches: (place: Place) => Promise<boolean>
  /** The stage that it said last. */
  readonly stage: () => string
}

export function follow(running: Running<ActionRun>, { stages, begins, ms }: Timed): Followed {
  let last = 0
  const said = stages.map(({ words }, index) =>
    running.says(words).then(
      () => {
        last = Math.max(last, index)
        return true
      },
      () => false
    )
  )
  const over = running.finished.then(() => false)
  const reaches = async ({ stage, part }: Place): Promise<boolean> => {
    const index = stages.findIndex(({ name }) => name === stage)
    if (!(await said[index])) return false
    const [from = 0, to = ms] = begins.slice(index)
    return await Promise.race([delay(part * (to - from), true), over])
  }
  return { reaches, stage: () => stages[last]?.name ?? '' }
}
