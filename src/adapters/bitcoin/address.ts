import { Address, NETWORK, OutScript, TEST_NETWORK, p2pkh, p2sh, p2tr, p2wpkh } from '@scure/btc-signer'

import { abytes } from '../../util/bytes.ts'
import { assertObject } from '../../util/arguments.ts'

/**
 * The type of an address:
 *
 * - `p2wpkh`: SegWit version 0 (BIP 84);
 * - `p2tr`: Taproot without scripts (BIP 86);
 * - `p2sh-p2wpkh`: nested SegWit version 0 (BIP 49);
 * - `p2pkh`: before SegWit (BIP 44).
 */
export type BitcoinAddressType = 'p2wpkh' | 'p2tr' | 'p2sh-p2wpkh' | 'p2pkh'

/** All types of addresses. */
export const ADDRESS_TYPES: readonly BitcoinAddressType[] = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh']

/** A Bitcoin network, which decides the prefix of addresses. */
export type BitcoinNetwork = 'mainnet' | 'testnet' | 'signet' | 'regtest'

const NETWORKS = {
  mainnet: NETWORK,
  testnet: TEST_NETWORK,
  signet: TEST_NETWORK,
  regtest: { ...TEST_NETWORK, bech32: 'bcrt' },
} as const

/** An address of a key, and its script. */
export interface BitcoinOutput {
  /** The type of the address. */
  readonly type: BitcoinAddressType
  /** Bech32 for `p2wpkh`, Bech32m for `p2tr`, Base58Check for the others. */
  readonly address: string
  /** The scriptPubKey of outputs to the address. */
  readonly script: Uint8Array
  /** The public key that verifies its signatures: 32 bytes (x-only) for `p2tr`, 33 bytes (SEC 1) for the others. */
  readonly signedBy: Uint8Array
  /** The script whose hash the address of `p2sh-p2wpkh` has: that of `p2wpkh`. Others have none. */
  readonly redeemScript?: Uint8Array
}

/** An address of a wallet, and its key. */
export interface OwnedOutput extends BitcoinOutput {
  /** The derivation path of the key, such as `m/0/5`, where `m` is the wallet's key. */
  readonly path: string
  /** The key before a Taproot tweak, 33 bytes (SEC 1 compressed). */
  readonly publicKey: Uint8Array
}

/** The address and script of a public key. @throws {TypeError | RangeError} as {@link bitcoinAddress} */
export function bitcoinOutput(key: Uint8Array, type: BitcoinAddressType, network: BitcoinNetwork): BitcoinOutput {
  const publicKey = abytes(key, 33, 'publicKey')
  if (!ADDRESS_TYPES.includes(type)) throw new TypeError(`type must be ${ADDRESS_TYPES.join(' or ')}`)
  expectNetwork(network)
  const chain = NETWORKS[network]
  return point(() => {
    switch (type) {
      case 'p2tr': {
        const { address, script, tweakedPubkey } = p2tr(publicKey.subarray(1), undefined, chain)
        return { type, address, script, signedBy: tweakedPubkey }
      }
      case 'p2sh-p2wpkh': {
        const inner = p2wpkh(publicKey, chain)
        const { address, script } = p2sh(inner, chain)
        return { type, address, script, signedBy: publicKey, redeemScript: inner.script }
      }
      default: {
        const { address, script } = type === 'p2pkh' ? p2pkh(publicKey, chain) : p2wpkh(publicKey, chain)
        return { type, address, script, signedBy: publicKey }
      }
    }
  })
}

/** The address of an output script; null if it has none. */
export function addressOf(script: Uint8Array, network: BitcoinNetwork): string | null {
  try {
    return Address(NETWORKS[network]).encode(OutScript.decode(script))
  } catch {
    return null
  }
}

/** @throws {TypeError} unless it is the name of a network */
export function expectNetwork(network: BitcoinNetwork): void {
  if (!Object.hasOwn(NETWORKS, network)) throw new TypeError(`network must be ${Object.keys(NETWORKS).join(' or ')}`)
}

function point<T>(payment: () => T): T {
  try {
    return payment()
  } catch (cause) {
    throw new RangeError('publicKey is not a point of secp256k1', { cause })
  }
}

/**
 * The Bitcoin address of a secp256k1 public key.
 *
 * @param publicKey 33 bytes, SEC 1 compressed, such as `wallet.publicKeys.secp256k1`
 * @throws {TypeError | RangeError} if it is not a public key, or the type or the network is unknown
 *
 * @example
 * const address = bitcoinAddress(wallet.publicKeys.secp256k1, { type: 'p2tr' })
 */
export function bitcoinAddress(
  publicKey: Uint8Array,
  options: { readonly type: BitcoinAddressType; readonly network?: BitcoinNetwork },
): string {
  const { type, network = 'mainnet' } = assertObject(options, 'bitcoinAddress')
  return bitcoinOutput(publicKey, type, network).address
}
