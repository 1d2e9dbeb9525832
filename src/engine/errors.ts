/** A request to the Docker engine that failed. */
export class EngineError extends Error {
  override readonly name = 'EngineError'

  /**
   * @param operation what was asked, in words, e.g. `start container`
   * @param status HTTP status of the answer; undefined when there was no answer
   * @param daemonMessage the daemon's own words, or the transport's
   */
  constructor(
    readonly operation: string,
    readonly status: number | undefined,
    readonly daemonMessage: string,
    options?: { cause?: unknown }
  ) {
    super(`${operation}: ${daemonMessage}${status === undefined ? '' : ` (HTTP ${status})`}`, options)
  }
}
