import { MpcError } from '../../errors.ts'
import type { Purpose } from '../../types.ts'
import type { StoredLimits, SetRow } from './sets-table.ts'

/**
 * Invariant I3: a request names one set, which is checked before any cryptography.
 *
 * @throws {SET_MISMATCH} if the set belongs to another of the client's wallets or has another purpose
 */
export function assertSetMatches(set: SetRow, walletId: string, purpose: Purpose): void {
  if (set.walletId !== walletId) throw new MpcError('SET_MISMATCH', 'the set belongs to another wallet')
  if (set.purpose !== purpose) throw new MpcError('SET_MISMATCH', `the set is not a ${purpose} set`)
}

/**
 * Invariant I2: only an ACTIVE set signs, deals or is proven.
 *
 * @param now milliseconds since 1970
 * @throws {SET_EXPIRED} if its time is over
 * @throws {SET_RETIRED} if it is retired
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes it is undecided
 */
export function assertActive(set: SetRow, now: number): void {
  if (set.state === 'PREPARED') throw undecided()
  assertNotExpired(set, now)
  if (set.state === 'ACTIVE') return
  throw new MpcError('SET_RETIRED', 'the signing set is retired; recover again to get a new one')
}

/**
 * Checks the time of a set, of one that is to be made too.
 *
 * @param now milliseconds since 1970
 * @throws {SET_EXPIRED} if it is over
 */
export function assertNotExpired({ expiresAt }: Pick<SetRow, 'expiresAt'>, now: number): void {
  if (expiresAt === null || expiresAt.getTime() > now) return
  throw new MpcError('SET_EXPIRED', 'the time of the signing set is over; another device can make a new one')
}

/** Whether a set has a scope or an expiry. */
export function isLimited({ scope, expiresAt }: StoredLimits): boolean {
  return scope !== null || expiresAt !== null
}

/**
 * Checks that a recovery may use a backup set. A committed one can be used even before it is confirmed: whoever opens its
 * cipherText has it stored.
 *
 * @throws {BACKUP_SUPERSEDED} if a newer one has replaced it
 * @throws {OPERATION_IN_PROGRESS} if the operation that makes it is undecided
 */
export function requireRecoverable(set: SetRow): void {
  if (set.state === 'ABORTED' || set.state === 'DESTROYED') {
    throw new MpcError('BACKUP_SUPERSEDED', 'a newer backup has replaced this one')
  }
  if (set.committedAt === null) throw undecided()
}

/** The error for a set whose operation is undecided. */
export function undecided(): MpcError {
  return new MpcError('OPERATION_IN_PROGRESS', 'the operation that makes this set is not decided yet')
}
