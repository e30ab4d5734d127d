import type { Group } from '../curve/group.ts'
import { MpcError } from '../errors.ts'
import { validatePublicKey, type ExportTerms } from '../protocol/export/index.ts'
import type { ShareSetRecord } from '../key-share/types.ts'
import type { Curve } from '../types.ts'
import { fromHex } from '../util/bytes.ts'
import type { OperationId } from './operations.ts'
import { partiesOf } from './sessions.ts'

/**
 * The custodian's paths for the client. Requests and responses are JSON. Those of an export are for when the signing
 * server is gone or refuses; a repeated request gets the same response.
 */
export const custodianPaths = {
  /** GET `{ backups: { cipherText }[] }`: a page of the user's, newest first, after the `skip` newest ones. */
  backups: (skip: number) => `/v1/backups?skip=${skip}`,
  /** POST a `ChallengeRequest`, get a `ChallengeResponse`. */
  challenge: (exportId: OperationId) => `/v1/exports/${exportId}/challenge`,
  /** POST a `ShareRequest`, get a `ShareResponse`. */
  share: (exportId: OperationId) => `/v1/exports/${exportId}/share`,
} as const

export interface ChallengeRequest {
  /** The backup set: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly curve: Curve
  /** Passed to the custodian's `authorizeExport`: text by the rule of authorizations. */
  readonly authorization: string
  /** As in `ExportRequest`. */
  readonly receiver: string
}

export interface ChallengeResponse {
  /** 32 bytes in lower-case hex */
  readonly challenge: string
}

export interface ShareRequest {
  /** `proveExport`, in lower-case hex */
  readonly proof: string
}

export interface ShareResponse {
  /** `releaseShare`, in lower-case hex */
  readonly sealed: string
}

/** The terms of an export, the same on both sides: the set's other party gives its share to the client. */
export function exportTerms(
  group: Group,
  record: ShareSetRecord,
  operationId: OperationId,
  receiver: Uint8Array,
): ExportTerms {
  const [to, from] = partiesOf(record.purpose)
  return { group, record, from: from!.id, to: to!.id, receiver, operation: fromHex(operationId) }
}

/** Whether this is an X25519 public key in hex, and not of small order: anyone could open what is sealed to that. */
export function isUsableReceiver(receiver: string): boolean {
  try {
    validatePublicKey(fromHex(receiver))
    return true
  } catch {
    return false
  }
}

/**
 * Asks the app whether an export may start. Only `true` allows it, and all denials look the same.
 *
 * @param ask calls the app's hook; undefined if there is none
 * @param onError receives what the hook throws
 * @throws {POLICY_DENIED} unless the hook returns true
 */
export async function requireAuthorization(
  ask: (() => unknown) | undefined,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    if (ask !== undefined && (await ask()) === true) return
  } catch (error) {
    onError(error)
  }
  throw new MpcError('POLICY_DENIED', 'the export is not authorized')
}
