import type { Approver, Denial, RequiredApproval } from '../errors.ts'
import { isHex } from '../util/bytes.ts'

export type { Approver, Denial, RequiredApproval }

/** The longest reason, in UTF-16 code units. */
export const REASON_MAX_LENGTH = 200

/** The approvers that a policy can name. */
export const APPROVERS: readonly Approver[] = ['any', 'device', 'operator']

/**
 * - `WAITING`: it waits for its approval, or for its time;
 * - `READY`: the device that has asked may repeat the request, which then goes on;
 * - `USED`: the request has gone on;
 * - `DENIED`: a device or the app's backend has denied it;
 * - `CANCELLED`: the device that has asked has cancelled it, or any device one that only waits;
 * - `ENDED`: the device was revoked, or the server has caught it cheating;
 * - `EXPIRED`: its time is over.
 */
export type ApprovalState = 'WAITING' | 'READY' | 'USED' | 'DENIED' | 'CANCELLED' | 'ENDED' | 'EXPIRED'

/** The states. */
export const APPROVAL_STATES: readonly ApprovalState[] = [
  'WAITING',
  'READY',
  'USED',
  'DENIED',
  'CANCELLED',
  'ENDED',
  'EXPIRED',
]

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A request that waits or has waited for an approval, or for its time. */
export interface Approval extends RequiredApproval {
  /** What has become of it. */
  readonly state: ApprovalState
  /** The action, as a policy gets it: `sign`, `export`, `recover`, `revoke`. */
  readonly action: string
  /** 16 bytes in lower-case hex; null for an action that is of no wallet, or of one that it makes. */
  readonly walletId: string | null
  /** The set that is used; null for an action without one. */
  readonly setId: string | null
  /** The device that has asked; null if its request was not sealed. */
  readonly deviceId: string | null
  /** When it was asked for (ISO 8601). */
  readonly createdAt: string
  /** When it was approved, else null. */
  readonly approvedAt: string | null
  /** The device that has approved it, `operator`, or `operator` and a name; null if nobody has. */
  readonly approvedBy: string | null
  /** When it was used, denied, cancelled or ended, else null. */
  readonly endedAt: string | null
  /** Whether whoever lists it may approve it. */
  readonly mayApprove: boolean
  /**
   * What is asked for: the other fields that the server's policy got, with bytes in lower-case hex and large numbers in
   * decimal. `shortened` is true if it was too long to be kept whole.
   */
  readonly details: Readonly<Record<string, Json>>
}

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/** Whether this is a time as the server writes it. */
export function isTime(value: unknown): value is string {
  return typeof value === 'string' && ISO_8601.test(value)
}

/** What a request waits for, of an error's body; undefined if it is anything else. */
export function readRequiredApproval(value: unknown): RequiredApproval | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { approvalId, approver, readyAt, expiresAt, reason } = value as Partial<RequiredApproval>
  if (!isApprovalId(approvalId) || !isTime(expiresAt) || (readyAt !== null && !isTime(readyAt))) return undefined
  if (approver !== null && !APPROVERS.some((one) => one === approver)) return undefined
  if (typeof reason !== 'string' || reason.length > REASON_MAX_LENGTH) return undefined
  return { approvalId, approver: approver as Approver | null, readyAt, expiresAt, reason }
}

/** What can deny a request. */
export const DENIERS: readonly Denial['by'][] = ['policy', 'sum', 'approver']

/** Why a request was denied, of an error's body; undefined if it is anything else. */
export function readDenial(value: unknown): Denial | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { by, reason } = value as Partial<Denial>
  if (by === undefined || !DENIERS.includes(by)) return undefined
  if (typeof reason !== 'string' || reason.length > REASON_MAX_LENGTH) return undefined
  return { by, reason }
}

/** Whether it is the id of a request for approval: 16 bytes in lower-case hex. */
export function isApprovalId(value: unknown): value is string {
  return isHex(value, 16)
}
