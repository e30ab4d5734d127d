import { CURVES, partyId, type Curve, type PartyId, type Purpose, type Role } from '../types.ts'
import type { OperationRequest } from './operations.ts'

/** What one session of an operation is about; its place in {@link operationSlots} is the `slot` of its parcels. */
export interface OperationSlot {
  /** The purpose of the set that the session makes, or of the one that it uses (sign, prove). */
  readonly target: Purpose
  readonly curve: Curve
}

const targets = (request: OperationRequest): readonly Purpose[] => {
  switch (request.kind) {
    case 'backup':
      return ['backup']
    case 'recover':
      return request.rotateBackup === null ? ['signing'] : ['signing', 'backup']
    default:
      return ['signing']
  }
}

/**
 * The sessions that an operation runs side by side, in the order in which client and server number them: the target
 * sets (signing before backup), and within each the curves in the order of `CURVES`.
 */
export function operationSlots(request: OperationRequest): readonly OperationSlot[] {
  if (request.kind === 'sign') {
    return [{ target: 'signing', curve: request.scheme === 'ed25519' ? 'ed25519' : 'secp256k1' }]
  }
  return targets(request).flatMap((target) => CURVES.map((curve) => ({ target, curve })))
}

/** Every share set of a wallet needs both of its parties. */
export const WALLET_THRESHOLD = 2

/** The parties of a wallet's sets: the client is 1, its counterpart 2. */
export function setParties(purpose: Purpose): readonly { readonly id: PartyId; readonly role: Role }[] {
  return [
    { id: partyId(1), role: 'client' },
    { id: partyId(2), role: purpose === 'signing' ? 'server' : 'custodian' },
  ]
}
