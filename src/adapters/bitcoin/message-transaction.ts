import { sha256 } from '../../symmetric/sha256.ts'
import { RawTx, SigHash, Transaction } from '@scure/btc-signer'

import { concatBytes, equalBytes, utf8 } from '../../util/bytes.ts'
import type { BitcoinOutput } from './address.ts'
import { signatureHash } from './sighash.ts'

/** The tag of the hash of messages (BIP 322). */
const TAG = 'BIP0322-signed-message'

/** The only output of a transaction that signs a message: OP_RETURN. */
const OP_RETURN = Uint8Array.of(0x6a)

const NOTHING = new Uint8Array(0)

/** What a message's signature is of. */
export interface MessageDigest {
  /** `to_sign`, without a signature. */
  readonly transaction: Transaction
  /** Its signature hash, 32 bytes. */
  readonly digest: Uint8Array
  /** DEFAULT for P2TR, ALL for the others. */
  readonly sighashType: number
}

/** What the key of an address signs for a message (BIP 322). */
export function messageDigest(message: Uint8Array, owner: BitcoinOutput): MessageDigest {
  const { type, script, redeemScript } = owner
  const transaction = messageTransaction(message, script)
  const sighashType = type === 'p2tr' ? SigHash.DEFAULT : SigHash.ALL
  const spent = [{ script, amount: 0n, isProven: true }]
  const digest = signatureHash(transaction, { index: 0, type, redeemScript, spent }, sighashType)
  return { transaction, digest, sighashType }
}

/** `to_sign` of a message. No chain can have it: it spends the output of `to_spend`, which spends one that does not exist. */
function messageTransaction(message: Uint8Array, script: Uint8Array): Transaction {
  const toSpend = RawTx.encode({
    version: 0,
    segwitFlag: false,
    inputs: [
      {
        txid: new Uint8Array(32),
        index: 0xffffffff,
        // OP_0 PUSH32 hash
        finalScriptSig: concatBytes(Uint8Array.of(0, 32), messageHash(message)),
        sequence: 0,
      },
    ],
    outputs: [{ amount: 0n, script }],
    lockTime: 0,
  })
  const txid = sha256(sha256(toSpend)).reverse()
  const transaction = new Transaction({ version: 0, allowUnknownVersion: true, allowUnknownOutputs: true })
  transaction.addInput({ txid, index: 0, sequence: 0, nonWitnessUtxo: toSpend })
  transaction.addOutput({ script: OP_RETURN, amount: 0n })
  return transaction
}

/** The tagged hash (BIP 340) of a message, 32 bytes. */
function messageHash(message: Uint8Array): Uint8Array {
  const tag = sha256(utf8(TAG))
  return sha256(concatBytes(tag, tag, message))
}

/**
 * Checks that a signature of this transaction is none of a message: such a transaction has one output, of nothing, that is
 * a bare OP_RETURN. It may have more inputs, as a proof of funds.
 *
 * @throws {RangeError} if it has
 */
export function expectNoMessage(transaction: Transaction): void {
  if (transaction.outputsLength !== 1) return
  const { amount, script = NOTHING } = transaction.getOutput(0)
  if (amount === 0n && equalBytes(script, OP_RETURN)) {
    throw new RangeError('this transaction is a signed message (BIP 322): sign it as one')
  }
}
