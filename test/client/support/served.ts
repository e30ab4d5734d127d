import { operationSessions } from '../../../src/wire/operation-definitions.ts'
import type { OperationRequest, SetStatus } from '../../../src/wire/operations.ts'
import type { OtState, PeerSetup, Preprocessed } from '../../../src/protocol/ecdsa/index.ts'
import { combineShares } from '../../../src/key-share/index.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/types.ts'
import type { Purpose, SetState } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { Made, ServedSession } from './memory-sessions.ts'

export interface ServedSet {
  readonly shares: WalletShares
  readonly operationId: string
  readonly label: string
  readonly retires: readonly string[]
  state: SetState
  proven: boolean
  /** The ECDSA setup with the client; a cheat poisons it. */
  otState: OtState | undefined
  readonly preprocessings: Map<string, Preprocessed>
}

export interface ServedOperation {
  readonly request: OperationRequest
  sessions: readonly ServedSession[]
  readonly answers: Map<number, { readonly request: string; readonly answer: Uint8Array }>
  readonly challenges: Uint8Array[]
  readonly shares: KeyShare[]
  setup?: PeerSetup
  preprocessed?: Preprocessed
  decision?: 'COMMIT' | 'ABORT'
}

/** Keeps what a session of an operation has made. */
export function keep(operation: ServedOperation, sessionIndex: number, made: Made | undefined): void {
  if (made?.share !== undefined) operation.shares[sessionIndex] = made.share
  if (made?.setup !== undefined) operation.setup = made.setup
  if (made?.preprocessed !== undefined) operation.preprocessed = made.preprocessed
}

/** The shares of the set that an operation makes for a purpose. */
export function sharesFor({ request, shares }: ServedOperation, target: Purpose): WalletShares {
  const specs = operationSessions(request)
  return combineShares(shares.filter((_, sessionIndex) => specs[sessionIndex]!.target === target))
}

/** What the server says of a set. */
export function statusOf(setId: string, { shares, label, state, proven }: ServedSet): SetStatus {
  return {
    setId,
    walletId: toHex(shares.walletId),
    purpose: shares.purpose,
    state,
    label,
    backupMethod: shares.purpose === 'backup' ? 'PASSWORD' : null,
    deviceId: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastUsedAt: null,
    exportedAt: null,
    scope: null,
    expiresAt: null,
    proven,
  }
}
