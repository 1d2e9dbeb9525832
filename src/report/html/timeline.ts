import type { Report, ReportScenario } from '../schema.js'
import { duration } from '../words.js'
import { html, type Html } from './markup.js'

type Phase = ReportScenario['phases'][number]

/** What a bar is drawn as: phases that a reader need not tell apart at a glance look alike. */
type Look = 'engine' | 'wait' | 'boot' | 'stable' | 'check'

const LOOK: Readonly<Record<Phase['name'], Look>> = {
  create: 'engine',
  plant: 'engine',
  verify: 'engine',
  wait: 'wait',
  start: 'boot',
  ready: 'boot',
  stable: 'stable',
  'smoke-test': 'check',
  'read-back': 'engine',
  stop: 'engine',
  remove: 'engine'
}

const MEANING: Readonly<Record<Phase['name'], string>> = {
  create: 'create the container',
  plant: 'write state into it',
  verify: 'read the plant back',
  wait: 'wait for a place among those that boot',
  start: 'start it',
  ready: 'until ready, or until it was clear that it never would be',
  stable: 'watch whether it stays up',
  'smoke-test': 'smoke test',
  'read-back': 'read the data back',
  stop: 'stop it',
  remove: 'remove it'
}

const LEGEND: readonly (readonly [Look, string])[] = [
  ['engine', 'create, plant, verify, stop, read back, remove'],
  ['wait', 'wait for a place'],
  ['boot', 'start until ready'],
  ['stable', 'stays up?'],
  ['check', 'smoke test']
]

/** What the bars mean. */
export function legend(): Html {
  return html`<ul class="legend" aria-label="What the bars mean">
    ${LEGEND.map(([look, words]) => html`<li><span class="swatch ${look}" aria-hidden="true"></span>${words}</li>`)}
    <li><span class="swatch dead" aria-hidden="true"></span>never ready</li>
  </ul>`
}

/** Milliseconds from the beginning to the end of the last phase; 0 where nothing was recorded. */
export function lengthOf(phases: readonly Phase[]): number {
  return Math.max(0, ...phases.map(({ endMs }) => endMs))
}

const WIDTH = 1000
const LANE = 14

/**
 * Phases as bars, one lane for each that overlaps another (replicas).
 * @param scaleMs milliseconds that the whole width stands for
 * @param dead names of the boots that never became ready
 * @param label says what is drawn to who cannot see it
 */
export function bars(
  phases: readonly Phase[],
  scaleMs: number,
  dead: readonly string[],
  label: string
): Html {
  const lanes = inLanes(phases)
  const height = Math.max(1, lanes.length) * LANE
  const x = (milliseconds: number): number =>
    Math.round((milliseconds / Math.max(1, scaleMs)) * WIDTH * 10) / 10
  const bar = (phase: Phase, lane: number): Html => {
    const never = phase.name === 'ready' && phase.boot !== null && dead.includes(phase.boot)
    const [left, width] = [x(phase.startMs), Math.max(1.5, x(phase.endMs - phase.startMs))]
    return html`<rect
      class="bar ${never ? 'dead' : LOOK[phase.name]}"
      x="${left}"
      y="${lane * LANE + 1}"
      width="${width}"
      height="${LANE - 2}"
      ><title>${phaseWords(phase)}</title></rect
    >`
  }
  return html`<svg
    class="bars"
    viewBox="0 0 ${WIDTH} ${height}"
    height="${height}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${lanes.map((lane, index) => lane.map((phase) => bar(phase, index)))}
  </svg>`
}

function phaseWords({ name, boot, startMs, endMs }: Phase): string {
  const of = boot === null ? '' : `${boot}: `
  return `${of}${MEANING[name]}, ${duration((endMs - startMs) / 1000)}`
}

/** Every phase in the first lane that is free when it begins. */
function inLanes(phases: readonly Phase[]): readonly (readonly Phase[])[] {
  const lanes: Phase[][] = []
  for (const phase of phases) {
    const free = lanes.find((lane) => (lane.at(-1)?.endMs ?? 0) <= phase.startMs)
    if (free === undefined) lanes.push([phase])
    else free.push(phase)
  }
  return lanes
}

/** Labels of a scenario's boots that never became ready, as its phases name them. */
export function neverReady({ boots, secondBoot }: Pick<ReportScenario, 'boots' | 'secondBoot'>): string[] {
  const first = boots.flatMap(({ outcome }, index) =>
    outcome === 'ready' ? [] : [boots.length === 1 ? 'boot' : `replica ${index + 1}`]
  )
  return secondBoot === null || secondBoot.outcome === 'ready' ? first : [...first, 'second boot']
}

/** The label of the control's boot that never became ready, if any. */
export function controlNeverReady(control: Report['control']): string[] {
  return control.result === 'failed' && control.boot.outcome !== 'ready' ? [control.log.boot] : []
}

/** One scenario's bars under the control's, on one scale, and the same in a table. */
export function trialTimeline(scenario: ReportScenario, control: Report['control']): Html | null {
  const { phases } = scenario
  if (phases.length === 0) return null
  const scale = Math.max(lengthOf(phases), lengthOf(control.phases))
  const dead = neverReady(scenario)
  return html`<figure class="timeline">
    <figcaption>Timeline <span class="muted">whole width: ${duration(scale / 1000)}</span></figcaption>
    <div class="track">
      <span class="muted">Control</span
      >${bars(control.phases, scale, controlNeverReady(control), `Control: ${duration(lengthOf(control.phases) / 1000)}`)}
    </div>
    <div class="track">
      <span>This trial</span>${bars(phases, scale, dead, `This trial: ${duration(lengthOf(phases) / 1000)}`)}
    </div>
    <details class="phases">
      <summary>Phases in numbers</summary>
      ${phaseTable(phases)}
    </details>
  </figure>`
}

/** Phases in numbers. */
export function phaseTable(phases: readonly Phase[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Phase</th>
        <th scope="col">Boot</th>
        <th scope="col" class="number">From</th>
        <th scope="col" class="number">Took</th>
      </tr>
    </thead>
    <tbody>
      ${phases.map(
        ({ name, boot, startMs, endMs }) =>
          html`<tr>
            <td>${MEANING[name]}</td>
            <td>${boot ?? '—'}</td>
            <td class="number">${(startMs / 1000).toFixed(2)} s</td>
            <td class="number">${((endMs - startMs) / 1000).toFixed(2)} s</td>
          </tr>`
      )}
    </tbody>
  </table>`
}
