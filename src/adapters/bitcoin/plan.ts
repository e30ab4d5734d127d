import { SigHash, type Transaction } from '@scure/btc-signer'

import { equalBytes } from '../../util/bytes.ts'
import type { OwnedOutput } from './address.ts'
import { expectNoMessage } from './message-transaction.ts'
import { expectSighashType, known, readSighashTypes, scopeOf, signatureHash } from './sighash.ts'
import { hasOwnSignature } from './signature.ts'
import { expectDistinct, expectFee, spentOutputs, type SpentOutput } from './spent.ts'

/** An input to sign. */
export interface PlannedInput {
  /** The index of the input in the transaction. */
  readonly index: number
  /** The wallet's address that it spends from. */
  readonly owner: OwnedOutput
  /** DEFAULT or ALL, or one that the caller has allowed. */
  readonly sighashType: number
  /** 32 bytes: the signature hash, of BIP 341, BIP 143 or before. */
  readonly digest: Uint8Array
}

/** Options of {@link planInputs}, as in `SignTransactionOptions`. */
export interface PlanOptions {
  readonly inputs?: readonly number[] | undefined
  readonly trustWitnessUtxo?: boolean | undefined
  readonly maxFee?: bigint | undefined
  readonly sighashTypes?: readonly number[] | undefined
}

/** The maximum fee of Bitcoin Core's wallet (`-maxtxfee`) in satoshi: 0.1 bitcoin. */
const MAX_FEE = 10_000_000n

/**
 * Chooses and checks the inputs to sign, before anything is signed. All of them must be the wallet's, and are signed with
 * a sighash type that covers the whole transaction, or one that the caller has allowed. Inputs that are final, or have the
 * wallet's signature, are left out.
 *
 * @throws {TypeError} if an option is wrong
 * @throws {RangeError} for an input that is not the wallet's, does not say what it spends, requests another sighash type,
 *   or has an invalid signature of the wallet; also for amounts that are not proven, or a fee above `maxFee`
 */
export function planInputs(
  transaction: Transaction,
  owned: readonly OwnedOutput[],
  { inputs, trustWitnessUtxo = false, maxFee = MAX_FEE, sighashTypes }: PlanOptions,
): PlannedInput[] {
  if (typeof trustWitnessUtxo !== 'boolean') throw new TypeError('trustWitnessUtxo must be a boolean')
  if (typeof maxFee !== 'bigint') throw new TypeError('maxFee must be a bigint')
  const allowed = readSighashTypes(sighashTypes)
  const spent = spentOutputs(transaction)
  const open = chosen(transaction, inputs).filter((index) => !isFinal(transaction, index))
  const planned = open.flatMap((index) => {
    const owner = owned.find(({ script }) => equalBytes(script, spent[index]?.script ?? NOTHING))
    if (owner === undefined) throw new RangeError(`input ${index} does not spend an output of this wallet`)
    const { type, redeemScript } = owner
    const sighashType = expectSighashType(transaction, index, type, allowed)
    const hash = (sighash: number) => signatureHash(transaction, { index, type, redeemScript, spent }, sighash)
    const types = [...(type === 'p2tr' ? [SigHash.DEFAULT] : []), SigHash.ALL, sighashType]
    if (hasOwnSignature(transaction.getInput(index), index, owner, { types, hash })) return []
    return { index, owner, sighashType, digest: hash(sighashType) }
  })
  if (planned.length === 0) return []
  expectNoMessage(transaction)
  expectDistinct(transaction)
  expectProvenAmounts(spent, planned, trustWitnessUtxo)
  const isOpen = planned.every(({ sighashType }) => !scopeOf(sighashType).allInputs)
  expectFee(transaction, known(spent), { maxFee, isOpen })
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
 * A BIP 143 signature covers the amount of its own input only, one before SegWit none. An attacker could have the same
 * transaction signed twice, each time with a wrong amount for another input. From the two results he composes one valid
 * transaction with a huge fee. The previous transactions prove the amounts, since a signature covers their ids. So if an
 * input is not P2TR, all other inputs need them, unless anyone may add others. A BIP 341 signature covers all amounts.
 */
function expectProvenAmounts(
  spent: readonly (SpentOutput | undefined)[],
  planned: readonly PlannedInput[],
  isTrusted: boolean,
): void {
  const unproven = [...spent.keys()].filter((index) => spent[index]?.isProven !== true)
  const bare = planned.filter(({ index, owner: { type } }) => {
    const needsOwn = type === 'p2pkh' || (type === 'p2sh-p2wpkh' && !isTrusted)
    return needsOwn && unproven.includes(index)
  })
  const [first] = bare
  if (first !== undefined) {
    throw new RangeError(`input ${first.index} must come with nonWitnessUtxo, as one of ${first.owner.type}`)
  }
  if (isTrusted) return
  const exposed = planned.filter(({ owner, sighashType }) => owner.type !== 'p2tr' && scopeOf(sighashType).allInputs)
  for (const { index, owner } of exposed) {
    const missing = unproven.filter((other) => other !== index)
    if (missing.length === 0) continue
    throw new RangeError(`input ${missing.join(', ')} must come with nonWitnessUtxo, beside one of ${owner.type}`)
  }
}
