import type { CommentRequest } from './model.js'
import type { PlanFile } from './plan/plan-file.js'
import type { ProgressEvent } from './report/progress.js'
import type { Report, ReportContext } from './report/report.js'

/** Where a run says what it does and what came out: a workflow's log and summary, or a terminal. */
export interface Publisher {
  /** What a report says of the place where the run happens, for `makeReport`. */
  readonly context: Omit<ReportContext, 'faults'>

  /** Keeps values, in the forms in which they commonly leak, out of everything that is printed or written from now on. */
  mask(values: readonly string[]): void
  /** The same without a word to the runner: a stranger may have chosen the values, to make the rest of the job unreadable. */
  hide(values: readonly string[]): void
  progress(event: ProgressEvent): void
  /** Prints one line of ours; what others wrote in it is made harmless. */
  line(text: string): void
  /**
   * Runs something whose output belongs together.
   * @param run receives a function that takes output of a child as it comes, in pieces: untrusted
   */
  group<T>(title: string, run: (write: (chunk: Buffer | string) => void) => Promise<T>): Promise<T>

  notice(message: string): void
  warning(message: string): void
  /** Shows an error; by itself it decides nothing. */
  error(message: string): void

  /**
   * Writes the reports and sets the outputs and the process's exit code.
   * @param reportDir absolute; it is created
   * @throws when a report cannot be written; the exit code says failure then
   */
  publish(report: Report, reportDir: string): Promise<void>
  /**
   * Comments on the pull request that the workflow runs for. Never throws and never changes the exit code: why there is no
   * comment is said.
   */
  comment(report: Report, request: CommentRequest): Promise<void>
  /**
   * Shows a plan, writes `plan.json` and sets the outputs.
   * @param reportDir absolute; it is created
   * @throws when the file cannot be written
   */
  publishPlan(plan: PlanFile, reportDir: string): Promise<void>
  /** The run could not be carried out: says why and sets the exit code, 2 where a command line tool may choose. */
  fail(message: string): void
  /** Ends the output: says what was held back. A second call does nothing. */
  close(): void
}
