import { assertMethods } from '../util/arguments.ts'
import type { Client } from './types.ts'

/**
 * Asserts a client made by `createClient` or `createFrostClient`, of this or another copy of the package.
 *
 * @throws {TypeError} if it is not one
 */
export function clientArgument(value: Client): Client {
  assertMethods(value, ['group', 'now', 'random'], 'client')
  assertMethods(value.transport, ['request'], 'client.transport')
  return value
}
