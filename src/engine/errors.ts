/** A request to the Docker engine that failed. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  /** What was asked, in words, e.g. `start container`. */
  readonly operation: string
  /** HTTP status of the answer; undefined when there was no answer. */
  readonly status: number | undefined
  /** The daemon's own words, or the transport's. */
  readonly daemonMessage: string

  constructor(
    operation: string,
    status: number | undefined,
    daemonMessage: string,
    options?: { cause?: unknown }
  ) {
    super(`${operation}: ${daemonMessage}${status === undefined ? '' : ` (HTTP ${status})`}`, options)
    this.operation = operation
    this.status = status
    this.daemonMessage = daemonMessage
  }
}
