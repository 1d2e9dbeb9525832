import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import * as core from '@actions/core'
import { context } from '@actions/github'
import { annotations, type AnnotationKind, type AnnotationPlace } from './annotations.js'
import type { OutputName } from './inputs/outputs.js'
import { lineSplitter } from './line-splitter.js'
import type { Publisher } from './publisher.js'
import { commentOn } from './pull-request/comment-on.js'
import { writePlan, writeReports, type ReportFiles } from './report-files.js'
import { bindingPlan, maskedPlan, maskedReport } from './report/masked.js'
import { matrixOf } from './plan/plan-file.js'
import { paint } from './report/paint.js'
import { planSummary, planTerminal } from './report/plan-text.js'
import { progressLine } from './report/progress.js'
import type { Report, ReportContext } from './report/report.js'
import { marksOf } from './report/marks.js'
import type { ReportLocation } from './report/schema.js'
import { knownSecrets, maskAround, secretForms } from './report/secrets.js'
import { renderSummary } from './report/summary.js'
import { renderTerminal } from './report/terminal.js'
import { logLine, logLines, oneLine, visible } from './report/untrusted.js'
import { complaint, named } from './report/words.js'

const LONGEST_ANNOTATION = 1_000
/** Of the text in a log: that of a workflow is wider than a terminal, and folds what is too long. */
const LOG_COLUMNS = 120

/**
 * Publishes to a GitHub Actions runner: log, annotations, outputs, job summary.
 *
 * Everything that others may have written is printed while the runner does not look for commands
 * (`::stop-commands::TOKEN`), and broken besides, so that not even a leaked token helps a container to be heard.
 */
export function actionPublisher(environment: NodeJS.ProcessEnv): Publisher {
  const { mask, ...secrets } = knownSecrets()
  let stopToken: string | undefined

  const raw = (line: string): void => void process.stdout.write(`${line}\n`)
  /** Text, which the runner must not obey. */
  const print = (line: string): void => {
    if (stopToken === undefined) {
      stopToken = randomUUID()
      raw(`::stop-commands::${stopToken}`)
    }
    raw(logLine(maskAround(line, visible, mask)))
  }
  /** Something that the runner must obey. */
  const command = (issue: () => void): void => {
    if (stopToken !== undefined) raw(`::${stopToken}::`)
    stopToken = undefined
    issue()
  }

  const marks = annotations((kind, text, place) => {
    command(() => {
      issueAnnotation(kind, logLine(maskAround(text, oneLine, mask), LONGEST_ANNOTATION), place)
    })
  }, print)
  const ink = paint(false)

  return {
    context: actionContext(environment),
    hide: secrets.addOfImage,
    mask: (values) => {
      secrets.add(values)
      command(() => {
        for (const value of values.filter((text) => text.trim() !== ''))
          for (const form of new Set([value, ...secretForms(value)])) core.setSecret(form)
      })
    },
    progress: (event) => {
      const line = progressLine(event, ink, { columns: Infinity, mask })
      if (line !== undefined) print(line)
    },
    line: (text) => {
      logLines(mask(text)).forEach(print)
    },
    group: async (title, run) => {
      command(() => {
        core.startGroup(logLine(maskAround(title, oneLine, mask), 200))
      })
      const lines = lineSplitter(print)
      try {
        return await run(lines.write)
      } finally {
        lines.end()
        command(() => {
          core.endGroup()
        })
      }
    },
    notice: (message) => {
      marks.add('notice', message)
    },
    warning: (message) => {
      marks.add('warning', message)
    },
    error: (message) => {
      marks.add('error', message)
    },
    publish: async (unmasked, reportDir) => {
      // First of all: whatever goes wrong below, a failure stays a failure.
      if (unmasked.verdict === 'failed') process.exitCode = core.ExitCode.Failure
      const report = maskedReport(unmasked, mask)
      logLines(renderTerminal(report, { colour: false, columns: LOG_COLUMNS })).forEach(print)
      const files = await writeReports(reportDir, report)
      for (const file of Object.values(files)) print(`Report: ${file}`)
      command(() => {
        for (const [name, value] of Object.entries(outputs(report, reportDir, files)))
          core.setOutput(name, value)
      })
      await appendSummary(environment.GITHUB_STEP_SUMMARY, renderSummary(report))
      for (const { kind, text, location, title } of marksOf(report))
        marks.add(kind, text, placeOf(location, title))
      const { control } = report
      const place =
        control.result === 'failed' ? placeOf(control.location, 'Start-up fails on clean state') : undefined
      if (report.verdict === 'failed') marks.conclude('error', complaint(report), place)
      if (report.verdict === 'inconclusive') marks.conclude('warning', complaint(report))
    },
    comment: async (unmasked, request) => {
      const { kind, message } = await commentOn(
        maskedReport(unmasked, mask),
        // As it is: two legs whose names an image calls secrets must not be taken for one.
        unmasked.part.leg,
        request,
        environment
      )
      switch (kind) {
        case 'written':
          print(message)
          break
        case 'no-pull-request':
          marks.add('notice', message)
          break
        case 'refused':
          marks.add('warning', message)
          break
        case 'not-asked':
      }
    },
    publishPlan: async (unmasked, reportDir) => {
      const plan = maskedPlan(unmasked, mask)
      logLines(planTerminal(plan, { colour: false, columns: LOG_COLUMNS })).forEach(print)
      const file = await writePlan(reportDir, bindingPlan(plan, unmasked))
      const values: Partial<Record<OutputName, string>> = {
        total: String(plan.scenarios.length),
        'not-applicable': String(plan.omissions.length),
        'control-seconds': String(plan.controlSeconds),
        'image-id': plan.image.id,
        'report-dir': reportDir,
        'plan-file': file,
        matrix: JSON.stringify(matrixOf(plan))
      }
      command(() => {
        for (const [name, value] of Object.entries(values)) core.setOutput(name, value)
      })
      await appendSummary(environment.GITHUB_STEP_SUMMARY, planSummary(plan))
    },
    fail: (message) => {
      process.exitCode = core.ExitCode.Failure
      logLines(mask(message)).slice(1).forEach(print)
      marks.conclude('error', message)
    },
    close: () => {
      marks.flush()
      command(() => undefined)
    }
  }
}

