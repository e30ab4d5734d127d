import { derivePath, encodeDerivedKey, parsePath } from '../../protocol/derive/index.ts'
import { publicKeyAtPath } from '../../wire/signing.ts'
import { CURVES, type Curve } from '../../types.ts'
import { useActiveSet } from '../wallets/active-set.ts'
import { oneOf, assertObject, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { getWallet } from './get-wallet.ts'
import { pathArgument } from '../signing/sign-parameters.ts'
import type { ActionOptions, Client } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

export interface GetPublicKeyParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** The curve of the key. */
  readonly curve: Curve
  /** Steps without hardening, such as `m/0/5` (BIP 32, or BIP32-Ed25519). Default: the wallet's own key. */
  readonly path?: string
}

/**
 * The public key at a path below the wallet's own.
 *
 * @returns 33 bytes (SEC 1 compressed) on secp256k1, 32 (RFC 8032) on ed25519
 * @throws {TypeError | RangeError} for a path that cannot be derived, such as a hardened one
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | STORAGE_UNAVAILABLE}
 *
 * @example
 * const publicKey = await getPublicKey(client, { walletId: wallet.id, curve: 'secp256k1', path: 'm/0/5' })
 */
export async function getPublicKey(client: Client, options: GetPublicKeyParameters): Promise<Uint8Array> {
  const { walletId, curve } = assertObject(options, 'getPublicKey')
  walletIdArgument(walletId)
  oneOf(curve, CURVES, 'curve')
  const path = pathArgument(options.path)
  if (path === 'm') return (await getWallet(client, options)).publicKeys[curve]
  return withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, async (shares) =>
      publicKeyAtPath(client.group(curve), shareOn(shares, curve).record, path),
    ),
  )
}

export interface GetExtendedPublicKeyParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** The curve of the key. Default: `secp256k1`. */
  readonly curve?: Curve
  /** Steps without hardening, such as `m/0` (BIP 32, or BIP32-Ed25519). Default: the wallet's own key. */
  readonly path?: string
}

/** A public key with the chain code that its children are derived with. */
export interface ExtendedPublicKey {
  /**
   * On secp256k1 the serialized form of BIP 32; a wallet's own key is encoded as a master key. On ed25519 the public key and
   * the chain code, 64 bytes in lower-case hex: BitGo's common keychain, and the bytes of Cardano's extended public keys.
   */
  readonly xpub: string
  /** 33 bytes (SEC 1 compressed) on secp256k1, 32 (RFC 8032) on ed25519 */
  readonly publicKey: Uint8Array
  /** 32 bytes */
  readonly chainCode: Uint8Array
}

/**
 * The extended public key at a path below the wallet's key on a curve. Whoever has it can derive, and link, all of its
 * children.
 *
 * @throws {TypeError | RangeError} for a path that cannot be derived
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | STORAGE_UNAVAILABLE}
 *
 * @example
 * const { xpub } = await getExtendedPublicKey(client, { walletId: wallet.id, path: 'm/0' })
 */
export async function getExtendedPublicKey(
  client: Client,
  options: GetExtendedPublicKeyParameters,
): Promise<ExtendedPublicKey> {
  const { walletId, curve = 'secp256k1' } = assertObject(options, 'getExtendedPublicKey')
  walletIdArgument(walletId)
  oneOf(curve, CURVES, 'curve')
  const path = parsePath(pathArgument(options.path))
  return withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, async (shares) => {
      const group = client.group(curve)
      const { record } = shareOn(shares, curve)
      const derived = derivePath(group, record, path)
      return {
        xpub: encodeDerivedKey(group, record, derived),
        publicKey: group.encodePoint(derived.publicKey),
        chainCode: derived.chainCode.slice(),
      }
    }),
  )
}
