import { Misconfigured, Unavailable } from '../http.ts'
import { errorMessage, hasBrand } from '../../util/brand.ts'
import { sqlState } from './serialization.ts'

/**
 * SQLSTATEs after which the same statement may do later: connection exceptions, insufficient resources, an operator's
 * intervention or a crash, a lock or a statement that took too long, and a server that has become a standby.
 */
const PASSING = /^(?:08|53|57|58|55P03|25006|25P0[34])/

/** SQLSTATEs that say how the database is set up: credentials, privileges, a database or schema that is not there. */
const LASTING = /^(?:28|3D000|3F000|42501)/

/** What a pooler refuses for ever, in its own words: it has one SQLSTATE for all. */
const REFUSED = /unsupported startup parameter|statement pooling mode|not allowed in statement pooling/

/** @throws {Unavailable | Misconfigured} or, if it says nothing about the database, the error itself */
export function rethrow(error: unknown): never {
  if (hasBrand(error, 'Misconfigured')) throw error
  const state = sqlState(error)
  const message = errorMessage(error) ?? ''
  if (REFUSED.test(message)) {
    throw new Misconfigured(
      `the pooler in front of PostgreSQL refuses the connection for how it is set up: ${message}`,
      {
        cause: error,
      },
    )
  }
  if (state !== undefined && LASTING.test(state)) {
    throw new Misconfigured(`PostgreSQL refuses for how it is set up: ${message}`, { cause: error })
  }
  // What the driver fails with by itself is the connection: PostgreSQL's own errors have a state.
  if (state === undefined || PASSING.test(state)) {
    throw new Unavailable('the database cannot be used now', { cause: error })
  }
  throw error
}
