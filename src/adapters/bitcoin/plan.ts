import { OutScript, SigHash, type Transaction } from '@scure/btc-signer'
import { getPrevOut } from '@scure/btc-signer/transaction.js'

import { equalBytes } from '../../util/bytes.ts'
import type { OwnedOutput } from './address.ts'

/** An input to sign, and what is signed for it. */
export interface PlannedInput {
  readonly index: number
  readonly owner: OwnedOutput
  readonly sighashType: number
  /** 32 bytes: the signature hash of BIP 143 or BIP 341. */
  readonly digest: Uint8Array
}

export interface PlanOptions {
  readonly inputs?: readonly number[] | undefined
  readonly trustWitnessUtxo?: boolean | undefined
}

/**
 * Decides what is signed, before anything is: all of it is ours, and signed in a way that commits to the whole
 * transaction.
 *
 * @throws {RangeError} for an input that is not ours, that lacks what it spends, or that asks for another sighash type
 */
export function planInputs(
  transaction: Transaction,
  owned: readonly OwnedOutput[],
  { inputs, trustWitnessUtxo = false }: PlanOptions,
): PlannedInput[] {
  const all = Array.from({ length: transaction.inputsLength }, (_, index) => index)
  const indices = [...new Set(inputs ?? all)].sort((a, b) => a - b)
  const owners = all.map((index) => ownerOf(transaction, owned, index))
  if (!trustWitnessUtxo) expectKnownAmounts(transaction, owners)
  return indices
    .filter((index) => expectInput(transaction, index) && !isFinal(transaction, index))
    .map((index) => {
      const owner = owners[index]
      if (owner === undefined) throw new RangeError(`input ${index} does not spend an output of this wallet`)
      const sighashType = expectSighashType(transaction, index, owner)
      return { index, owner, sighashType, digest: signatureHash(transaction, index, owner, sighashType) }
    })
}

function expectInput(transaction: Transaction, index: number): true {
  if (Number.isInteger(index) && index >= 0 && index < transaction.inputsLength) return true
  throw new RangeError(`there is no input ${index}`)
}

function ownerOf(transaction: Transaction, owned: readonly OwnedOutput[], index: number): OwnedOutput | undefined {
  const { nonWitnessUtxo, witnessUtxo } = transaction.getInput(index)
  if (nonWitnessUtxo === undefined && witnessUtxo === undefined) return undefined
  const { script } = previousOutput(transaction, index)
  return owned.find((output) => equalBytes(output.script, script))
}

/**
 * A BIP 143 signature commits to the amount of its own input only: from two signings that each lie about another input,
 * a thief of fees composes one valid transaction. The previous transactions, whose ids are committed to, prove amounts.
 * BIP 341 commits to all amounts.
 */
function expectKnownAmounts(transaction: Transaction, owners: readonly (OwnedOutput | undefined)[]): void {
  const exposed = owners.flatMap((owner, index) => (owner?.type === 'p2wpkh' ? [index] : []))
  const unproven = exposed.filter((index) => transaction.getInput(index).nonWitnessUtxo === undefined)
  if (exposed.length < 2 || unproven.length === 0) return
  throw new RangeError(
    `input ${unproven.join(', ')} must come with nonWitnessUtxo, as several inputs are p2wpkh; or trustWitnessUtxo`,
  )
}

function isFinal(transaction: Transaction, index: number): boolean {
  return transaction.getInput(index).finalScriptWitness !== undefined
}

/** Anything but all of the transaction is for protocols that this signer knows nothing of. */
function expectSighashType(transaction: Transaction, index: number, { type }: OwnedOutput): number {
  const byDefault = type === 'p2tr' ? SigHash.DEFAULT : SigHash.ALL
  const { sighashType = byDefault } = transaction.getInput(index)
  if (sighashType === byDefault || sighashType === SigHash.ALL) return sighashType
  throw new RangeError(`input ${index} asks for sighash type ${sighashType}`)
}

function signatureHash(transaction: Transaction, index: number, owner: OwnedOutput, sighashType: number): Uint8Array {
  if (owner.type === 'p2wpkh') {
    const { amount, script } = previousOutput(transaction, index)
    // BIP 143 "scriptCode": for P2WPKH the script of P2PKH with the same hash.
    const { hash } = OutScript.decode(script) as { readonly hash: Uint8Array }
    const scriptCode = OutScript.encode({ type: 'pkh', hash })
    return transaction.preimageWitnessV0(index, scriptCode, sighashType, amount)
  }
  const spent = Array.from({ length: transaction.inputsLength }, (_, i) => previousOutput(transaction, i))
  const scripts = spent.map(({ script }) => script)
  const amounts = spent.map(({ amount }) => amount)
  return transaction.preimageWitnessV1(index, scripts, sighashType, amounts)
}

function previousOutput(transaction: Transaction, index: number): { script: Uint8Array; amount: bigint } {
  try {
    return getPrevOut(transaction.getInput(index))
  } catch (cause) {
    throw new RangeError(`input ${index} does not say what it spends`, { cause })
  }
}
