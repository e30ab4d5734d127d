import { isJoiningRound } from '../../wire/join.ts'
import type { OperationKind, OperationRequest } from '../../wire/operations.ts'
import { createRateCounts, rateLimited, type Locked, type RateCounts, type Subject } from '../../service/rate-counts.ts'
import type { AuditEvent } from '../audit/entry.ts'
import type { Caller } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { AddedOperation, NewOperation } from './operations-table.ts'
import { definitionOf, isAuthorized } from '../operations/definitions.ts'
import type { FailureSubject } from '../operations/operation.ts'
import type { SetRequest } from '../operations/round.ts'

/**
 * What needs a proof of possession: its failures are counted, and what is locked out begins none of it. Not those of a
 * joining device, which has no share of the set: it could lock it out.
 */
export function countsFailures(kind: OperationKind, round = 1): boolean {
  if (kind === 'join' && isJoiningRound(round)) return false
  return definitionOf({ kind }).failuresCountAgainst.length > 0
}

/** The counts of all clients, and what the log tells of them. */
export function rateCounts({ database, now, limits, audit }: ServerContext): RateCounts<OperationKind> {
  return createRateCounts<OperationKind>({
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
 * Whom a failure of an operation is counted against, and whose earlier ones keep it from beginning: the set that it names
 * and the device that has sent it, so that a thief locks out what was stolen and nothing else.
 */
export function failing({ clientId, device }: Caller, { kind, setId }: SetRequest): Subject[] {
  const subjects: Readonly<Record<FailureSubject, Subject | undefined>> = {
    set: ofSet(clientId, setId),
    device: device === null ? undefined : { clientId, scope: `device ${device}` },
    client: { clientId, scope: '' },
  }
  return definitionOf({ kind }).failuresCountAgainst.flatMap((subject) => subjects[subject] ?? [])
}

/** @throws {RATE_LIMITED} if earlier failures keep an operation from beginning that needs a proof of possession */
export async function requireUnlocked(context: ServerContext, caller: Caller, request: SetRequest): Promise<void> {
  if (countsFailures(request.kind)) await rateCounts(context).requireUnlocked(failing(caller, request))
}

/**
 * Whom an operation is counted against: the set that it names, whose share, or whose device's key, has let it begin. What is
 * done with a stolen set, or with a wallet that a thief of the token has made, leaves the rates of all other sets as they are.
 */
function payer(clientId: string, request: OperationRequest): Subject {
  return 'setId' in request ? ofSet(clientId, request.setId) : { clientId, scope: '' }
}

/**
 * Counts an operation that this transaction has added: all processes count in one row a set and kind. The caller has
 * locked the client, so that of operations that begin at once each counts the ones before it. What needs an authorization was
 * counted when that was judged.
 *
 * @throws {RATE_LIMITED} if too many of its kind have begun with the set, or too many with it are not decided; the
 *   transaction is to be rolled back
 */
export async function chargeOperation(
  context: ServerContext,
  tx: Queryable,
  { clientId, request }: Pick<NewOperation, 'clientId' | 'request'>,
  added: AddedOperation,
): Promise<void> {
  requireFewOpen(context, added)
  if (!isAuthorized(request)) await rateCounts(context).charge(tx, payer(clientId, request), request.kind)
}

/** Counts a failed proof. @returns what the log tells of it */
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

/** What the log tells of a set names it; of a device, in the detail. */
function about({ scope }: Subject, event: AuditEvent['event'], detail = ''): AuditEvent {
  const [what, id] = scope.split(' ')
  if (what === 'set') return { event, setId: id, detail }
  return { event, detail: [detail, id].filter(Boolean).join(' ') }
}

/** What the database does not say is not few. */
function requireFewOpen({ limits, now }: ServerContext, { othersOpen, opensAt }: AddedOperation): void {
  if (othersOpen < limits.openOperations) return
  const message = 'too many operations of this set are under way: finish or abort some'
  throw rateLimited(message, opensAt as Date, now())
}
