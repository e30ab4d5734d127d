import type { PartyId } from '../types.ts'
import { createHasher } from '../util/tagged-hash.ts'
import { fromHex, utf8 } from '../util/bytes.ts'
import type { OperationId, OperationRequest } from './operations.ts'
import { partiesOf } from './sessions.ts'

const hash = createHasher('wallet', 'operation')

/**
 * What both sides bind the ECDSA setup of an operation to, 32 bytes: the operation and its wallet.
 */
export function setupBinding(operationId: OperationId, request: OperationRequest): Uint8Array {
  const source = 'setId' in request ? fromHex(request.setId) : new Uint8Array(0)
  return hash('setup', fromHex(operationId), utf8(request.kind), fromHex(request.walletId), source)
}

/** The parties of a signing set, and which of them compute slowly in the setup of this operation. */
export function setupParties(request: OperationRequest): {
  readonly parties: readonly PartyId[]
  readonly slow: readonly PartyId[]
} {
  const parties = partiesOf('signing').map(({ id }) => id)
  return { parties, slow: parties.slice(0, isSlowClient(request) ? 1 : 0) }
}

function isSlowClient(request: OperationRequest): boolean {
  if (request.kind !== 'sign') return 'slowClient' in request
  return request.scheme === 'ecdsa' && 'slowClient' in request.source
}
