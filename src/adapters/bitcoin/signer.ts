import type { Transaction } from '@scure/btc-signer'

import type { KeySource, WalletKeys } from '../../index.ts'
import { equalBytes } from '../../util/bytes.ts'
import { walletKeys } from '../wallet.ts'
import { bitcoinOutput, type BitcoinAddressType, type BitcoinNetwork, type OwnedOutput } from './address.ts'
import { derivedOutputs } from './derivations.ts'
import { signBitcoinMessage, type SignMessageParameters } from './message.ts'
import { planInputs, type PlannedInput } from './plan.ts'
import { decodePsbt, encodePsbt } from './psbt.ts'
import { signatureField } from './signature.ts'
import { signDigests } from './sign-digest.ts'
import { assertObject } from '../../util/arguments.ts'

/** Options of a signer that concern its keys and addresses. */
export interface BitcoinSignerOptions {
  /** Derivation paths of the signer's keys, without hardened steps. Default: `['m']`, the wallet's key. */
  readonly paths?: readonly string[]
  /** The types of the signer's addresses. Default: `['p2wpkh', 'p2tr']`. */
  readonly types?: readonly BitcoinAddressType[]
  /** Default: `mainnet`. */
  readonly network?: BitcoinNetwork
  /**
   * Whether to sign inputs of every key of the wallet that a PSBT names by its derivation path, also such as are not in
   * `paths`. Default: false. Hardened steps in front are left out: they are where another program says that the wallet's key is.
   */
  readonly derivations?: boolean
}

/** Options of {@link BitcoinSigner.signTransaction}. */
export interface SignTransactionOptions {
  /** The indices of the inputs to sign, which must all be the wallet's. Default: every input of the transaction. */
  readonly inputs?: readonly number[]
  /**
   * Whether to trust the amount in `witnessUtxo` of inputs next to one that is not P2TR, whose previous transactions are
   * missing. Default: false. An attacker who chooses these amounts can make the wallet pay a huge fee. An input of P2PKH
   * needs its own previous transaction always.
   */
  readonly trustWitnessUtxo?: boolean
  /** Maximum fee in satoshi. Default: 10,000,000 (0.1 bitcoin), as in Bitcoin Core. */
  readonly maxFee?: bigint
  /**
   * The sighash types (`SigHash` of `@scure/btc-signer`) that inputs may request, besides DEFAULT and ALL. Default: none.
   *
   * - NONE (2) signs no outputs: whoever gets the signature sends the input wherever they like.
   * - SINGLE (3) signs the output with the input's index, and leaves all others to whoever gets the signature.
   * - ANYONECANPAY (0x80, added to ALL, NONE or SINGLE) signs no other input: anybody can add some, and use the signature in
   *   another transaction that has the same outputs.
   */
  readonly sighashTypes?: readonly number[]
  /** Aborts the signing. */
  readonly signal?: AbortSignal
}

/** A signer of PSBTs whose key is shared between this device and the server. */
export interface BitcoinSigner {
  /** The addresses of the signer: for each path, one of each of the `types`. */
  readonly outputs: readonly OwnedOutput[]
  /**
   * Adds the wallet's signatures to a transaction of `@scure/btc-signer`. If anything fails, it adds none of them. Inputs
   * that are final, or have the wallet's signature, are left unchanged.
   *
   * @throws {TypeError} if an argument is wrong
   * @throws {RangeError} before anything is signed: for an input that is not the wallet's, does not say what it spends, has
   *   an invalid signature of the wallet, or requests a sighash type that is not allowed; for amounts that are not proven; for
   *   a fee above `maxFee`. Also if the transaction changes while it is signed
   */
  signTransaction(transaction: Transaction, options?: SignTransactionOptions): Promise<void>
  /**
   * Decodes a PSBT (BIP 174, BIP 370), signs it as {@link signTransaction} does, and encodes it in the same version and
   * encoding. It does not finalize it, and keeps all fields of others.
   *
   * @param psbt bytes, or text in hex or in base64 with padding
   * @throws {TypeError | RangeError} as {@link signTransaction}, and if it is not a PSBT
   */
  signPsbt<T extends Uint8Array | string>(psbt: T, options?: SignTransactionOptions): Promise<SignedPsbt<T>>
  /**
   * Signs a message by the key of one of `outputs` (BIP 322).
   *
   * @returns the signature in base64: the witness (`simple`), or the whole transaction that signs (`full`)
   * @throws {TypeError | RangeError} for an address that is not the signer's, a message of more than 64 KiB or with unpaired
   *   surrogates, or an unknown format
   */
  signMessage(parameters: SignMessageParameters): Promise<string>
}

