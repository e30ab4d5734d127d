import type { MessageHash } from '../protocol/ecdsa/signing/digest.ts'
import type { BackupMethodName, Curve, Purpose, SetState } from '../types.ts'
import type { SetLimits } from './set-limits.ts'
import type { SignAllRequest } from './sign-items.ts'

/** 16 random bytes chosen by the client, lower-case hex: the idempotency key of an operation. */
export type OperationId = string

/** An operation that makes an ECDSA setup. */
interface BringsSetup {
  /** Present if the client computes slowly (without WebAssembly): it takes the cheaper role in the setup. */
  readonly slowClient?: true
}

/** An operation that makes a signing set, with an ECDSA setup beside it unless the client wants none. */
interface MakesSigningSet extends BringsSetup {
  /**
   * Present if the set is to have no ECDSA setup: the client signs by FROST alone. The set can get one later by the
   * operation `setup`. The other field of the setup then has no effect.
   */
  readonly withoutSetup?: true
}

/** Ids in the API are lower-case hex: wallet ids of 16 bytes, set ids of 32 bytes. */
export interface GenerateRequest extends MakesSigningSet {
  readonly kind: 'generate'
  readonly walletId: string
  readonly label: string
}

/** The public side of a key that an import deals. */
export interface ImportedKey {
  /** lower-case hex: 33 bytes on secp256k1 (SEC 1 compressed), 32 on ed25519 (RFC 8032) */
  readonly publicKey: string
  /** 32 bytes in lower-case hex; null if both parties draw it. */
  readonly chainCode: string | null
}

/** Makes a wallet as `generate` does, with a key on one curve or both that the client has. */
export interface ImportRequest extends MakesSigningSet {
  readonly kind: 'import'
  readonly walletId: string
  readonly label: string
  /** The imported keys, at least one; null for a curve whose key is generated. */
  readonly keys: Readonly<Record<Curve, ImportedKey | null>>
}

export interface BackupRequest {
  readonly kind: 'backup'
  readonly walletId: string
  /** The signing set that deals. */
  readonly setId: string
  readonly backupMethod: BackupMethodName
}

/** With limits, only with `existingSets: 'keep'`, and without a rotation or a dry run. */
export interface RecoverRequest extends MakesSigningSet, SetLimits {
  readonly kind: 'recover'
  readonly walletId: string
  /** The backup set that deals. */
  readonly setId: string
  readonly label: string
  readonly existingSets: 'keep' | 'retire'
  /** The method of the new cipherText if the backup is rotated, else null. */
  readonly rotateBackup: BackupMethodName | null
  readonly dryRun: boolean
}

export interface RefreshRequest extends MakesSigningSet {
  readonly kind: 'refresh'
  readonly walletId: string
  /** The signing set that deals, and is retired once its successor is proven. */
  readonly setId: string
  readonly label: string
}

/**
 * Makes a signing set for another device of the client, without a backup. Both devices send rounds of this one operation,
 * the device that has the set the odd ones, the joining device the even ones; `join.ts` has the rest.
 */
export interface JoinRequest extends SetLimits {
  readonly kind: 'join'
  readonly walletId: string
  /** The signing set that deals. It stays as it is. */
  readonly setId: string
  /** The label of the new set: a name for the joining device. */
  readonly label: string
  /**
   * The device that joins, to which the new set is bound: 32 bytes in lower-case hex. Null if it does not seal its
   * requests: then every device of the client may send the even rounds.
   */
  readonly joiningDeviceId: string | null
}

interface AnySignRequest {
  readonly kind: 'sign'
  readonly walletId: string
  readonly setId: string
  /** lower-case hex, at most 64 KiB of bytes */
  readonly message: string
  /** What the message is of, as `encodeIntent` encodes it, in lower-case hex. Absent if the client does not say. */
  readonly intent?: string
  /** Steps without hardening, such as `m/0/5` (BIP 32, or BIP32-Ed25519); `m` is the wallet's own key. */
  readonly path: string
}

export interface SignEd25519Request extends AnySignRequest {
  readonly scheme: 'ed25519'
}

export interface SignBip340Request extends AnySignRequest {
  readonly scheme: 'bip340'
  /**
   * The merkle root that the key at `path` is tweaked by (BIP 341), 32 bytes in lower-case hex, or '' for a key without
   * scripts; null signs with the key as it is.
   */
  readonly tapTweak: string | null
}

export interface SignEcdsaRequest extends AnySignRequest {
  readonly scheme: 'ecdsa'
  /** How the message is hashed; null if the message already is the digest, of 32 bytes. */
  readonly hash: MessageHash | null
  readonly source: SignatureSource
}

