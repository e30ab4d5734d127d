import { OutScript, type Transaction } from '@scure/btc-signer'

import type { WalletKeys } from '../../index.ts'
import { equalBytes } from '../../util/bytes.ts'
import { bitcoinOutput, type BitcoinAddressType, type BitcoinNetwork, type OwnedOutput } from './address.ts'
import { spentOutputs } from './spent.ts'

/** Steps from here on are hardened (BIP 32). */
const HARDENED = 0x80000000

/** The most steps below the wallet's key that a PSBT may name. */
const MAX_STEPS = 8

/** The types of addresses by what btc-signer calls their scripts. */
const TYPES: Readonly<Record<string, BitcoinAddressType>> = {
  wpkh: 'p2wpkh',
  tr: 'p2tr',
  sh: 'p2sh-p2wpkh',
  pkh: 'p2pkh',
}

/**
 * The addresses of the wallet that a PSBT names by the derivation paths of its inputs (BIP 174, BIP 371). A path may begin
 * with hardened steps, which are where another program says that the wallet's key is: they are left out, and the rest must
 * lead to the key that is named. The fingerprint is not looked at.
 *
 * @param types those that are looked for
 */
export async function derivedOutputs(
  keys: Pick<WalletKeys, 'getPublicKey'>,
  transaction: Transaction,
  { types, network }: { readonly types: readonly BitcoinAddressType[]; readonly network: BitcoinNetwork },
): Promise<OwnedOutput[]> {
  const found: OwnedOutput[] = []
  for (const [index, spent] of spentOutputs(transaction).entries()) {
    const type = spent && typeOf(spent.script)
    const named = type && derivationOf(transaction, index, type)
    if (named === undefined || !types.includes(type as BitcoinAddressType)) continue
    const publicKey = await keys.getPublicKey('secp256k1', named.path)
    if (!equalBytes(publicKey.subarray(-named.key.length), named.key)) continue
    const output = bitcoinOutput(publicKey, type as BitcoinAddressType, network)
    found.push({ ...output, path: named.path, publicKey })
  }
  return found
}

function typeOf(script: Uint8Array): BitcoinAddressType | undefined {
  try {
    return TYPES[OutScript.decode(script).type]
  } catch {
    return undefined
  }
}

interface Named {
  /** 33 bytes, or 32 of Taproot */
  readonly key: Uint8Array
  readonly path: string
}

/** The only derivation of an input. What has more is signed by several keys. */
function derivationOf(transaction: Transaction, index: number, type: BitcoinAddressType): Named | undefined {
  const { bip32Derivation = [], tapBip32Derivation = [] } = transaction.getInput(index)
  const all = type === 'p2tr' ? tapBip32Derivation.map(([key, { der }]) => [key, der] as const) : bip32Derivation
  const [first] = all
  if (first === undefined || all.length > 1) return undefined
  const [key, { path }] = first as readonly [Uint8Array, { readonly path: readonly number[] }]
  const steps = unhardened(path)
  return steps.length > MAX_STEPS ? undefined : { key, path: ['m', ...steps].join('/') }
}

/** The steps after the last hardened one. */
function unhardened(path: readonly number[]): readonly number[] {
  let start = 0
  for (const [index, step] of path.entries()) if (step >= HARDENED) start = index + 1
  return path.slice(start)
}
