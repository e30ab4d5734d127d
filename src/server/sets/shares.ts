import { getGroup } from '../../curve/index.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import { decodeWalletShares, encodeWalletShares, type KeyShare, type WalletShares } from '../../key-share/index.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import type { Statement } from '../../service/database/combined.ts'

type Sealing = Pick<ServerContext, 'sealer'>

/** Names a set of a client. */
interface SetKey {
  readonly clientId: string
  readonly setId: string
}

/** The seal context of a set's server share. */
export const shareContext = (clientId: string, setId: string) => ({ purpose: 'share', clientId, row: setId }) as const

/** Seals the server share of a set. */
export function sealShare({ sealer }: Sealing, { clientId, setId }: SetKey, shares: WalletShares): Uint8Array {
  const encoded = encodeWalletShares(getGroup, shares)
  try {
    return sealer.seal(shareContext(clientId, setId), encoded)
  } finally {
    wipe(encoded)
  }
}

/** Stores the server share of a set. Never overwrites one (invariant I1). Returns its row if it was stored. */
export function shareInsertion(setId: string, sealed: Uint8Array): Statement {
  return {
    sql: 'insert into reshare_shares (set_id, sealed) values ($1, $2) on conflict (set_id) do nothing returning sealed',
    parameters: [setId, sealed],
  }
}

/** The sealed server share of a set, as it is before a statement. */
export function shareQuery(setId: string): Statement {
  return { sql: 'select sealed from reshare_shares where set_id = $1', parameters: [setId] }
}

/**
 * Opens the server share of a set; secret, wiped by the caller.
 *
 * @param sealed as it was read; null if there is none
 * @throws {SHARE_NOT_FOUND} if there is none
 * @throws {SHARE_PARSING_FAILED} if it cannot be opened or is not a valid share
 */
export function openShare(
  { sealer }: Sealing,
  clientId: string,
  setId: string,
  sealed: Uint8Array | null,
): WalletShares {
  if (sealed === null) throw new MpcError('SHARE_NOT_FOUND', 'the server holds no share of this set')
  const encoded = sealer.open(shareContext(clientId, setId), sealed)
  try {
    return decodeWalletShares(getGroup, encoded)
  } catch (cause) {
    if (isMpcError(cause)) throw cause
    throw new MpcError('SHARE_PARSING_FAILED', 'the stored share of this set is damaged', { cause })
  } finally {
    wipe(encoded)
  }
}

/** The share on secp256k1, which signs ECDSA. */
export function ecdsaShare(walletShares: WalletShares): KeyShare {
  return walletShares.shares.find(({ record }) => record.curve === 'secp256k1') as KeyShare
}

/** Compares two sets' shares without an early exit. */
export function equalShares(a: WalletShares, b: WalletShares): boolean {
  const [left, right] = [encodeWalletShares(getGroup, a), encodeWalletShares(getGroup, b)]
  try {
    return equalBytes(left, right)
  } finally {
    wipe(left, right)
  }
}
