import { counted } from './excerpt.js'
import { fitted, padded, type Paint } from './paint.js'
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
  | { readonly kind: 'scenario-start'; readonly scenario: Scenario }
  | {
      readonly kind: 'scenario-done'
      readonly result: ScenarioResult
      /** Scenarios that are done, this one included, out of how many. */
      readonly done: number
      readonly total: number
    }
  | { readonly kind: 'cleanup' }

/** How far a run is. */
export interface Tally {
  readonly total: number
  readonly done: number
  readonly failed: number
  /** Ids of the scenarios that are on their way, oldest first. */
  readonly running: readonly string[]
}

export const NOTHING_YET: Tally = { total: 0, done: 0, failed: 0, running: [] }

/** The tally after an event. */
export function tallied(tally: Tally, event: ProgressEvent): Tally {
  switch (event.kind) {
    case 'plan':
      return { ...tally, total: event.scenarios }
    case 'scenario-start':
      return { ...tally, running: [...tally.running, event.scenario.id] }
    case 'scenario-done': {
      const { scenario, verdict, expectedToFail } = event.result
      return {
        total: event.total,
        done: event.done,
        failed: tally.failed + (verdict.kind === 'failed' && !expectedToFail ? 1 : 0),
        running: tally.running.filter((id) => id !== scenario.id)
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

/** One line for an event; undefined where there is nothing to say on a line of its own. */
export function progressLine(event: ProgressEvent, ink: Paint): string | undefined {
  switch (event.kind) {
    case 'build':
      return `${ink.dim('▸')} Building ${visible(event.reference)}`
    case 'facts':
      return `${ink.dim('▸')} Inspecting ${visible(event.reference)}`
    case 'control':
      return `${ink.dim('▸')} Control: booting on clean state`
    case 'control-done':
      return controlLine(event.control, ink)
    case 'plan': {
      const left = event.omissions === 0 ? '' : `, ${event.omissions} left out`
      return `${ink.dim('▸')} Plan: ${counted(event.scenarios, 'scenario')}${left}, about ${roughly(event.seconds)}`
    }
    case 'scenario-start':
      return undefined
    case 'scenario-done':
      return resultLine(
        event.result,
        `${String(event.done).padStart(String(event.total).length)}/${event.total}`,
        ink
      )
    case 'cleanup':
      return `${ink.dim('▸')} Removing what this run left on the engine`
  }
}

/** What is going on right now, in one line of a terminal. */
export function statusLine({ total, done, failed, running }: Tally, columns: number): string {
  if (running.length === 0) return ''
  const failures = failed === 0 ? '' : `, ${failed} failed`
  return fitted(`  ${done}/${total} done${failures}; running ${running.map(visible).join(', ')}`, columns - 1)
}

function controlLine(control: ControlResult, ink: Paint): string {
  if (control.kind === 'failed') return ink.red(`✖ Control failed: ${sentence(oneLine(control.message))}`)
  const { readySeconds, secondReadySeconds } = control.knowledge
  return `${ink.green('✔')} Control: ready after ${duration(readySeconds)}, then ${duration(secondReadySeconds)} on the state it left`
}

function resultLine(result: ScenarioResult, place: string, ink: Paint): string {
  const { scenario, verdict, observation, expectedToFail } = result
  const id = visible(scenario.id)
  const count = ink.dim(place)
  const took = ink.dim(duration(observation.seconds))
  const detail = oneLine(verdict.detail)
  switch (verdict.kind) {
    case 'recovered':
    case 'tolerated':
    case 'refused':
      return `${ink.green('✔')} ${count} ${ink.green(padded(verdict.kind, 12))} ${id}  ${took}`
    case 'inconclusive':
      return `${ink.yellow('?')} ${count} ${ink.yellow(padded('inconclusive', 12))} ${id}: ${detail}  ${took}`
    case 'failed': {
      const colour = expectedToFail ? ink.yellow : ink.red
      const words = expectedToFail ? `failed as expected: ${verdict.reason}` : `failed: ${verdict.reason}`
      return `${colour('✖')} ${count} ${colour(words)} ${id}: ${detail}  ${took}`
    }
  }
}
