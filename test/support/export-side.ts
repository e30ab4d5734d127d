import { shareOn } from '../../src/client/wallet-shares.ts'
import { getGroup } from '../../src/curve/index.ts'
import type { HpkeKeyPair } from '../../src/hpke/x25519.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import type { KeyShare, WalletShares } from '../../src/key-share/index.ts'
import { proveExport, receiveShare, recombineKey, type ExportTerms } from '../../src/protocol/export/index.ts'
import type { Scalar } from '../../src/curve/group.ts'
import type { Share } from '../../src/secret-sharing/shamir.ts'
import type { Curve } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { exportTerms } from '../../src/wire/export.ts'

/** The client's side of one export: whoever releases the share, the server or the custodian. */
export interface ExportSide {
  /** Names the export: 16 bytes in lower-case hex. */
  readonly operationId: string
  readonly keyPair: HpkeKeyPair
  /** The public key of `keyPair`, in lower-case hex. */
  readonly receiver: string
  readonly terms: ExportTerms
  /** The client's share. */
  readonly own: KeyShare
  /** Proves possession of the client's share, or, to see it refused, of another. */
  prove(challenge: Uint8Array, share?: KeyShare): Uint8Array
  /** Opens the share of the other party. */
  receive(sealed: Uint8Array): Share
  /** The private key that both shares make. */
  recombine(received: Share): Scalar
}

/** @param shares the client's */
export function exportSide(shares: WalletShares, curve: Curve, random: RandomSource): ExportSide {
  const keyPair = generateKeyPair(random)
  const operationId = toHex(random(16))
  const own = shareOn(shares, curve)
  const terms = exportTerms(getGroup(curve), own.record, operationId, keyPair.publicKey)
  return {
    operationId,
    keyPair,
    receiver: toHex(keyPair.publicKey),
    terms,
    own,
    prove: (challenge, share = own) => proveExport(terms, { share, challenge, random }),
    receive: (sealed) => receiveShare(terms, keyPair, sealed),
    recombine: (received) => recombineKey(terms.group, own.record, [{ id: own.id, value: own.secretShare }, received]),
  }
}