/** A signed PSBT, as it was given: bytes, or text. */
export type SignedPsbt<T> = T extends string ? string : Uint8Array

/** Parameters of {@link bitcoinSigner}. */
export interface BitcoinSignerParameters extends BitcoinSignerOptions {
  /** The wallet's id: 16 bytes in lower-case hex. */
  readonly walletId: string
}

/**
 * Creates a signer of transactions and PSBTs with a wallet's secp256k1 key. It signs inputs of P2WPKH, nested P2WPKH and
 * P2PKH, and P2TR inputs by their key path.
 *
 * The signatures of a transaction are made with the server, up to 64 inputs in one request (`signAll`), and verified before
 * they are returned. Signing throws the errors of `sign`.
 *
 * @throws {SHARE_NOT_FOUND} if this device does not hold the wallet
 * @throws {TypeError | RangeError} for a path that cannot be derived, or an unknown network or type
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
  { paths = ['m'], types = ['p2wpkh', 'p2tr'], network = 'mainnet', derivations = false }: BitcoinSignerOptions = {},
): Promise<BitcoinSigner> {
  if (typeof derivations !== 'boolean') throw new TypeError('derivations must be a boolean')
  const outputs: OwnedOutput[] = []
  for (const path of paths) {
    const publicKey = await keys.getPublicKey('secp256k1', path)
    for (const type of types) outputs.push({ ...bitcoinOutput(publicKey, type, network), path, publicKey })
  }

  async function signTransaction(transaction: Transaction, options: SignTransactionOptions = {}): Promise<void> {
    if (typeof (transaction as Partial<Transaction> | null)?.getInput !== 'function') {
      throw new TypeError('transaction must be a Transaction of @scure/btc-signer')
    }
    const { signal, ...chosen } = options
    const derived = derivations ? await derivedOutputs(keys, transaction, { types, network }) : []
    const owned = [...outputs, ...derived]
    const inputs = planInputs(transaction, owned, chosen)
    const psbt = describe(transaction)
    const digests = inputs.map((planned) => {
      return { ...planned, intent: psbt && ({ kind: 'bitcoinTransaction', data: psbt, input: planned.index } as const) }
    })
    const made = await signDigests(keys, digests, { signal })
    const signatures = inputs.map((planned, i): Signed => ({ ...planned, signature: made[i]! }))
    // Signing takes time: another call may have signed too, or the transaction may have changed. So it is planned again.
    const missing = planInputs(transaction, owned, chosen).map((planned) => {
      const signed = signatures.find(
        ({ index, digest }) => index === planned.index && equalBytes(digest, planned.digest),
      )
      if (signed === undefined) throw new RangeError('the transaction changed while it was signed')
      return signed
    })
    // Signatures are added to a copy first. If that fails, the transaction is unchanged.
    for (const target of [transaction.clone(), transaction]) addSignatures(target, missing)
  }

  async function signPsbt<T extends Uint8Array | string>(
    psbt: T,
    options?: SignTransactionOptions,
  ): Promise<SignedPsbt<T>> {
    const { transaction, encoding } = decodePsbt(psbt)
    await signTransaction(transaction, options)
    return encodePsbt(transaction, encoding) as SignedPsbt<T>
  }

  return Object.freeze({
    outputs,
    signTransaction,
    signPsbt,
    signMessage: (parameters: SignMessageParameters) => signBitcoinMessage(keys, outputs, parameters),
  })
}

interface Signed extends PlannedInput {
  /** 64 bytes: r ‖ s of ECDSA, or R.x ‖ s of BIP 340 */
  readonly signature: Uint8Array
}

function addSignatures(transaction: Transaction, signatures: readonly Signed[]): void {
  for (const { index, owner, signature, sighashType } of signatures) {
    transaction.updateInput(index, signatureField(owner, signature, sighashType), true)
  }
}

/** The transaction for the server to see. Undefined if it has no PSBT: the server then knows only digests. */
function describe(transaction: Transaction): Uint8Array | undefined {
  try {
    return transaction.toPSBT()
  } catch {
    return undefined
  }
}
