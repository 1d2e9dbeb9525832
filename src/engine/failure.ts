import { messageOf } from '../thrown.js'
import { EngineError } from './errors.js'

/** Whatever was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error), { cause: error })
}

/** A failure of the transport: there is no status, and the words are the transport's. */
export function transportError(operation: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError(operation, undefined, messageOf(error) || 'the connection failed', { cause: error })
}
