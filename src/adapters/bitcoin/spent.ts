import type { Transaction } from '@scure/btc-signer'
import { getPrevOut } from '@scure/btc-signer/transaction.js'

import { toHex } from '../../util/bytes.ts'

/** The output that an input spends. */
export interface SpentOutput {
  /** Its scriptPubKey. */
  readonly script: Uint8Array
  /** In satoshi. */
  readonly amount: bigint
  /** Whether the transaction contains the previous transaction, whose id proves the amount. */
  readonly isProven: boolean
}

/** The total of all bitcoins in satoshi (`MAX_MONEY` of Bitcoin Core). */
const MAX_AMOUNT = 2_100_000_000_000_000n

/**
 * The output that each input spends; undefined if the transaction does not contain it. btc-signer checks that a previous
 * transaction matches its id.
 *
 * @throws {RangeError} if an input contradicts itself
 */
export function spentOutputs(transaction: Transaction): (SpentOutput | undefined)[] {
  return Array.from({ length: transaction.inputsLength }, (_, index) => {
    const input = transaction.getInput(index)
    const isProven = input.nonWitnessUtxo !== undefined
    if (!isProven && input.witnessUtxo === undefined) return undefined
    try {
      const { script, amount } = getPrevOut(input)
      return { script, amount, isProven }
    } catch (cause) {
      throw new RangeError(`input ${index} does not say what it spends`, { cause })
    }
  })
}

/** @throws {RangeError} if two inputs spend the same output, which makes the transaction invalid */
export function expectDistinct(transaction: Transaction): void {
  const seen = new Map<string, number>()
  for (let index = 0; index < transaction.inputsLength; index++) {
    const { txid, index: output } = transaction.getInput(index)
    const outpoint = `${toHex(txid ?? new Uint8Array(0))}:${output}`
    const other = seen.get(outpoint)
    if (other !== undefined) throw new RangeError(`input ${other} and input ${index} spend the same output`)
    seen.set(outpoint, index)
  }
}

/** Limits of a fee. */
export interface FeeLimits {
  /** In satoshi. */
  readonly maxFee: bigint
  /** Whether others may add inputs to what is signed, so that the outputs may be more than the inputs. */
  readonly isOpen: boolean
}

/** @throws {RangeError} as {@link feeOf}, and if the fee exceeds `maxFee` */
export function expectFee(
  transaction: Transaction,
  spent: readonly SpentOutput[],
  { maxFee, isOpen }: FeeLimits,
): void {
  const fee = isOpen ? balanceOf(transaction, spent) : feeOf(transaction, spent)
  if (fee > maxFee) throw new RangeError(`the fee would be ${fee} satoshi, with maxFee ${maxFee}`)
}

/**
 * The fee in satoshi.
 *
 * @throws {RangeError} if an amount is invalid, or if the outputs exceed the inputs
 */
export function feeOf(transaction: Transaction, spent: readonly SpentOutput[]): bigint {
  const fee = balanceOf(transaction, spent)
  if (fee < 0n) throw new RangeError('the outputs are more than the inputs')
  return fee
}

/** What the inputs are more than the outputs, in satoshi. */
function balanceOf(transaction: Transaction, spent: readonly SpentOutput[]): bigint {
  const outputs = Array.from({ length: transaction.outputsLength }, (_, i) => transaction.getOutput(i).amount)
  if (outputs.length === 0) throw new RangeError('the transaction has no outputs')
  return sum(spent.map(({ amount }) => amount), 'inputs') - sum(outputs, 'outputs') // prettier-ignore
}

function sum(amounts: readonly (bigint | undefined)[], name: string): bigint {
  let total = 0n
  for (const amount of amounts) {
    if (amount === undefined || amount < 0n) throw new RangeError(`the ${name} must have amounts`)
    total += amount
    if (total > MAX_AMOUNT) throw new RangeError(`the ${name} are more than all bitcoins`)
  }
  return total
}
