import { Transaction } from '@scure/btc-signer'

import { MpcError } from '../../errors.ts'
import type { Client } from '../../index.ts'
import { abytes, equalBytes } from '../../util/bytes.ts'
import type { WalletKeys } from '../types.ts'
import { walletKeys } from '../wallet.ts'
import { bitcoinOutput, type BitcoinNetwork, type OwnedOutput } from './address.ts'
import { planInputs, type PlannedInput } from './plan.ts'
import { isSignatureOf, signatureField } from './signature.ts'
import { assertObject } from '../../util/arguments.ts'

export interface BitcoinSignerOptions {
  /** Below the wallet's key, without hardened steps; by default `['m']`, the wallet's key itself. */
  readonly paths?: readonly string[]
  /** `mainnet` by default */
  readonly network?: BitcoinNetwork
}

/** Which inputs of a transaction are signed, and what is believed about them. */
export interface SignTransactionOptions {
  /** Which inputs to sign, all of them ours; by default every input of the transaction. */
  readonly inputs?: readonly number[]
  /** Believe the amounts of inputs beside one of p2wpkh although their previous transactions are missing. */
  readonly trustWitnessUtxo?: boolean
  /** In satoshi; 10,000,000 (0.1 bitcoin) by default, as in Bitcoin Core. */
  readonly maxFee?: bigint
  /** Aborts the signing. */
  readonly signal?: AbortSignal
}

/** A signer of PSBTs whose key is shared between this device and the server. */
export interface BitcoinSigner {
  /** Each path as p2wpkh and as p2tr: where to receive, and what is signed for. */
  readonly outputs: readonly OwnedOutput[]
  /**
   * Adds the wallet's signatures to a transaction of `@scure/btc-signer`; all of them or, where anything fails, none.
   * Inputs that are final, or have the wallet's signature, are left.
   *
   * @throws {TypeError} if an argument is wrong
   * @throws {RangeError} for an input that is not ours, does not say what it spends, has a signature of ours that is not
   *   one of this transaction, or asks for a sighash type other than DEFAULT and ALL; for amounts that are not proven and
   *   a fee above `maxFee`: before anything is signed. Also if the transaction changes meanwhile
   */
  signTransaction(transaction: Transaction, options?: SignTransactionOptions): Promise<void>
  /**
   * Reads a PSBT (BIP 174, BIP 370), signs it as {@link signTransaction} and returns it; it is not finalized.
   *
   * @throws {RangeError} also if it is not a PSBT
   */
  signPsbt(psbt: Uint8Array, options?: SignTransactionOptions): Promise<Uint8Array>
}

/** Parameters of {@link bitcoinSigner}. */
export interface BitcoinSignerParameters extends BitcoinSignerOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
}

/**
 * A wallet's secp256k1 key as a signer of transactions and PSBTs: P2WPKH, and P2TR by its key path.
 *
 * Each signature is one with the server, and is verified before it is returned.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet; later, what `sign` throws
 * @throws {TypeError | RangeError} for a path that cannot be derived, or an unknown network
 *
 * @example
 * const signer = await bitcoinSigner(client, { walletId: wallet.id, paths: ['m/0/0', 'm/1/0'] })
 * const signed = await signer.signPsbt(psbt)
 */
export async function bitcoinSigner(client: Client, signer: BitcoinSignerParameters): Promise<BitcoinSigner> {
  const { walletId, ...options } = assertObject(signer, 'bitcoinSigner')
  return createBitcoinSigner(walletKeys(client, walletId), options)
}

/** The signer over a wallet's keys. */
export async function createBitcoinSigner(
  keys: WalletKeys,
  { paths = ['m'], network = 'mainnet' }: BitcoinSignerOptions = {},
): Promise<BitcoinSigner> {
  const outputs: OwnedOutput[] = []
  for (const path of paths) {
    const publicKey = await keys.getPublicKey('secp256k1', path)
    for (const type of ['p2wpkh', 'p2tr'] as const) {
      outputs.push({ ...bitcoinOutput(publicKey, type, network), path, publicKey })
    }
  }

  async function signTransaction(transaction: Transaction, options: SignTransactionOptions = {}): Promise<void> {
    if (typeof (transaction as Partial<Transaction> | null)?.getInput !== 'function') {
      throw new TypeError('transaction must be a Transaction of @scure/btc-signer')
    }
    const { signal, ...chosen } = options
    const signatures: Signed[] = []
    for (const planned of planInputs(transaction, outputs, chosen)) {
      signatures.push({ ...planned, signature: await signInput(keys, planned, signal) })
    }
    // Signing takes a while. Another call may have signed too; what was signed must still be what is there.
    const missing = planInputs(transaction, outputs, chosen).map((planned) => {
      const signed = signatures.find(
        ({ index, digest }) => index === planned.index && equalBytes(digest, planned.digest),
      )
      if (signed === undefined) throw new RangeError('the transaction changed while it was signed')
      return signed
    })
    // First to a copy, where it may fail.
    for (const target of [transaction.clone(), transaction]) addSignatures(target, missing)
  }

  async function signPsbt(psbt: Uint8Array, options?: SignTransactionOptions): Promise<Uint8Array> {
    const transaction = decodePsbt(psbt)
    await signTransaction(transaction, options)
    return transaction.toPSBT()
  }

  return Object.freeze({ outputs, signTransaction, signPsbt })
}

interface Signed extends PlannedInput {
  /** 64 bytes: r ‖ s of ECDSA, or R.x ‖ s of BIP 340 */
  readonly signature: Uint8Array
}

async function signInput(keys: WalletKeys, input: PlannedInput, signal?: AbortSignal): Promise<Uint8Array> {
  const { digest, index } = input
  const { type, path, address } = input.owner
  const signature =
    type === 'p2tr'
      ? await keys.signTaproot({ message: digest, path, signal })
      : (await keys.signEcdsa({ digest, path, signal })).signature
  if (isSignatureOf(input.owner, digest, signature)) return signature
  throw new MpcError('PROTOCOL_ABORTED', `the signature for input ${index} is not one by the key of ${address}`)
}

function addSignatures(transaction: Transaction, signatures: readonly Signed[]): void {
  for (const { index, owner, signature, sighashType } of signatures) {
    transaction.updateInput(index, signatureField(owner, signature, sighashType), true)
  }
}

/** Rows that btc-signer does not know stay in the PSBT: another participant may. */
function decodePsbt(psbt: Uint8Array): Transaction {
  const bytes = abytes(psbt, undefined, 'psbt')
  try {
    return Transaction.fromPSBT(bytes, { unknown: 'ignore', proprietary: 'ignore' })
  } catch (cause) {
    throw new RangeError('not a PSBT', { cause })
  }
}
