import { assertMethods } from '../util/arguments.ts'
import type { Client } from './types.ts'

/**
 * Asserts what `createClient` gave, or what another copy of it did.
 *
 * @throws {TypeError} if it is something else
 */
export function clientArgument(value: Client): Client {
  assertMethods(value, ['group', 'ecdsa', 'now', 'random'], 'client')
  assertMethods(value.transport, ['request'], 'client.transport')
  return value
}
