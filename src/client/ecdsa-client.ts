import { MpcError } from '../errors.ts'
import type { Client, EcdsaClient } from './types.ts'

/** Whether a client has ECDSA: one of `createClient` has, one of `createFrostClient` has not. */
export function hasEcdsa(client: Client): client is EcdsaClient {
  return client.ecdsa !== undefined
}

/** @throws {ECDSA_UNAVAILABLE} if the client signs by FROST alone */
export function requireEcdsa(client: Client): EcdsaClient {
  if (hasEcdsa(client)) return client
  throw new MpcError('ECDSA_UNAVAILABLE', 'this client signs by FROST alone; one of createClient signs by ECDSA too')
}
