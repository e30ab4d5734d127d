import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { p2wpkh, RawTx, SigHash, Transaction } from '@scure/btc-signer'
import { expect } from 'vitest'
import type { OwnedOutput } from '../../../src/adapters/bitcoin/address.ts'
import { segwitDigest, taprootDigest, type SpendingTransaction } from '../../support/bitcoin-sighash.ts'
import type { SeededRandom } from '../../support/random.ts'

/** A confirmed transaction that pays to a script. */
export function funding(random: SeededRandom, script: Uint8Array, amount: bigint): Transaction {
  const transaction = new Transaction()
  const payer = p2wpkh(secp256k1.getPublicKey(random(32)))
  transaction.addInput({ txid: random(32), index: 0, witnessUtxo: { script: payer.script, amount } })
  transaction.addOutput({ script: payer.script, amount: 1n })
  transaction.addOutput({ script, amount })
  return transaction
}

interface Coin {
  readonly script: Uint8Array
  readonly amount?: bigint
  readonly sighashType?: number
  readonly proof?: 'nonWitnessUtxo' | 'witnessUtxo' | 'none'
}

/** A transaction that spends one output of 50,000 for each coin. */
export function spending(random: SeededRandom, coins: readonly Coin[]): Transaction {
  const transaction = new Transaction({ lockTime: 3 })
  for (const { script, amount = 50_000n, sighashType, proof = 'nonWitnessUtxo' } of coins) {
    const previous = funding(random, script, amount)
    transaction.addInput({
      txid: previous.id,
      index: 1,
      sequence: random.int(0, 0xfffffffe),
      ...(proof === 'none' ? {} : { witnessUtxo: { script, amount } }),
      ...(proof === 'nonWitnessUtxo' ? { nonWitnessUtxo: previous.toBytes() } : {}),
      ...(sighashType === undefined ? {} : { sighashType }),
    })
  }
  const recipient = p2wpkh(secp256k1.getPublicKey(random(32)))
  transaction.addOutput({ script: recipient.script, amount: 20_000n })
  transaction.addOutput({ script: coins[0]!.script, amount: 9_000n })
  return transaction
}

/** Checks a finalized transaction as the chain would: from its bytes and what it spends. */
export function expectValid(raw: Uint8Array, spent: readonly OwnedOutput[]): void {
  const { version, lockTime, inputs, outputs, witnesses } = RawTx.decode(raw)
  const transaction: SpendingTransaction = {
    version,
    lockTime,
    outputs,
    inputs: inputs.map((input, i) => ({
      ...input,
      txid: input.txid.slice().reverse(),
      amount: 50_000n,
      script: spent[i]!.script,
    })),
  }
  spent.forEach((owner, i) => {
    const [signature, publicKey] = witnesses![i]!
    if (owner.type === 'p2tr') {
      const sighashType = signature!.length === 65 ? 1 : 0
      const digest = taprootDigest(transaction, i, sighashType)
      expect(signature!.subarray(64)).toEqual(Uint8Array.from(sighashType === 0 ? [] : [1]))
      expect(schnorr.verify(signature!.subarray(0, 64), digest, owner.script.subarray(2))).toBe(true)
      return
    }
    expect(signature!.at(-1)).toBe(SigHash.ALL)
    expect(p2wpkh(publicKey!).script).toEqual(owner.script)
    const options = { prehash: false, lowS: true, format: 'der' } as const
    const digest = segwitDigest(transaction, i)
    expect(secp256k1.verify(signature!.subarray(0, -1), digest, publicKey!, options)).toBe(true)
  })
}
