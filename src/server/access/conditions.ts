import { APPROVERS, REASON_MAX_LENGTH, type Approver } from '../../wire/approvals.ts'
import { addUp } from '../../util/counters.ts'
import { isText } from '../../util/text.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { readReservations, type Reservation } from './reservation.ts'

/** An action that a policy is asked about: the kind of an operation, or a request without one. */
export type PolicyAction = OperationRequest['kind'] | 'confirm' | 'find' | 'retire' | 'revoke'

/**
 * What a policy returns in the place of `true` to allow an action on conditions. With `approval` or `delayMs`, the request is
 * refused with APPROVAL_REQUIRED, and nothing is counted, stored or played for it. The same device may repeat it once it was
 * approved and its time has come; then the policy is asked again, so that it can still deny it.
 */
export interface PolicyConditions {
  /**
   * Amounts of sums over some time, such as what is paid in a day, each of another counter (`sign` and `signAll`). They are added in the
   * transaction that begins the operation, and given back if it does not sign; if a sum would be above its maximum, the
   * signature is denied.
   */
  readonly reserve?: readonly Reservation[]
  /** Who has to approve it first. Default: nobody. */
  readonly approval?: Approver
  /**
   * How long it has to wait, in milliseconds from the first time that it was asked for, at most a year. Every device of the
   * wallet can cancel it meanwhile. Default: not at all.
   */
  readonly delayMs?: number
  /** Why it has to wait, for the user: a line of at most 200 UTF-16 code units. Default: empty. */
  readonly reason?: string
}

/** What a policy returns in the place of `false` to say why it denies an action. */
export interface PolicyDenial {
  /** Denies the action. */
  readonly allowed: false
  /**
   * Why, for the user: a line of at most 200 UTF-16 code units. Clients get it (`denial` of the error), so a thief of one does, too.
   */
  readonly reason: string
}

/** What a policy returns. */
export type PolicyAnswer = boolean | PolicyConditions | PolicyDenial

/** What a request has to wait for. */
export interface WaitConditions {
  readonly approver: Approver | null
  /** 0 for no delay. */
  readonly delayMs: number
  readonly reason: string
}

/** What a policy has allowed. */
export interface Allowed {
  readonly allowed: true
  readonly reservations: readonly Reservation[]
  /** Undefined if it has to wait for nothing. */
  readonly wait: WaitConditions | undefined
}

/** Allowed without conditions. */
export const ALLOWED: Allowed = { allowed: true, reservations: [], wait: undefined }
const FIELDS: ReadonlySet<string> = new Set<keyof PolicyConditions>(['reserve', 'approval', 'delayMs', 'reason'])
const LONGEST_DELAY_MS = 366 * 24 * 3_600_000

/** Denied without a reason. */
const DENIED: PolicyDenial = { allowed: false, reason: '' }

/** Actions that cannot wait: those that the client makes for itself before or after another one, and a list. */
const NEVER_WAITS: ReadonlySet<PolicyAction> = new Set<PolicyAction>(['prove', 'setup', 'preprocess', 'find'])

/**
 * Reads what a policy has returned.
 *
 * @throws {TypeError} for conditions that are none, or that the action cannot have, and for a reason that is none
 */
export function readAnswer(action: PolicyAction, answer: unknown): Allowed | PolicyDenial {
  if (answer === true) return ALLOWED
  if (typeof answer !== 'object' || answer === null) return DENIED
  if ((answer as Partial<PolicyDenial>).allowed === false) return readDenied(answer)
  const { reserve, approval, delayMs = 0, reason = '' } = answer as PolicyConditions
  if (reserve === undefined && approval === undefined && delayMs === 0) return DENIED
  // A condition with its name misspelt must not count as one that is met.
  if (!Object.keys(answer).every((name) => FIELDS.has(name))) throw new TypeError('the policy returned no condition')
  if (reserve !== undefined && action !== 'sign' && action !== 'signAll') return DENIED
  const reservations = reserve === undefined ? [] : readReservations(reserve)
  if (approval === undefined && delayMs === 0) return { allowed: true, reservations, wait: undefined }
  if (NEVER_WAITS.has(action)) throw new TypeError(`${action} cannot wait for an approval or a time`)
  return { allowed: true, reservations, wait: readWait(approval, delayMs, reason) }
}

function readDenied({ reason = '' }: Partial<PolicyDenial>): PolicyDenial {
  return { allowed: false, reason: readReason(reason) }
}

function readReason(reason: unknown): string {
  if (isText(reason, { kind: 'label', least: 0, most: REASON_MAX_LENGTH })) return reason
  throw new TypeError(`reason must be a line of at most ${REASON_MAX_LENGTH} UTF-16 code units`)
}

function readWait(approval: unknown, delayMs: unknown, reason: unknown): WaitConditions {
  if (approval !== undefined && !APPROVERS.some((one) => one === approval)) {
    throw new TypeError(`approval must be ${APPROVERS.join(', ')}`)
  }
  if (!Number.isSafeInteger(delayMs) || (delayMs as number) < 0 || (delayMs as number) > LONGEST_DELAY_MS) {
    throw new TypeError('delayMs must be a number of milliseconds, at most a year')
  }
  return {
    approver: (approval as Approver | undefined) ?? null,
    delayMs: delayMs as number,
    reason: readReason(reason),
  }
}

/**
 * What is allowed if each part of it is: what it reserves is added up, and it waits for all that a part wants.
 *
 * @returns a denial if no single approval is enough: one part wants a device's, another one the operator's
 */
export function allOf(parts: readonly Allowed[]): Allowed | PolicyDenial {
  const reservations = readReservations(addUp(parts.flatMap((part) => part.reservations)))
  const waits = parts.flatMap(({ wait }) => wait ?? [])
  const [first] = waits
  if (first === undefined) return { allowed: true, reservations, wait: undefined }
  const named = new Set(waits.flatMap(({ approver }) => (approver === null || approver === 'any' ? [] : [approver])))
  if (named.size > 1) return DENIED
  const [approver = waits.some((wait) => wait.approver === 'any') ? ('any' as const) : null] = named
  const delayMs = waits.reduce((most, wait) => Math.max(most, wait.delayMs), 0)
  return { allowed: true, reservations, wait: { approver, delayMs, reason: first.reason } }
}
