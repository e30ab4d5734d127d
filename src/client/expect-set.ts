import { MpcError } from '../errors.ts'
import type { WalletShares } from '../share/types.ts'
import { toHex } from '../util/bytes.ts'

/**
 * The id of the set that both sides made.
 *
 * @throws {SET_MISMATCH} if the server speaks of another one than this device made
 */
export function expectSet(answered: string | undefined, made: WalletShares | undefined): string {
  if (made === undefined || answered !== toHex(made.setId)) {
    throw new MpcError('SET_MISMATCH', 'the server speaks of another set than the one that was made')
  }
  return answered
}