/** The file's name is escaped by core, as a property of the command. */
function issueAnnotation(kind: AnnotationKind, text: string, place: AnnotationPlace | undefined): void {
  const properties =
    place === undefined ? {} : { file: place.file, startLine: place.line, title: place.title }
  switch (kind) {
    case 'notice':
      core.notice(text, properties)
      return
    case 'warning':
      core.warning(text, properties)
      return
    case 'error':
      core.error(text, properties)
  }
}

function placeOf(location: ReportLocation | null, title: string): AnnotationPlace | undefined {
  return location === null ? undefined : { file: location.file, line: location.line, title }
}

function outputs(
  report: Report,
  reportDir: string,
  files: ReportFiles
): Omit<Record<OutputName, string>, 'plan-file' | 'matrix'> {
  const { counts, control, scenarios } = report
  const failed = scenarios.filter(({ verdict }) => verdict === 'failed').map(named)
  return {
    verdict: report.verdict,
    total: String(report.total),
    recovered: String(counts.recovered),
    tolerated: String(counts.tolerated),
    refused: String(counts.refused),
    failed: String(counts.failed),
    inconclusive: String(counts.inconclusive),
    'not-applicable': String(counts['not-applicable']),
    'failed-scenarios': JSON.stringify(failed),
    'control-seconds': control.result === 'passed' ? String(control.readySeconds) : '',
    'image-id': report.image.id,
    'report-dir': reportDir,
    ...files
  }
}

/** A runner without summaries (older GitHub Enterprise Server) sets no file. */
async function appendSummary(file: string | undefined, text: string): Promise<void> {
  if (file !== undefined && file !== '') await appendFile(file, text)
}

/** Where the run takes place; the command is one that works on the reader's machine. */
function actionContext(environment: NodeJS.ProcessEnv): ReportContext {
  const {
    GITHUB_ACTION_REPOSITORY: action = '',
    GITHUB_ACTION_REF: ref = '',
    GITHUB_REPOSITORY
  } = environment
  // Both are empty when a workflow uses the action of its own checkout (`uses: ./`).
  const known = /^[\w.-]+\/[\w.-]+$/.test(action) && /^[\w./-]+$/.test(ref)
  return {
    ...(known ? { command: `npx --yes github:${action}#${ref}` } : {}),
    ...(GITHUB_REPOSITORY
      ? {
          repository: GITHUB_REPOSITORY,
          runUrl: `${context.serverUrl}/${GITHUB_REPOSITORY}/actions/runs/${context.runId}`
        }
      : {}),
    ...(context.sha ? { sha: context.sha } : {}),
    ...(environment.GITHUB_JOB ? { job: environment.GITHUB_JOB } : {})
  }
}
