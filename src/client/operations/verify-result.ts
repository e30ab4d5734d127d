import type { OperationResult } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { SetState } from '../../types.ts'
import { toHex } from '../../util/bytes.ts'

/**
 * The id of the set that both sides made.
 *
 * @param state the expected state: ACTIVE, or PREPARED for a backup and a dry run
 * @throws {SET_MISMATCH} if the server's result names a different set or state
 */
export function verifyMadeSet(result: OperationResult, made: WalletShares | undefined, state: SetState): string {
  if (result.state !== state) {
    throw new MpcError('SET_MISMATCH', `the server says that the new set is ${result.state}, not ${state}`)
  }
  return expectId(result.setId, made)
}

/**
 * The id of the backup set that both sides made along with the signing set.
 *
 * @throws {SET_MISMATCH} if the server's result names a different backup set, or none
 */
export function verifyBackupSet(result: OperationResult, made: WalletShares): string {
  return expectId(result.backupSetId, made)
}

function expectId(answered: string | undefined, made: WalletShares | undefined): string {
  if (made === undefined || answered !== toHex(made.setId)) {
    throw new MpcError('SET_MISMATCH', 'the server speaks of another set than the one that was made')
  }
  return answered
}

/** @throws {SET_MISMATCH} unless the server used the requested set */
export function verifyUsedSet({ setId, state }: OperationResult, asked: string): void {
  if (setId === asked && state === 'ACTIVE') return
  throw new MpcError('SET_MISMATCH', 'the server used another set than the one it was asked to')
}
