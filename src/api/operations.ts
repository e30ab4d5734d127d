import type { BackupMethodName, Purpose, SetState, SignatureScheme } from '../types.ts'

/** 16 random bytes chosen by the client, lower-case hex: the idempotency key of an operation. */
export type OperationId = string

/** Ids on the API are lower-case hex: wallet ids of 16 bytes, set ids of 32 bytes. */
export interface GenerateRequest {
  readonly kind: 'generate'
  readonly walletId: string
  readonly label: string
}

export interface BackupRequest {
  readonly kind: 'backup'
  readonly walletId: string
  /** The signing set that deals. */
  readonly setId: string
  readonly backupMethod: BackupMethodName
}

export interface RecoverRequest {
  readonly kind: 'recover'
  readonly walletId: string
  /** The backup set that deals. */
  readonly setId: string
  readonly label: string
  readonly existingSets: 'keep' | 'retire'
  /** The method of the new cipherText where the backup is rotated, else null. */
  readonly rotateBackup: BackupMethodName | null
  readonly dryRun: boolean
}

export interface RefreshRequest {
  readonly kind: 'refresh'
  readonly walletId: string
  /** The signing set that deals and is retired once its successor is proven. */
  readonly setId: string
  readonly label: string
}

export interface SignRequest {
  readonly kind: 'sign'
  readonly walletId: string
  readonly setId: string
  readonly scheme: SignatureScheme
  /** lower-case hex, at most 64 KiB of bytes */
  readonly message: string
}

/**
 * A remote proof of possession by the client. Its parcels are no envelopes: per curve, the answer to round 1 carries the
 * server's challenge and the request of round 2 the proof.
 */
export interface ProveRequest {
  readonly kind: 'prove'
  readonly walletId: string
  readonly setId: string
}

/**
 * What the first round of an operation asks for: the header of its first flight. Every later request and every answer
 * but the last has the header `{}`; the last answer's is an {@link OperationResult}.
 */
export type OperationRequest =
  GenerateRequest | BackupRequest | RecoverRequest | RefreshRequest | SignRequest | ProveRequest

/** The rounds (request/response pairs) of each kind. */
export const ROUNDS: Readonly<Record<OperationRequest['kind'], number>> = {
  generate: 2,
  backup: 3,
  recover: 3,
  refresh: 3,
  sign: 1,
  prove: 2,
}

/** What the answer to the last round says. */
export interface OperationResult {
  /** The new set (generate, backup, recover, refresh) or the one that signed or was proven. */
  readonly setId: string
  /** Its state: ACTIVE, or PREPARED for a backup that waits for its confirmation and for a dry run. */
  readonly state: SetState
  /** The new backup set where the backup was rotated. */
  readonly backupSetId?: string
  /** The sets that this operation retired (prove). */
  readonly retired?: readonly string[]
}

/** One set as `GET /v1/sets/:setId` and `GET /v1/wallets/:walletId/sets` show it. */
export interface SetStatus {
  readonly setId: string
  readonly walletId: string
  readonly purpose: Purpose
  readonly state: SetState
  readonly label: string
  readonly backupMethod: BackupMethodName | null
  /** ISO 8601, by the server's clock */
  readonly createdAt: string
  readonly lastUsedAt: string | null
  /** Whether its holder has proven possession. That it has signed says nothing: the server never sees the client's part. */
  readonly proven: boolean
}

/** How an operation was decided: `POST /v1/operations/:operationId/abort` settles it one way or the other. */
export interface Decision {
  readonly decision: 'COMMIT' | 'ABORT'
}
