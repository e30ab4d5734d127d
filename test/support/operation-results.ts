import { operationSessions } from '../../src/wire/operation-definitions.ts'
import type { OperationRequest } from '../../src/wire/operations.ts'
import type { EcdsaSignature, PeerSetup, Preprocessed } from '../../src/protocol/ecdsa/index.ts'
import { combineShares, type KeyShare, type WalletShares } from '../../src/key-share/index.ts'

/** What a session of an operation ends with. */
export type Result =
  | KeyShare
  | { readonly share?: KeyShare }
  | { readonly signature?: Uint8Array | EcdsaSignature; readonly preprocessed?: Preprocessed }
  | readonly PeerSetup[]

export function isSetup(result: Result): result is readonly PeerSetup[] {
  return Array.isArray(result)
}

/** The share that a session has made. */
export function shareOf(result: Result): KeyShare {
  return 'secretShare' in result ? result : ((result as { share?: KeyShare }).share as KeyShare)
}

/** The shares of each set that an operation makes, in the order of its sessions. */
export function gather(request: OperationRequest, shares: readonly KeyShare[]): WalletShares[] {
  const specs = operationSessions(request)
  const targets = [...new Set(specs.map(({ target }) => target))]
  return targets.map((target) =>
    combineShares(shares.filter((_, sessionIndex) => specs[sessionIndex]?.target === target)),
  )
}
