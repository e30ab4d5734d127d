import { createHasher } from '../util/tagged-hash.ts'
import { fromHex, utf8 } from '../util/bytes.ts'
import type { OperationId, OperationRequest } from './operations.ts'

const hash = createHasher('wallet', 'operation')

/**
 * What the ECDSA set-up of an operation is bound to on both sides, 32 bytes: this operation on this wallet.
 */
export function setUpBinding(operationId: OperationId, request: OperationRequest): Uint8Array {
  const source = request.kind === 'generate' ? new Uint8Array(0) : fromHex(request.setId)
  return hash('set-up', fromHex(operationId), utf8(request.kind), fromHex(request.walletId), source)
}
