import { counted } from './excerpt.js'
import { fitted, padded, width, type Paint } from './paint.js'
import { maskAround } from './secrets.js'
import { oneLine, visible } from './untrusted.js'
import { duration, roughly, sentence } from './words.js'
import type { ControlResult, Scenario, ScenarioResult } from '../model.js'

/** What a run says of itself while it works. */
export type ProgressEvent =
  /** About to build the image, or to learn what it is. */
  | { readonly kind: 'build' | 'facts'; readonly reference: string }
  | { readonly kind: 'control' }
  | { readonly kind: 'control-done'; readonly control: ControlResult }
  | {
      readonly kind: 'plan'
      readonly scenarios: number
      readonly omissions: number
      /** Estimated, of all trials together. */ readonly seconds: number
    }
  | {
      readonly kind: 'scenario-start'
      readonly scenario: Scenario
      /** Estimated, until all trials are done. */ readonly secondsLeft: number
    }
  /** What came of it has to be confirmed by another run of it. */
  | { readonly kind: 'scenario-again'; readonly scenario: Scenario; readonly secondsLeft: number }
  | {
      readonly kind: 'scenario-done'
      readonly result: ScenarioResult
      /** Scenarios that are done, this one included, out of how many. */
      readonly done: number
      readonly total: number
      readonly secondsLeft: number
    }
  | { readonly kind: 'cleanup' }

/** How far a run is. */
export interface Tally {
  readonly total: number
  readonly done: number
  readonly failed: number
  /** Ids of the scenarios that are on their way, oldest first. */
  readonly running: readonly string[]
  /** Estimated when the last of them began or ended. */
  readonly secondsLeft: number
}

export const NOTHING_YET: Tally = { total: 0, done: 0, failed: 0, running: [], secondsLeft: 0 }

/** The tally after an event. */
export function tallied(tally: Tally, event: ProgressEvent): Tally {
  switch (event.kind) {
    case 'plan':
      return { ...tally, total: event.scenarios, secondsLeft: event.seconds }
    case 'scenario-start':
      return {
        ...tally,
        running: [...tally.running, event.scenario.id],
        secondsLeft: event.secondsLeft
      }
    case 'scenario-again':
      return {
        ...tally,
        running: tally.running.filter((id) => id !== event.scenario.id),
        secondsLeft: event.secondsLeft
      }
    case 'scenario-done': {
      const { scenario, verdict, expectedToFail } = event.result
      return {
        total: event.total,
        done: event.done,
        failed: tally.failed + (verdict.kind === 'failed' && !expectedToFail ? 1 : 0),
        running: tally.running.filter((id) => id !== scenario.id),
        secondsLeft: event.secondsLeft
      }
    }
    case 'build':
    case 'facts':
    case 'control':
    case 'control-done':
    case 'cleanup':
      return tally
  }
}

/** How a line is cut: secrets are taken out before, since half of one would not be recognised. */
export interface LineFit {
  readonly columns: number
  readonly mask: (text: string) => string
}

const EVERYTHING: LineFit = { columns: Infinity, mask: (text) => text }

/**
 * One line for an event; undefined where there is nothing to say on a line of its own.
 * @param fit of a result, of which the report has all
 */
export function progressLine(
  event: ProgressEvent,
  ink: Paint,
  fit: LineFit = EVERYTHING
): string | undefined {
  switch (event.kind) {
    case 'build':
      return `${ink.dim('▸')} Building ${visible(event.reference)}`
    case 'facts':
      return `${ink.dim('▸')} Inspecting ${visible(event.reference)}`
    case 'control':
      return `${ink.dim('▸')} Control: booting on clean state`
    case 'control-done':
      return controlLine(event.control, ink, fit)
    case 'plan': {
      const left = event.omissions === 0 ? '' : `, ${event.omissions} left out`
      return `${ink.dim('▸')} Plan: ${counted(event.scenarios, 'scenario')}${left}, about ${roughly(event.seconds)}`
    }
    case 'scenario-start':
      return undefined
    case 'scenario-again':
      return ink.dim(
        fitted(
          `▸ ${fit.mask(visible(event.scenario.id))} did not come through; it runs again alone`,
          fit.columns - 1
        )
      )
    case 'scenario-done':
      return resultLine(
        event.result,
        `${String(event.done).padStart(String(event.total).length)}/${event.total}`,
        ink,
        fit
      )
    case 'cleanup':
      return `${ink.dim('▸')} Removing what this run left on the engine`
  }
}

/**
 * What is going on right now, in one line of a terminal: what is done, what is left and for how long, what runs.
 * @param seconds since the tally last changed
 */
export function statusLine(tally: Tally, seconds: number, { columns, mask }: LineFit): string {
  const { total, done, failed, running } = tally
  if (running.length === 0) return ''
  const waiting = total - done - running.length
  const left = tally.secondsLeft - seconds
  const words = [
    `${done}/${total} done${failed === 0 ? '' : `, ${failed} failed`}`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    left > 0 ? `about ${roughly(left)} left` : 'takes longer than estimated',
    `running ${running.map((id) => mask(visible(id))).join(', ')}`
  ]
  return fitted(`  ${words.join('; ')}`, columns - 1)
}

function controlLine(control: ControlResult, ink: Paint, { mask }: LineFit): string {
  if (control.kind === 'failed')
    return ink.red(`✖ Control failed: ${sentence(maskAround(control.message, oneLine, mask))}`)
  const { readySeconds, secondReadySeconds } = control.knowledge
  return `${ink.green('✔')} Control: ready after ${duration(readySeconds)}, then ${duration(secondReadySeconds)} on the state it left`
}

/** Columns of a result's id and detail on however narrow a terminal. */
const NARROWEST = 10

function resultLine(result: ScenarioResult, place: string, ink: Paint, { columns, mask }: LineFit): string {
  const { scenario, verdict, observation, expectedToFail } = result
  const id = mask(visible(scenario.id))
  const took = duration(observation.seconds)
  const line = (sign: string, words: string, about: string, colour: (text: string) => string): string => {
    const room = columns - width(`${sign} ${place} ${words}   ${took}`)
    return `${colour(sign)} ${ink.dim(place)} ${colour(words)} ${fitted(about, Math.max(NARROWEST, room))}  ${ink.dim(took)}`
  }
  const detail = `${id}: ${maskAround(verdict.detail, oneLine, mask)}`
  switch (verdict.kind) {
    case 'recovered':
    case 'tolerated':
    case 'refused':
      return line('✔', padded(verdict.kind, 12), id, ink.green)
    case 'inconclusive':
      return line('?', padded('inconclusive', 12), detail, ink.yellow)
    case 'failed':
      return expectedToFail
        ? line('✖', `failed as expected: ${verdict.reason}`, detail, ink.yellow)
        : line('✖', `failed: ${verdict.reason}`, detail, ink.red)
  }
}
