import type { MessageHash } from '../protocol/ecdsa/signing/digest.ts'
import type { BackupMethodName, Curve, Purpose, SetState } from '../types.ts'

/** 16 random bytes chosen by the client, lower-case hex: the idempotency key of an operation. */
export type OperationId = string

/** An operation that brings an ECDSA setup. */
interface BringsSetup {
  /** Present where the client computes slowly (it has no WebAssembly): it takes the cheaper part of the setup. */
  readonly slowClient?: true
}

/** Ids on the API are lower-case hex: wallet ids of 16 bytes, set ids of 32 bytes. */
export interface GenerateRequest extends BringsSetup {
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

export interface RecoverRequest extends BringsSetup {
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

export interface RefreshRequest extends BringsSetup {
  readonly kind: 'refresh'
  readonly walletId: string
  /** The signing set that deals and is retired once its successor is proven. */
  readonly setId: string
  readonly label: string
}

interface AnySignRequest {
  readonly kind: 'sign'
  readonly walletId: string
  readonly setId: string
  /** lower-case hex, at most 64 KiB of bytes */
  readonly message: string
}

export interface SignEd25519Request extends AnySignRequest {
  readonly scheme: 'ed25519'
}

export interface SignBip340Request extends AnySignRequest {
  readonly scheme: 'bip340'
  /** BIP 32 without hardened steps, such as `m/0/5`; `m` is the wallet's own key. */
  readonly path: string
  /**
   * The merkle root that the key at `path` is tweaked by (BIP 341), 32 bytes in lower-case hex, or '' for a key without
   * scripts; null signs with the key as it is.
   */
  readonly tapTweak: string | null
}

export interface SignEcdsaRequest extends AnySignRequest {
  readonly scheme: 'ecdsa'
  /** How the message becomes the digest that is signed; null if the message is that digest, of 32 bytes, already. */
  readonly hash: MessageHash | null
  /** As for `bip340`. */
  readonly path: string
  readonly source: SignatureSource
}

/**
 * What the signature is made with: the setup of the set, a setup made for this signature alone (its first two rounds,
 * discarded afterwards; for sets whose own is poisoned), or a preprocessing (its id, 32 bytes in lower-case hex).
 */
export type SignatureSource =
  | { readonly kind: 'setup' }
  | ({ readonly kind: 'ephemeralSetup' } & BringsSetup)
  | { readonly kind: 'preprocessing'; readonly id: string }

export type SignRequest = SignEd25519Request | SignBip340Request | SignEcdsaRequest

/** Makes a new ECDSA setup for a set that has lost its own on one side; refused where that is poisoned. */
export interface SetupRequest extends BringsSetup {
  readonly kind: 'setup'
  readonly walletId: string
  readonly setId: string
}

/** Makes one preprocessing: all of an ECDSA signature that needs neither its key nor its message. */
export interface PreprocessRequest {
  readonly kind: 'preprocess'
  readonly walletId: string
  readonly setId: string
}

/**
 * Hands the server's share of one curve's key to a client that has proven possession of its own. Its messages are no
 * envelopes: the answer to round 1 carries the server's challenge, the request of round 2 the proof, the last answer the
 * server's share sealed to `receiver`.
 */
export interface ExportRequest {
  readonly kind: 'export'
  readonly walletId: string
  readonly setId: string
  readonly curve: Curve
  /** What the server's `authorizeExport` judges: a fresh authorisation by the user, at most 4,096 UTF-16 code units. */
  readonly authorization: string
  /** The X25519 public key that the share is sealed to: 32 bytes in lower-case hex, made for this request alone. */
  readonly receiver: string
}

/**
 * A remote proof of possession by the client. Its messages are no envelopes: per curve, the answer to round 1 carries the
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
  | GenerateRequest
  | BackupRequest
  | RecoverRequest
  | RefreshRequest
  | SignRequest
  | ProveRequest
  | SetupRequest
  | PreprocessRequest
  | ExportRequest

/** The rounds (request/response pairs) that an operation takes. */
export function operationRounds(request: OperationRequest): number {
  switch (request.kind) {
    case 'backup':
    case 'recover':
    case 'refresh':
      return 3
    case 'sign':
      return request.scheme === 'ecdsa' ? ECDSA_ROUNDS[request.source.kind] : 1
    default:
      return 2
  }
}

const ECDSA_ROUNDS: Readonly<Record<SignatureSource['kind'], number>> = {
  setup: 2,
  ephemeralSetup: 4,
  preprocessing: 1,
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
  /** The device that made it, which alone may use a signing set: 32 bytes in lower-case hex; null if it was made unsealed. */
  readonly deviceId: string | null
  /** ISO 8601, by the server's clock */
  readonly createdAt: string
  readonly lastUsedAt: string | null
  /** When the private key of a curve was handed out with this set's help (ISO 8601), else null. */
  readonly exportedAt: string | null
  /** Whether its holder has proven possession. That it has signed says nothing: the server never sees the client's part. */
  readonly proven: boolean
}

/** How an operation was decided: `POST /v1/operations/:operationId/abort` settles it one way or the other. */
export interface Decision {
  readonly decision: 'COMMIT' | 'ABORT'
}
