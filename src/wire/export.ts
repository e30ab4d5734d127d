import type { Group } from '../curve/group.ts'
import { MpcError } from '../errors.ts'
import { validatePublicKey, type ExportTerms } from '../protocol/export/index.ts'
import type { ShareSetRecord } from '../key-share/types.ts'
import type { Curve } from '../types.ts'
import { fromHex } from '../util/bytes.ts'
import type { OperationId } from './operations.ts'
import { partiesOf } from './sessions.ts'

/**
 * The paths of the custodian by which it hands out its half, for when the signing server is gone or refuses. Bodies and
 * answers are JSON; the same request may be sent again and gets the same answer.
 */
export const custodianPaths = {
  /** POST a `ChallengeRequest`, get a `ChallengeResponse`. */
  challenge: (exportId: OperationId) => `/v1/exports/${exportId}/challenge`,
  /** POST a `ShareRequest`, get a `ShareResponse`. */
  share: (exportId: OperationId) => `/v1/exports/${exportId}/share`,
} as const

export interface ChallengeRequest {
  /** The backup set: 32 bytes in lower-case hex. */
  readonly setId: string
  readonly curve: Curve
  /** What the custodian's `authorizeExport` judges: text by the rule of authorizations. */
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

/** What both sides of an export agree on: the other party of the wallet's set hands its share to the client. */
export function exportTerms(
  group: Group,
  record: ShareSetRecord,
  operationId: OperationId,
  receiver: Uint8Array,
): ExportTerms {
  const [to, from] = partiesOf(record.purpose)
  return { group, record, from: from!.id, to: to!.id, receiver, operation: fromHex(operationId) }
}

/** Whether this is an X25519 public key in hex: what is sealed to one of small order is open to everybody. */
export function isUsableReceiver(receiver: string): boolean {
  try {
    validatePublicKey(fromHex(receiver))
    return true
  } catch {
    return false
  }
}

/**
 * Asks the app whether an export may begin. Only `true` allows it, and every denial looks the same.
 *
 * @param ask the app's hook, applied; undefined where it has none
 * @param onError told what the hook throws
 * @throws {POLICY_DENIED} unless the hook answers true
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
