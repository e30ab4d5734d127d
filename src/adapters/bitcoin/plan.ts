import { OutScript, SigHash, type Transaction } from '@scure/btc-signer'

import { equalBytes } from '../../util/bytes.ts'
import type { BitcoinAddressType, OwnedOutput } from './address.ts'
import { hasOwnSignature } from './signature.ts'
import { expectDistinct, expectFee, spentOutputs, type SpentOutput } from './spent.ts'

/** An input to sign. */
export interface PlannedInput {
  /** The index of the input in the transaction. */
  readonly index: number
  /** The wallet's address that it spends from. */
  readonly owner: OwnedOutput
  /** DEFAULT or ALL. */
  readonly sighashType: number
  /** 32 bytes: the signature hash of BIP 143 or BIP 341. */
  readonly digest: Uint8Array
}

/** Options of {@link planInputs}, as in `SignTransactionOptions`. */
export interface PlanOptions {
  readonly inputs?: readonly number[] | undefined
  readonly trustWitnessUtxo?: boolean | undefined
  readonly maxFee?: bigint | undefined
}

/** The maximum fee of Bitcoin Core's wallet (`-maxtxfee`) in satoshi: 0.1 bitcoin. */
const MAX_FEE = 10_000_000n

/**
 * Chooses and checks the inputs to sign, before anything is signed. All of them must be the wallet's, and are signed with
 * a sighash type that covers the whole transaction. Inputs that are final, or have the wallet's signature, are left out.
 *
 * @throws {TypeError} if an option is wrong
 * @throws {RangeError} for an input that is not the wallet's, does not say what it spends, requests another sighash type,
 *   or has an invalid signature of the wallet; also for amounts that are not proven, or a fee above `maxFee`
 */
export function planInputs(
  transaction: Transaction,
  owned: readonly OwnedOutput[],
  { inputs, trustWitnessUtxo = false, maxFee = MAX_FEE }: PlanOptions,
): PlannedInput[] {
  if (typeof trustWitnessUtxo !== 'boolean') throw new TypeError('trustWitnessUtxo must be a boolean')
  if (typeof maxFee !== 'bigint') throw new TypeError('maxFee must be a bigint')
  const spent = spentOutputs(transaction)
  const open = chosen(transaction, inputs).filter((index) => !isFinal(transaction, index))
  const planned = open.flatMap((index) => {
    const owner = owned.find(({ script }) => equalBytes(script, spent[index]?.script ?? NOTHING))
    if (owner === undefined) throw new RangeError(`input ${index} does not spend an output of this wallet`)
    const sighashType = expectSighashType(transaction, index, owner.type)
    const hash = (type: number): Uint8Array => signatureHash(transaction, { index, type: owner.type, spent }, type)
    if (hasOwnSignature(transaction.getInput(index), index, owner, hash)) return []
    return { index, owner, sighashType, digest: hash(sighashType) }
  })
  if (planned.length === 0) return []
  expectDistinct(transaction)
  if (!trustWitnessUtxo) expectProvenAmounts(spent, planned)
  expectFee(transaction, known(spent), maxFee)
  return planned
}

const NOTHING = new Uint8Array(0)

/** The indices of the inputs to sign, ascending. */
function chosen(transaction: Transaction, inputs: readonly number[] | undefined): readonly number[] {
  const { inputsLength } = transaction
  if (inputs === undefined) return Array.from({ length: inputsLength }, (_, index) => index)
  if (!Array.isArray(inputs)) throw new TypeError('inputs must be a list of indices')
  const wrong: unknown = inputs.find((index) => !Number.isInteger(index) || index < 0 || index >= inputsLength)
  if (inputs.includes(wrong)) throw new RangeError(`there is no input ${String(wrong)}`)
  return [...new Set(inputs as number[])].sort((a, b) => a - b)
}

/** Whether an input is final: a finalizer writes one of these fields or both (BIP 174). */
function isFinal(transaction: Transaction, index: number): boolean {
  const { finalScriptSig, finalScriptWitness } = transaction.getInput(index)
  return [finalScriptSig, finalScriptWitness].some((final) => final !== undefined && final.length > 0)
}

/**
 * Checks that amounts are proven where that is needed.
 *
 * A BIP 143 signature covers the amount of its own input only. An attacker could have the same transaction signed twice,
 * each time with a wrong amount for another input. From the two results he composes one valid transaction with a huge fee.
 * The previous transactions prove the amounts, since a signature covers their ids. So if an input is P2WPKH, all other
 * inputs need them. A BIP 341 signature covers all amounts.
 */
function expectProvenAmounts(spent: readonly (SpentOutput | undefined)[], planned: readonly PlannedInput[]): void {
  const exposed = planned.filter(({ owner }) => owner.type === 'p2wpkh').map(({ index }) => index)
  const unproven = [...spent.keys()].filter((index) => spent[index]?.isProven !== true)
  const missing = unproven.filter((index) => exposed.some((other) => other !== index))
  if (missing.length === 0) return
  throw new RangeError(`input ${missing.join(', ')} must come with nonWitnessUtxo, beside one of p2wpkh`)
}

/** @throws {RangeError} if an input does not say what it spends */
export function known(spent: readonly (SpentOutput | undefined)[]): readonly SpentOutput[] {
  return spent.map((output, index) => {
    if (output === undefined) throw new RangeError(`input ${index} does not say what it spends`)
    return output
  })
}

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
