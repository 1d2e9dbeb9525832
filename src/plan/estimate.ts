import type { Pace } from './pace.js'
import type { Scenario } from '../model.js'

/** What decides how long a trial takes. */
export type Trial = Pick<Scenario, 'mode'> & {
  readonly plant: Pick<Scenario['plant'], 'kill' | 'previousRelease'>
}

interface Cost {
  /** Seconds of work: these compete for processors. */
  readonly work: number
  /** Seconds from the beginning of the trial to its end, with nothing beside it. */
  readonly total: number
}

/**
 * How many trials may be under way where so many may boot: beside each that boots two more that only wait, since more would hold
 * containers and volumes to no use. Where they boot one at a time, a trial has nothing beside it.
 */
export function trialsAtOnce(parallel: number): number {
  return parallel === 1 ? 1 : parallel * 3
}

/**
 * Seconds of a processor that a second of the control's work takes once others work beside it: a boot keeps more than one processor
 * busy (the daemon, containerd, runc and the container), and processors that share their caches are slower together. Measured on
 * two processors with Docker 20.10.24: 1.84 and 1.97 for the hardened examples, 1.92 for six trials of one.
 */
const PROCESSOR_SECONDS = 1.9

/**
 * How long one trial takes when nothing runs beside it, in seconds. It is taken to recover, since that is the longest way that
 * is usual: a crash ends it earlier. One that times out takes longer, by the deadline and the run that confirms it.
 */
export function trialSeconds(trial: Trial, pace: Pace): number {
  return costOf(trial, pace).total
}

/**
 * How long trials take together, in seconds: one after another where only one may boot at a time, else what they work and wait,
 * divided among those that may do so at the same time, and never less than the longest of them.
 */
export function planSeconds(trials: readonly Trial[], pace: Pace): number {
  return secondsLeft(trials, [], pace)
}

function together(costs: readonly Cost[], pace: Pace): number {
  const sum = (of: (cost: Cost) => number): number => costs.reduce((seconds, cost) => seconds + of(cost), 0)
  const atOnce = trialsAtOnce(pace.parallel)
  return Math.max(
    (sum(({ work }) => work) * (atOnce === 1 ? 1 : PROCESSOR_SECONDS)) / pace.parallel,
    sum(({ total }) => total) / atOnce,
    ...costs.map(({ total }) => total),
    0
  )
}

/**
 * How long is left of a plan that is under way, in seconds.
 * @param waiting trials that have not begun
 * @param running those that have, each with the seconds since it did
 */
export function secondsLeft(
  waiting: readonly Trial[],
  running: readonly { readonly trial: Trial; readonly seconds: number }[],
  pace: Pace
): number {
  return together(
    [
      ...waiting.map((trial) => costOf(trial, pace)),
      ...running.map(({ trial, seconds }) => {
        const { work, total } = costOf(trial, pace)
        const left = Math.max(0, 1 - seconds / total)
        return { work: work * left, total: total * left }
      })
    ],
    pace
  )
}

function costOf({ mode, plant }: Trial, pace: Pace): Cost {
  const { create, plant: planting, start, ready, readyAgain, settle, stop, remove, read, replicas } = pace
  const bootsCleanFirst = mode === 'restart' || plant.kill === true || plant.previousRelease === true
  const count = mode === 'concurrent' ? replicas : 1
  // A kill takes no time; what is stopped before the second boot is stopped side by side.
  const clean = bootsCleanFirst
    ? { work: start + ready + planting, wait: settle + (plant.kill ? 0 : stop) }
    : NOTHING
  const newContainers = bootsCleanFirst && mode === 'restart' ? 1 : bootsCleanFirst ? 2 : count
  const second = pace.secondBoot
    ? { work: start + readyAgain + (mode === 'restart' ? 0 : create), wait: settle + stop }
    : NOTHING
  const first = {
    work: newContainers * create + planting + read + count * (start + readyAgain),
    wait: settle
  }
  const work = clean.work + first.work + second.work + remove
  return { work, total: work + clean.wait + first.wait + second.wait }
}

const NOTHING = { work: 0, wait: 0 }
