import { NETWORK, TEST_NETWORK, p2tr, p2wpkh } from '@scure/btc-signer'

import { abytes } from '../../util/bytes.ts'
import { assertObject } from '../../util/arguments.ts'

/** `p2wpkh`: SegWit version 0 (BIP 84); `p2tr`: Taproot without scripts (BIP 86). */
export type BitcoinAddressType = 'p2wpkh' | 'p2tr'

/** A Bitcoin network, which decides the prefix of addresses. */
export type BitcoinNetwork = 'mainnet' | 'testnet' | 'signet' | 'regtest'

const NETWORKS = {
  mainnet: NETWORK,
  testnet: TEST_NETWORK,
  signet: TEST_NETWORK,
  regtest: { ...TEST_NETWORK, bech32: 'bcrt' },
} as const

/** Where coins of a key lie. */
export interface BitcoinOutput {
  /** The kind of address. */
  readonly type: BitcoinAddressType
  /** Bech32 or Bech32m */
  readonly address: string
  /** scriptPubKey */
  readonly script: Uint8Array
  /** What its signatures verify under: 33 bytes for `p2wpkh`, the 32 of the x coordinate for `p2tr`. */
  readonly signedBy: Uint8Array
}

/** Where coins of a wallet lie, and which of its keys they belong to. */
export interface OwnedOutput extends BitcoinOutput {
  /** The path of the key below the wallet's own, such as `m/0/5`. */
  readonly path: string
  /** 33 bytes, before a Taproot tweak */
  readonly publicKey: Uint8Array
}

/** @throws {TypeError | RangeError} as {@link bitcoinAddress} */
export function bitcoinOutput(key: Uint8Array, type: BitcoinAddressType, network: BitcoinNetwork): BitcoinOutput {
  const publicKey = abytes(key, 33, 'publicKey')
  if (!Object.hasOwn(NETWORKS, network)) throw new TypeError(`network must be ${Object.keys(NETWORKS).join(' or ')}`)
  const chain = NETWORKS[network]
  if (type === 'p2wpkh') {
    const { address, script } = point(() => p2wpkh(publicKey, chain))
    return { type, address, script, signedBy: publicKey }
  }
  if (type === 'p2tr') {
    const { address, script, tweakedPubkey } = point(() => p2tr(publicKey.subarray(1), undefined, chain))
    return { type, address, script, signedBy: tweakedPubkey }
  }
  throw new TypeError('type must be p2wpkh or p2tr')
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