/**
 * What the signature is made with: the set's setup, a setup made for this signature only (in its first two rounds, and
 * discarded afterwards; for sets whose own is poisoned), or a preprocessing (by its id, 32 bytes in lower-case hex).
 */
export type SignatureSource =
  | { readonly kind: 'setup' }
  | ({ readonly kind: 'ephemeralSetup' } & BringsSetup)
  | { readonly kind: 'preprocessing'; readonly id: string }

export type SignRequest = SignEd25519Request | SignBip340Request | SignEcdsaRequest

/** Makes a new ECDSA setup for a set of which one side has lost its own; refused if that is poisoned. */
export interface SetupRequest extends BringsSetup {
  readonly kind: 'setup'
  readonly walletId: string
  readonly setId: string
}

/** Makes one preprocessing: the part of an ECDSA signature that needs neither its key nor its message. */
export interface PreprocessRequest {
  readonly kind: 'preprocess'
  readonly walletId: string
  readonly setId: string
}

/**
 * Gives the server's share of one curve's key to a client that has proven possession of its own. Its messages are not
 * envelopes: the response to round 1 carries the server's challenge, the request of round 2 the proof, and the last
 * response the server's share sealed to `receiver`.
 */
export interface ExportRequest {
  readonly kind: 'export'
  readonly walletId: string
  readonly setId: string
  readonly curve: Curve
  /** Passed to the server's `authorizeExport`: a fresh authorization by the user, at most 4,096 UTF-16 code units. */
  readonly authorization: string
  /** The X25519 public key that the share is sealed to: 32 bytes in lower-case hex, made for this request only. */
  readonly receiver: string
}

/**
 * A remote proof of possession by the client. Its messages are not envelopes: per curve, the response to round 1
 * carries the server's challenge and the request of round 2 the proof.
 */
export interface ProveRequest {
  readonly kind: 'prove'
  readonly walletId: string
  readonly setId: string
}

/**
 * The request of an operation: the header of its first round. Every later request and every response but the last has
 * the header `{}`; that of the last response is an {@link OperationResult}.
 */
export type OperationRequest =
  | GenerateRequest
  | ImportRequest
  | BackupRequest
  | RecoverRequest
  | RefreshRequest
  | JoinRequest
  | SignRequest
  | SignAllRequest
  | ProveRequest
  | SetupRequest
  | PreprocessRequest
  | ExportRequest

/** Names what an operation does. */
export type OperationKind = OperationRequest['kind']

/** The request of the operations of a kind. */
export type RequestOf<Kind extends OperationKind> = Extract<OperationRequest, { readonly kind: Kind }>

/** The header of the response to the last round. */
export interface OperationResult {
  /** The new set (generate, backup, recover, refresh, join), or the set that was used. */
  readonly setId: string
  /** Its state: ACTIVE, or PREPARED for an unconfirmed backup and for a dry run. */
  readonly state: SetState
  /** The new backup set, if the backup was rotated. */
  readonly backupSetId?: string
  /** The sets that this operation retired (prove). */
  readonly retired?: readonly string[]
}

/** A set as returned by `GET /v1/sets/:setId` and listed by `GET /v1/wallets/:walletId/sets`. */
export interface SetStatus {
  /** 32 bytes in lower-case hex */
  readonly setId: string
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** Whether the set signs or backs up. */
  readonly purpose: Purpose
  /** The state of the set at the server. */
  readonly state: SetState
  /** The name that the device gave itself when it made the set; empty if it gave none. */
  readonly label: string
  /** How the cipherText of a backup set is opened; null for a signing set. */
  readonly backupMethod: BackupMethodName | null
  /**
   * The device that made it; only that may use a signing set. 32 bytes in lower-case hex; null if it was made unsealed.
   */
  readonly deviceId: string | null
  /** ISO 8601, by the server's clock */
  readonly createdAt: string
  /** When the set last signed (ISO 8601), else null. */
  readonly lastUsedAt: string | null
  /** When a private key was first exported with this set (ISO 8601), else null. */
  readonly exportedAt: string | null
  /** The name that the policy gets with each request of the set; null if it has none. */
  readonly scope: string | null
  /** When the set ends (ISO 8601, by the server's clock); null for never. */
  readonly expiresAt: string | null
  /** Whether its holder has proven possession. Signing proves nothing: the server never sees the client's part. */
  readonly proven: boolean
}

/** The decision of an operation; `POST /v1/operations/:operationId/abort` aborts it unless it is committed. */
export interface Decision {
  readonly decision: 'COMMIT' | 'ABORT'
}
