import { OutScript, SigHash, type Transaction } from '@scure/btc-signer'

import type { BitcoinAddressType } from './address.ts'
import type { SpentOutput } from './spent.ts'

/**
 * The sighash type of an input that spends from an address of this type.
 *
 * @throws {RangeError} for one that covers only parts of the transaction
 */
export function expectSighashType(transaction: Transaction, index: number, type: BitcoinAddressType): number {
  const byDefault = type === 'p2tr' ? SigHash.DEFAULT : SigHash.ALL
  const { sighashType = byDefault } = transaction.getInput(index)
  if (sighashType === byDefault || sighashType === SigHash.ALL) return sighashType
  throw new RangeError(`input ${index} asks for sighash type ${sighashType}`)
}

interface Signed {
  readonly index: number
  /** The type of the address that the input spends from. */
  readonly type: BitcoinAddressType
  readonly spent: readonly (SpentOutput | undefined)[]
}

/** What an input's signature is of, 32 bytes: BIP 143 for P2WPKH, BIP 341 for P2TR. */
export function signatureHash(
  transaction: Transaction,
  { index, type, spent }: Signed,
  sighashType: number,
): Uint8Array {
  if (type === 'p2wpkh') {
    const { amount, script } = spent[index] as SpentOutput
    // BIP 143 "scriptCode": for P2WPKH the script of P2PKH with the same hash.
    const { hash } = OutScript.decode(script) as { readonly hash: Uint8Array }
    const scriptCode = OutScript.encode({ type: 'pkh', hash })
    return transaction.preimageWitnessV0(index, scriptCode, sighashType, amount)
  }
  const all = known(spent)
  const scripts = all.map(({ script }) => script)
  const amounts = all.map(({ amount }) => amount)
  return transaction.preimageWitnessV1(index, scripts, sighashType, amounts)
}

/** @throws {RangeError} if an input does not say what it spends */
export function known(spent: readonly (SpentOutput | undefined)[]): readonly SpentOutput[] {
  return spent.map((output, index) => {
    if (output === undefined) throw new RangeError(`input ${index} does not say what it spends`)
    return output
  })
}
