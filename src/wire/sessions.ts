import { CURVES, partyId, type Curve, type PartyId, type Purpose, type Role } from '../types.ts'
import type { OperationRequest } from './operations.ts'

/** One session of an operation; its index in {@link operationSessions} is the `sessionIndex` of its messages. */
export interface SessionSpec {
  /** The purpose of the set that the session makes, or of the one that it uses (sign, prove). */
  readonly target: Purpose
  readonly curve: Curve
  /** What the session does: make a share of the set, make its ECDSA setup, or use an existing set. */
  readonly brings: 'share' | 'setup' | 'use'
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

const SETUP: SessionSpec = { target: 'signing', curve: 'secp256k1', brings: 'setup' }

const use = (curve: Curve): SessionSpec => ({ target: 'signing', curve, brings: 'use' })

/**
 * The sessions that an operation runs side by side, in the order in which client and server number them: the target
 * sets (signing before backup), within each the curves in the order of `CURVES`, and last the ECDSA setup of the
 * signing set.
 *
 * A signature with its own setup runs both with sessionIndex 0, one after the other.
 */
export function operationSessions(request: OperationRequest): readonly SessionSpec[] {
  switch (request.kind) {
    case 'sign':
      return [use(request.scheme === 'ed25519' ? 'ed25519' : 'secp256k1')]
    case 'preprocess':
      return [use('secp256k1')]
    case 'export':
      return [use(request.curve)]
    case 'prove':
      return CURVES.map(use)
    case 'setup':
      return [SETUP]
    default: {
      const shares = targets(request).flatMap((target) =>
        CURVES.map((curve): SessionSpec => ({ target, curve, brings: 'share' })),
      )
      return makesSigningSet(request) ? [...shares, SETUP] : shares
    }
  }
}

/** A dry run's set is never used, so it needs no setup. */
function makesSigningSet(request: OperationRequest): boolean {
  return targets(request).includes('signing') && !(request.kind === 'recover' && request.dryRun)
}

/** Every share set of a wallet needs both of its parties. */
export const WALLET_THRESHOLD = 2

/** The parties of a wallet's sets: the client is 1, its counterpart 2. */
export function partiesOf(purpose: Purpose): readonly { readonly id: PartyId; readonly role: Role }[] {
  return [
    { id: partyId(1), role: 'client' },
    { id: partyId(2), role: purpose === 'signing' ? 'server' : 'custodian' },
  ]
}
