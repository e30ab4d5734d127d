import type { SetLimits } from '../../wire/set-limits.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { assertNotCollected } from './unreferenced-shares.ts'
import { storeShares } from './share-store.ts'
import type { Call, NewSetup } from '../types.ts'
import { UNDECIDED_MS, withPrepared, type WalletRecord } from './wallet-record.ts'
import { publicKeys } from '../wallet-shares.ts'
import { changeWallet } from './wallet-store.ts'

/** A set that this device and the server have made. */
interface NewSet {
  readonly shares: WalletShares
  /** Undefined if it has none, or if that finishes only with the server's last response. Wiped. */
  readonly setup?: NewSetup | undefined
  readonly operationId: string
  /** Default: none. */
  readonly limits?: SetLimits
}

/**
 * The prepare step of docs/protocol.md#prepare-decide-learn-prove-retire: stores the share and the ECDSA setup durably,
 * reads them back, then records the set as PREPARED, which cannot sign (I1, I2 of docs/internals/signing-server.md#invariants).
 *
 * @param call of the action: before its deadline, nobody else decides its operation
 * @param replaces picks the sets on this device that the new one replaces, from the record as it is then
 */
export async function prepareSet(
  { client, deadline }: Call,
  { shares, setup, operationId, limits = {} }: NewSet,
  replaces: (record: WalletRecord) => readonly string[],
): Promise<void> {
  await storeShares(client, shares)
  await setup?.store(client, shares, null)
  const walletId = toHex(shares.walletId)
  const setId = toHex(shares.setId)
  const walletKeys = publicKeys(client, shares)
  await changeWallet(
    client,
    walletId,
    (known) => {
      const operationExpiresAt = Math.min(deadline.endsAt, client.now() + UNDECIDED_MS)
      const record = known ?? { walletId, publicKeys: walletKeys, activeSetId: null, isNew: true, sets: [] }
      const made = { setId, operationId, operationExpiresAt, replaces: replaces(record) }
      return withPrepared(record, { ...made, ...(Object.keys(limits).length > 0 && { limits }) })
    },
    { replaceDamaged: true },
  )
  await assertNotCollected(client, setId)
}
