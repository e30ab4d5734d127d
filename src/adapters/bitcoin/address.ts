import { Address, NETWORK, OutScript, TEST_NETWORK, p2tr, p2wpkh } from '@scure/btc-signer'

import { abytes } from '../../util/bytes.ts'
import { assertObject } from '../../util/arguments.ts'

/** The type of an address: `p2wpkh`, SegWit version 0 (BIP 84); or `p2tr`, Taproot without scripts (BIP 86). */
export type BitcoinAddressType = 'p2wpkh' | 'p2tr'

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
  /** Bech32 for `p2wpkh`, Bech32m for `p2tr`. */
  readonly address: string
  /** The scriptPubKey of outputs to the address. */
  readonly script: Uint8Array
  /** The public key that verifies its signatures: 33 bytes (SEC 1) for `p2wpkh`, 32 bytes (x-only) for `p2tr`. */
  readonly signedBy: Uint8Array
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
  expectNetwork(network)
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
