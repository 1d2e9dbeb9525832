import { lineSplitter } from './line-splitter.js'
import type { Publisher } from './publisher.js'
import { writePlan, writeReports } from './report-files.js'
import { bindingPlan, maskedPlan, maskedReport } from './report/masked.js'
import { paint } from './report/paint.js'
import { NOTHING_YET, progressLine, statusLine, tallied } from './report/progress.js'
import { knownSecrets } from './report/secrets.js'
import { planTerminal } from './report/plan-text.js'
import { renderTerminal } from './report/terminal.js'
import { visible, visibleLines } from './report/untrusted.js'
import { removalCommands } from './trial/labels.js'

/** A stream as a terminal or a pipe has it. */
export interface TerminalStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** What a command line tool writes to. */
export interface TerminalStreams {
  /** Receives the report. */
  readonly stdout: TerminalStream
  /** Receives progress, so that the report alone is redirected. */
  readonly stderr: TerminalStream
  /** `NO_COLOR` and `FORCE_COLOR` count (https://no-color.org, https://force-color.org). */
  readonly environment: NodeJS.ProcessEnv
  readonly clock: TerminalClock
  /** Called with 1 when a scenario failed, with 2 when the run could not be carried out. */
  readonly setExitCode: (code: 1 | 2) => void
}

/** What a live line needs to know of time. */
export interface TerminalClock {
  /** Milliseconds since whenever. */
  readonly now: () => number
  /** Calls a function again and again, without keeping the process alive. @returns what ends it */
  readonly every: (milliseconds: number, tick: () => void) => () => void
}

/** How often the live line is drawn anew while nothing happens. */
const TICK_MS = 1_000

const DEFAULT_COLUMNS = 100
const CLEAR_LINE = '\r\u001b[2K'

/** Publishes to a terminal: live lines and, where it is one, a status line; the report at the end. */
export function terminalPublisher(streams: TerminalStreams): Publisher {
  const { stdout, stderr, environment, clock, setExitCode } = streams
  const { mask, ...secrets } = knownSecrets()
  let tally = NOTHING_YET
  let tallyAt = clock.now()
  let status = ''
  let stopTicking: (() => void) | undefined

  const ink = paint(isColoured(stderr, environment))
  const showStatus = (text: string): void => {
    if (stderr.isTTY !== true || (status === '' && text === '')) return
    status = text
    stderr.write(`${CLEAR_LINE}${ink.dim(text)}`)
  }
  const showTally = (): void => {
    showStatus(statusLine(tally, (clock.now() - tallyAt) / 1_000, { columns: columnsOf(stderr), mask }))
  }
  const endStatus = (): void => {
    stopTicking?.()
    stopTicking = undefined
    showStatus('')
  }
  const print = (line: string): void => {
    const below = status
    showStatus('')
    stderr.write(`${mask(line)}\n`)
    showStatus(below)
  }
  const message = (sign: string, text: string): void => {
    visibleLines(mask(text)).forEach((line, index) => {
      print(`${index === 0 ? sign : '  '}${line}`)
    })
  }

  return {
    context: {},
    mask: secrets.add,
    hide: secrets.addOfImage,
    progress: (event) => {
      tally = tallied(tally, event)
      tallyAt = clock.now()
      showStatus('')
      const line = progressLine(event, ink, {
        columns: stderr.isTTY === true ? columnsOf(stderr) : Infinity,
        mask
      })
      if (line !== undefined) print(line)
      showTally()
      if (stderr.isTTY === true && tally.running.length > 0) stopTicking ??= clock.every(TICK_MS, showTally)
      if (tally.running.length === 0) endStatus()
    },
    line: (text) => {
      message('', text)
    },
    group: async (title, run) => {
      print(`${ink.dim('▸')} ${visible(title)}`)
      const lines = lineSplitter((line) => {
        print(`  ${ink.dim('│')} ${visible(mask(line))}`)
      })
      try {
        return await run(lines.write)
      } finally {
        lines.end()
      }
    },
    notice: (text) => {
      message(`${ink.dim('i')} `, text)
    },
    warning: (text) => {
      message(`${ink.yellow('!')} `, text)
    },
    error: (text) => {
      message(`${ink.red('✖')} `, text)
    },
    publish: async (unmasked, reportDir) => {
      if (unmasked.verdict === 'failed') setExitCode(1)
      const report = maskedReport(unmasked, mask)
      endStatus()
      const terminal = {
        colour: isColoured(stdout, environment),
        columns: columnsOf(stdout)
      }
      stdout.write(`\n${renderTerminal(report, terminal)}`)
      const kept = report.scenarios.flatMap(({ keptContainer }) => keptContainer ?? [])
      for (const [index, command] of removalCommands(kept[0] ?? '').entries())
        stdout.write(`${index === 0 ? 'What was kept stays until you remove it:\n' : ''}${command}\n`)
      const files = await writeReports(reportDir, report)
      for (const file of Object.values(files)) stdout.write(`Report: ${visible(file)}\n`)
    },
    // The command line has no input that asks for one.
    comment: () => Promise.resolve(),
    publishPlan: async (unmasked, reportDir) => {
      const plan = maskedPlan(unmasked, mask)
      endStatus()
      const terminal = { colour: isColoured(stdout, environment), columns: columnsOf(stdout) }
      stdout.write(`\n${planTerminal(plan, terminal)}`)
      const file = await writePlan(reportDir, bindingPlan(plan, unmasked))
      stdout.write(`Plan: ${visible(file)}\n`)
    },
    fail: (text) => {
      setExitCode(2)
      endStatus()
      message(`${ink.red('✖')} `, text)
    },
    close: () => {
      endStatus()
    }
  }
}

/** A terminal that was given no size says 0. */
function columnsOf({ columns = 0 }: TerminalStream): number {
  return columns > 0 ? columns : DEFAULT_COLUMNS
}

function isColoured(stream: TerminalStream, environment: NodeJS.ProcessEnv): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false
  const forced = environment.FORCE_COLOR ?? ''
  return forced === '' ? stream.isTTY === true && environment.TERM !== 'dumb' : forced !== '0'
}
