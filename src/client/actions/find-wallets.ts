import type { SetStatus } from '../../wire/operations.ts'
import type { WalletBackup, WalletStatus } from '../../wire/wallets.ts'
import { fromHex } from '../../util/bytes.ts'
import { assertObject } from '../arguments.ts'
import { getWallets } from '../operations/api-client.ts'
import { unexpectedResponse } from '../operations/parse-responses.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client, Deadline, PublicKeys } from '../types.ts'

/** A wallet of this client as the server knows it, whether or not this device can use it. */
export interface FoundWallet {
  /** 16 bytes in lower-case hex */
  readonly id: string
  /** The wallet's public keys as the server states them: compare those of the recovered wallet. */
  readonly publicKeys: PublicKeys
  /** When it was generated (ISO 8601, by the server's clock). */
  readonly createdAt: string
  /** When a private key was first exported with a signing set of it (ISO 8601), else null. */
  readonly exportedAt: string | null
  /** When it was imported (ISO 8601): at least one of its keys was in one place before. Null if both were generated. */
  readonly importedAt: string | null
  /** The signing sets that have not ended, on all devices, in the order in which they were made. */
  readonly signingSets: readonly SetStatus[]
  /** The backups that recover it, in the order in which they were made; none if it cannot be recovered. */
  readonly backups: readonly WalletBackup[]
}

/**
 * Finds the wallets of this client, oldest first. A device that has no wallet yet needs nothing but its transport. Which
 * methods recover a wallet is in its `backups`, before the user is asked for anything.
 *
 * @throws {POLICY_DENIED} if the server's policy does not allow it
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | DEVICE_REVOKED}
 *
 * @example
 * for (const { id, backups } of await findWallets(client)) show(id, backups.map(({ method }) => method))
 */
export async function findWallets(client: Client, options: ActionOptions = {}): Promise<FoundWallet[]> {
  assertObject(options, 'findWallets')
  return withDeadline(client, options, async (deadline) => {
    const wallets = await readPages(client, deadline)
    return wallets.map((wallet) => foundWallet(client, wallet))
  })
}

async function readPages(client: Client, deadline: Deadline): Promise<WalletStatus[]> {
  const wallets = new Map<string, WalletStatus>()
  let after: string | null = null
  do {
    const page = await getWallets(client, deadline, after)
    // A page that leads no further would be asked for until the deadline.
    if (page.next !== null && page.wallets.length === 0) throw unexpectedResponse()
    for (const wallet of page.wallets) {
      if (wallets.has(wallet.walletId)) throw unexpectedResponse()
      wallets.set(wallet.walletId, wallet)
    }
    after = page.next
  } while (after !== null)
  return [...wallets.values()]
}

function foundWallet(client: Client, wallet: WalletStatus): FoundWallet {
  const { walletId, publicKeys, createdAt, exportedAt, importedAt, signingSets, backups } = wallet
  const key = (curve: keyof PublicKeys) => {
    const encoded = fromHex(publicKeys[curve])
    try {
      client.group(curve).decodePoint(encoded)
    } catch (cause) {
      throw unexpectedResponse(cause)
    }
    return encoded
  }
  return {
    id: walletId,
    publicKeys: { secp256k1: key('secp256k1'), ed25519: key('ed25519') },
    createdAt,
    exportedAt,
    importedAt,
    signingSets,
    backups,
  }
}
