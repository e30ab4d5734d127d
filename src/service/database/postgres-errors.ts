import { Misconfigured, Unavailable } from '../http.ts'
import { errorMessage, hasBrand } from '../../util/brand.ts'
import { sqlState } from './serialization.ts'

/**
 * SQLSTATEs after which the same statement may succeed later: connection exceptions, insufficient resources, operator
 * intervention, crashes, lock and statement timeouts, and a server that has become a standby.
 */
const TRANSIENT_STATES = /^(?:08|53|57|58|55P03|25006|25P0[34])/

/** SQLSTATEs of a misconfigured database: credentials, privileges, a missing database or schema. */
const CONFIGURATION_STATES = /^(?:28|3D000|3F000|42501)/

/** Permanent refusals of a pooler, by their text: it uses one SQLSTATE for all. */
const POOLER_REFUSAL = /unsupported startup parameter|statement pooling mode|not allowed in statement pooling/

/** @throws {Unavailable | Misconfigured} or, if it says nothing about the database, the error itself */
export function rethrow(error: unknown): never {
  if (hasBrand(error, 'Misconfigured')) throw error
  const state = sqlState(error)
  const message = errorMessage(error) ?? ''
  if (POOLER_REFUSAL.test(message)) {
    throw new Misconfigured(
      `the pooler in front of PostgreSQL refuses the connection for how it is set up: ${message}`,
      {
        cause: error,
      },
    )
  }
  if (state !== undefined && CONFIGURATION_STATES.test(state)) {
    throw new Misconfigured(`PostgreSQL refuses for how it is set up: ${message}`, { cause: error })
  }
  // Errors without a state are the driver's and concern the connection: PostgreSQL's own have one.
  if (state === undefined || TRANSIENT_STATES.test(state)) {
    throw new Unavailable('the database cannot be used now', { cause: error })
  }
  throw error
}
