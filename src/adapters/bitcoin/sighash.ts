import { sha256 } from '../../symmetric/sha256.ts'
import { OutScript, RawTx, SigHash, type Transaction } from '@scure/btc-signer'

import { concatBytes } from '../../util/bytes.ts'
import type { BitcoinAddressType } from './address.ts'
import type { SpentOutput } from './spent.ts'

/** The sighash types that cover only parts of a transaction. */
const PARTIAL_TYPES: readonly number[] = [
  SigHash.NONE,
  SigHash.SINGLE,
  SigHash.ALL_ANYONECANPAY,
  SigHash.NONE_ANYONECANPAY,
  SigHash.SINGLE_ANYONECANPAY,
]

/** @throws {TypeError} unless it is a list of sighash types that cover only parts of a transaction */
export function readSighashTypes(types: readonly number[] = []): readonly number[] {
  if (Array.isArray(types) && types.every((type) => PARTIAL_TYPES.includes(type as number))) {
    return Array.from(types as readonly number[])
  }
  throw new TypeError(`sighashTypes must be a list of ${PARTIAL_TYPES.join(', ')}`)
}

/** What a sighash type covers. */
export interface SighashScope {
  /** Whether every input, or only the one that is signed. */
  readonly allInputs: boolean
  /** Every output, the one with the index of the input, or none. */
  readonly outputs: 'all' | 'single' | 'none'
}

/** What a sighash type covers. */
export function scopeOf(sighashType: number): SighashScope {
  const base = sighashType & 3
  const outputs = base === SigHash.NONE ? 'none' : base === SigHash.SINGLE ? 'single' : 'all'
  return { allInputs: (sighashType & 0x80) === 0, outputs }
}

/**
 * The sighash type of an input that spends from an address of this type.
 *
 * @param allowed the types that are allowed although they cover only parts of the transaction
 * @throws {RangeError} for another one of these, and for SINGLE without an output of the same index: such a signature
 *   would be valid for any transaction
 */
export function expectSighashType(
  transaction: Transaction,
  index: number,
  type: BitcoinAddressType,
  allowed: readonly number[] = [],
): number {
  const byDefault = type === 'p2tr' ? SigHash.DEFAULT : SigHash.ALL
  const { sighashType = byDefault } = transaction.getInput(index)
  if (sighashType === byDefault || sighashType === SigHash.ALL) return sighashType
  if (!allowed.includes(sighashType)) throw new RangeError(`input ${index} asks for sighash type ${sighashType}`)
  if (scopeOf(sighashType).outputs === 'single' && index >= transaction.outputsLength) {
    throw new RangeError(`input ${index} asks for a signature of output ${index}, which does not exist`)
  }
  return sighashType
}

interface Signed {
  readonly index: number
  /** The type of the address that the input spends from. */
  readonly type: BitcoinAddressType
  readonly spent: readonly (SpentOutput | undefined)[]
  /** The script of the P2WPKH output in a P2SH one. */
  readonly redeemScript?: Uint8Array | undefined
}

/** What an input's signature is of, 32 bytes: BIP 341 for P2TR, BIP 143 for P2WPKH, and what was before it for P2PKH. */
export function signatureHash(
  transaction: Transaction,
  { index, type, spent, redeemScript }: Signed,
  sighashType: number,
): Uint8Array {
  if (type === 'p2tr') {
    const all = known(spent)
    const scripts = all.map(({ script }) => script)
    const amounts = all.map(({ amount }) => amount)
    return transaction.preimageWitnessV1(index, scripts, sighashType, amounts)
  }
  const { amount, script } = spent[index] as SpentOutput
  if (type === 'p2pkh') return legacySignatureHash(transaction, { index, script }, sighashType)
  // BIP 143 "scriptCode": for P2WPKH the script of P2PKH with the same hash.
  const { hash } = OutScript.decode(redeemScript ?? script) as { readonly hash: Uint8Array }
  const scriptCode = OutScript.encode({ type: 'pkh', hash })
  return transaction.preimageWitnessV0(index, scriptCode, sighashType, amount)
}

const NOTHING = new Uint8Array(0)

/** The signature hash of an input without a witness (`SignatureHash` of Bitcoin Core, `SigVersion::BASE`). */
function legacySignatureHash(
  transaction: Transaction,
  { index, script }: { readonly index: number; readonly script: Uint8Array },
  sighashType: number,
): Uint8Array {
  const { allInputs, outputs } = scopeOf(sighashType)
  const { lockTime, version } = transaction
  const indices = allInputs ? Array.from({ length: transaction.inputsLength }, (_, i) => i) : [index]
  const inputs = indices.map((i) => {
    const { txid = NOTHING, index: output = 0, sequence = 0xffffffff } = transaction.getInput(i)
    // Others may change their sequence if not all outputs are signed.
    const isFixed = i === index || outputs === 'all'
    return {
      txid,
      index: output,
      finalScriptSig: i === index ? script : NOTHING,
      sequence: isFixed ? sequence : 0,
    }
  })
  const last = { all: transaction.outputsLength - 1, single: index, none: -1 }[outputs]
  const signed = Array.from({ length: last + 1 }, (_, i) => {
    // Before the one that is signed, there are outputs of -1 satoshi without a script.
    if (outputs === 'single' && i < index) return { amount: 0xffffffffffffffffn, script: NOTHING }
    const { amount = 0n, script: own = NOTHING } = transaction.getOutput(i)
    return { amount, script: own }
  })
  const encoded = RawTx.encode({ version, segwitFlag: false, inputs, outputs: signed, lockTime })
  return sha256(sha256(concatBytes(encoded, Uint8Array.of(sighashType, 0, 0, 0))))
}

/** @throws {RangeError} if an input does not say what it spends */
export function known(spent: readonly (SpentOutput | undefined)[]): readonly SpentOutput[] {
  return spent.map((output, index) => {
    if (output === undefined) throw new RangeError(`input ${index} does not say what it spends`)
    return output
  })
}
