import { isJoiningRound } from '../../wire/join.ts'
import type { OperationKind, OperationRequest } from '../../wire/operations.ts'
import { createRateCounts, rateLimited, type Locked, type RateCounts, type Subject } from '../../service/rate-counts.ts'
import type { RatedKind } from '../access/rate-limits.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Caller } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { AddedOperation, NewOperation } from './operations-table.ts'
import { countsAs, definitionOf, isAuthorized } from '../operations/definitions.ts'
import type { FailureSubject } from '../operations/operation.ts'
import type { SetRequest } from '../operations/round.ts'

/**
 * Whether failures of a kind are counted and can lock out: those that need a proof of possession. Failures of a joining
 * device are not counted: it has no share of the set, and could lock its owner out.
 */
export function countsFailures(kind: OperationKind, round = 1): boolean {
  if (kind === 'join' && isJoiningRound(round)) return false
  return definitionOf({ kind }).failuresCountAgainst.length > 0
}

/** The counts of all clients, and the events that the log gets. */
export function rateCounts({ database, now, limits, audit }: ServerContext): RateCounts<RatedKind> {
  return createRateCounts<RatedKind>({
    table: 'reshare_rates',
    database,
    now,
    rates: limits.rates,
    lockOut: limits.lockOut,
    onLocked: (tx, locked) => audit.record(tx, clientOf(locked), locked.map(lockedOut)),
    onUnlocked: (tx, subjects) => audit.record(tx, (subjects[0] as Subject).clientId, subjects.map(unlocked)),
  })
}

export function ofSet(clientId: string, setId: string): Subject {
  return { clientId, scope: `set ${setId}` }
}

/**
 * The subjects of a failure: it is counted against them, and an operation is refused while one of them is locked out. By the
 * kind they are the named set, the device that has sent the request, or the client, so that a thief locks out only what was
 * stolen.
 */
export function failing({ clientId, device }: Caller, { kind, setId }: SetRequest): Subject[] {
  const subjects: Readonly<Record<FailureSubject, Subject | undefined>> = {
    set: ofSet(clientId, setId),
    device: device === null ? undefined : { clientId, scope: `device ${device}` },
    client: { clientId, scope: '' },
  }
  return definitionOf({ kind }).failuresCountAgainst.flatMap((subject) => subjects[subject] ?? [])
}

/** @throws {RATE_LIMITED} if the operation needs a proof of possession, and earlier failures have locked out a subject of it */
export async function requireUnlocked(context: ServerContext, caller: Caller, request: SetRequest): Promise<void> {
  if (countsFailures(request.kind)) await rateCounts(context).requireUnlocked(failing(caller, request))
}

/**
 * The subject that an operation is counted against: the set that it names; for a generation, the client. So what is done with a stolen
 * set, or with a wallet that a thief of the token has made, leaves the rates of all other sets as they are.
 */
function payer(clientId: string, request: OperationRequest): Subject {
  return 'setId' in request ? ofSet(clientId, request.setId) : { clientId, scope: '' }
}

/**
 * Counts an operation that this transaction has added. All processes count in one row per set and kind. The caller has
 * locked the client, so that operations that begin at the same time are counted one after the other. An operation that needs
 * an authorization was counted when that was judged, and one whose intents are decoded before that.
 *
 * @throws {RATE_LIMITED} if too many of its kind were started with the set, or too many with it are not decided; the
 *   caller rolls the transaction back
 */
export async function chargeOperation(
  context: ServerContext,
  tx: Queryable,
  { clientId, request, isCharged = false }: Pick<NewOperation, 'clientId' | 'request' | 'isCharged'>,
  added: AddedOperation,
): Promise<void> {
  requireFewOpen(context, request, added)
  if (isCharged || isAuthorized(request)) return
  const { kind, count } = countsAs(request)
  await rateCounts(context).charge(tx, payer(clientId, request), kind, count)
}

/**
 * Counts an operation before it begins, and before what it signs is decoded, which may take long. What is refused then counts, too:
 * nothing else bounds how often it is asked for.
 *
 * @returns a function that takes it back
 * @throws {RATE_LIMITED} if the operation could not begin; nothing was counted
 */
export async function chargeBeforehand(
  context: ServerContext,
  { clientId, request }: Pick<NewOperation, 'clientId' | 'request'>,
): Promise<() => Promise<void>> {
  const { kind, count } = countsAs(request)
  return rateCounts(context).chargeNow(payer(clientId, request), kind, count)
}

/** Counts a failed proof. @returns the events for the log */
export async function countFailure(
  context: ServerContext,
  tx: Queryable,
  caller: Caller,
  request: SetRequest,
): Promise<AuditEvent[]> {
  return (await rateCounts(context).recordFailure(tx, failing(caller, request))).map(lockedOut)
}

function clientOf([locked]: readonly Locked[]): string {
  return (locked as Locked).subject.clientId
}

function lockedOut({ subject, until }: Locked): AuditEvent {
  return about(subject, 'lockedOut', until.toISOString())
}

function unlocked(subject: Subject): AuditEvent {
  return about(subject, 'unlocked')
}

/** An event about a set has its id; one about a device has the device's id in the detail. */
function about({ scope }: Subject, event: AuditEvent['event'], detail = ''): AuditEvent {
  const [what, id] = scope.split(' ')
  if (what === 'set') return { event, setId: id, detail }
  return { event, detail: [detail, id].filter(Boolean).join(' ') }
}

/**
 * A `signAll` counts as its signatures. Alone, it may be more than the limit.
 *
 * @throws {RATE_LIMITED} if too many operations of the set are open
 */
function requireFewOpen(
  { limits, now }: ServerContext,
  request: OperationRequest,
  { othersOpen, opensAt }: AddedOperation,
): void {
  if (othersOpen === 0 || othersOpen + countsAs(request).count <= limits.openOperations) return
  const message = 'too many operations of this set are under way: finish or abort some'
  throw rateLimited(message, opensAt as Date, now())
}
