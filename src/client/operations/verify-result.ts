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
export function verifyMadeSet(result: OperationResult, newShares: WalletShares | undefined, state: SetState): string {
  if (result.state !== state) {
    throw new MpcError('SET_MISMATCH', `the server says that the new set is ${result.state}, not ${state}`)
  }
  return assertSetId(result.setId, newShares)
}

/**
 * The id of the backup set that both sides made along with the signing set.
 *
 * @throws {SET_MISMATCH} if the server's result names a different backup set, or none
 */
export function verifyBackupSet(result: OperationResult, newShares: WalletShares): string {
  return assertSetId(result.backupSetId, newShares)
}

function assertSetId(returnedId: string | undefined, newShares: WalletShares | undefined): string {
  if (newShares === undefined || returnedId !== toHex(newShares.setId)) {
    throw new MpcError('SET_MISMATCH', 'the server speaks of another set than the one that was made')
  }
  return returnedId
}

/** @throws {SET_MISMATCH} unless the server used the requested set */
export function verifyUsedSet({ setId, state }: OperationResult, requestedSetId: string): void {
  if (setId === requestedSetId && state === 'ACTIVE') return
  throw new MpcError('SET_MISMATCH', 'the server used another set than the one it was asked to')
}
