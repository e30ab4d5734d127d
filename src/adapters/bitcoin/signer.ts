import { Transaction } from '@scure/btc-signer'

import { MpcError } from '../../errors.ts'
import type { Intent, KeySource, WalletKeys } from '../../index.ts'
import { abytes, equalBytes } from '../../util/bytes.ts'
import { walletKeys } from '../wallet.ts'
import { bitcoinOutput, type BitcoinNetwork, type OwnedOutput } from './address.ts'
import { planInputs, type PlannedInput } from './plan.ts'
import { isSignatureOf, signatureField } from './signature.ts'
import { assertObject } from '../../util/arguments.ts'

/** Options of a signer that concern its keys and addresses. */
export interface BitcoinSignerOptions {
  /** Derivation paths of the signer's keys, without hardened steps. Default: `['m']`, the wallet's key. */
  readonly paths?: readonly string[]
  /** Default: `mainnet`. */
  readonly network?: BitcoinNetwork
}

/** Options of {@link BitcoinSigner.signTransaction}. */
export interface SignTransactionOptions {
  /** The indices of the inputs to sign, which must all be the wallet's. Default: every input of the transaction. */
  readonly inputs?: readonly number[]
  /**
   * Whether to trust the amount in `witnessUtxo` of inputs next to a P2WPKH input whose previous transactions are missing.
   * Default: false. An attacker who chooses these amounts can make the wallet pay a huge fee.
   */
  readonly trustWitnessUtxo?: boolean
  /** Maximum fee in satoshi. Default: 10,000,000 (0.1 bitcoin), as in Bitcoin Core. */
  readonly maxFee?: bigint
  /** Aborts the signing. */
  readonly signal?: AbortSignal
}

/** A signer of PSBTs whose key is shared between this device and the server. */
export interface BitcoinSigner {
  /** The addresses of the signer: for each path, one of type `p2wpkh` and one of type `p2tr`. */
  readonly outputs: readonly OwnedOutput[]
  /**
   * Adds the wallet's signatures to a transaction of `@scure/btc-signer`. If anything fails, it adds none of them. Inputs
   * that are final, or have the wallet's signature, are left unchanged.
   *
   * @throws {TypeError} if an argument is wrong
   * @throws {RangeError} before anything is signed: for an input that is not the wallet's, does not say what it spends, has
   *   an invalid signature of the wallet, or requests a sighash type other than DEFAULT and ALL; for amounts that are not
   *   proven; for a fee above `maxFee`. Also if the transaction changes while it is signed
   */
  signTransaction(transaction: Transaction, options?: SignTransactionOptions): Promise<void>
  /**
   * Decodes a PSBT (BIP 174, BIP 370), signs it as {@link signTransaction} does, and encodes it. It does not finalize it.
   *
   * @throws {TypeError | RangeError} as {@link signTransaction}, and if it is not a PSBT
   */
  signPsbt(psbt: Uint8Array, options?: SignTransactionOptions): Promise<Uint8Array>
}

/** Parameters of {@link bitcoinSigner}. */
export interface BitcoinSignerParameters extends BitcoinSignerOptions {
  /** The wallet's id: 16 bytes in lower-case hex. */
  readonly walletId: string
}

/**
 * Creates a signer of transactions and PSBTs with a wallet's secp256k1 key. It signs P2WPKH inputs, and P2TR inputs by
 * their key path.
 *
 * Each signature is made with the server, and verified before it is returned. Signing throws the errors of `sign`.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet
 * @throws {TypeError | RangeError} for a path that cannot be derived, or an unknown network
 *
 * @example
 * const signer = await bitcoinSigner(client, { walletId: wallet.id, paths: ['m/0/0', 'm/1/0'] })
 * const signed = await signer.signPsbt(psbt)
 */
export async function bitcoinSigner(client: KeySource, signer: BitcoinSignerParameters): Promise<BitcoinSigner> {
  const { walletId, ...options } = assertObject(signer, 'bitcoinSigner')
  return createBitcoinSigner(walletKeys(client, walletId), options)
}

/** Creates a signer with a wallet's keys. */
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
    const inputs = planInputs(transaction, outputs, chosen)
    const psbt = encodePsbt(transaction)
    for (const planned of inputs) {
      const intent = psbt && ({ kind: 'bitcoinTransaction', data: psbt, input: planned.index } as const)
      signatures.push({ ...planned, signature: await signInput(keys, planned, { intent, signal }) })
    }
    // Signing takes time: another call may have signed too, or the transaction may have changed. So it is planned again.
    const missing = planInputs(transaction, outputs, chosen).map((planned) => {
      const signed = signatures.find(
        ({ index, digest }) => index === planned.index && equalBytes(digest, planned.digest),
      )
      if (signed === undefined) throw new RangeError('the transaction changed while it was signed')
      return signed
    })
    // Signatures are added to a copy first. If that fails, the transaction is unchanged.
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

/** What is sent along with each request for a signature. */
interface SigningOptions {
  readonly intent: Intent | undefined
  readonly signal: AbortSignal | undefined
}

async function signInput(keys: WalletKeys, input: PlannedInput, options: SigningOptions): Promise<Uint8Array> {
  const { digest, index } = input
  const { type, path, address } = input.owner
  const signature =
    type === 'p2tr'
      ? await keys.signTaproot({ message: digest, path, ...options })
      : (await keys.signEcdsa({ digest, path, ...options })).signature
  if (isSignatureOf(input.owner, digest, signature)) return signature
  throw new MpcError('PROTOCOL_ABORTED', `the signature for input ${index} is not one by the key of ${address}`)
}

function addSignatures(transaction: Transaction, signatures: readonly Signed[]): void {
  for (const { index, owner, signature, sighashType } of signatures) {
    transaction.updateInput(index, signatureField(owner, signature, sighashType), true)
  }
}

/** The transaction for the server to see. Undefined if it has no PSBT: the server then knows only digests. */
function encodePsbt(transaction: Transaction): Uint8Array | undefined {
  try {
    return transaction.toPSBT()
  } catch {
    return undefined
  }
}

/** Decodes a PSBT. Fields that btc-signer does not know are kept for other participants. */
function decodePsbt(psbt: Uint8Array): Transaction {
  const bytes = abytes(psbt, undefined, 'psbt')
  try {
    return Transaction.fromPSBT(bytes, { unknown: 'ignore', proprietary: 'ignore' })
  } catch (cause) {
    throw new RangeError('not a PSBT', { cause })
  }
}
