import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { SigHash, type Transaction } from '@scure/btc-signer'

import { concatBytes, equalBytes } from '../../util/bytes.ts'
import type { OwnedOutput } from './address.ts'

type Input = ReturnType<Transaction['getInput']>
type InputUpdate = Parameters<Transaction['updateInput']>[1]

/** Whether 64 bytes are a signature of this digest by the key of this output. */
export function isSignatureOf(owner: OwnedOutput, digest: Uint8Array, signature: Uint8Array): boolean {
  if (owner.type === 'p2tr') return schnorr.verify(signature, digest, owner.signedBy)
  return secp256k1.verify(signature, digest, owner.signedBy, { prehash: false, lowS: true })
}

/** The PSBT field of a signature (BIP 174, BIP 371). ECDSA signatures are in DER. The sighash type follows, except DEFAULT. */
export function signatureField(owner: OwnedOutput, signature: Uint8Array, sighashType: number): InputUpdate {
  const type = sighashType === SigHash.DEFAULT ? new Uint8Array(0) : Uint8Array.of(sighashType)
  if (owner.type === 'p2tr') return { tapKeySig: concatBytes(signature, type) }
  const der = secp256k1.Signature.fromBytes(signature, 'compact').toBytes('der')
  const partialSig: InputUpdate['partialSig'] = [[owner.publicKey, concatBytes(der, type)]]
  // A finalizer needs the script of a nested output.
  return owner.redeemScript === undefined ? { partialSig } : { partialSig, redeemScript: owner.redeemScript }
}

/** What a signature of an input must be of. */
export interface ExpectedSignature {
  /** The sighash types that it may have. */
  readonly types: readonly number[]
  /** The signature hash for a sighash type. */
  readonly hash: (sighashType: number) => Uint8Array
}

/**
 * Whether the input has a valid signature by its owner's key.
 *
 * @throws {RangeError} if it has a signature by that key for an earlier version or another part of the transaction: signing
 *   would overwrite it
 */
export function hasOwnSignature(input: Input, index: number, owner: OwnedOutput, expected: ExpectedSignature): boolean {
  const encoded = owner.type === 'p2tr' ? input.tapKeySig : partialSignature(input, owner)
  if (encoded === undefined) return false
  if (isValid(encoded, owner, expected)) return true
  throw new RangeError(`input ${index} has a signature of this wallet that is not one of this transaction`)
}

function partialSignature({ partialSig }: Input, { publicKey }: OwnedOutput): Uint8Array | undefined {
  return partialSig?.find(([key]) => equalBytes(key, publicKey))?.[1]
}

function isValid(encoded: Uint8Array, owner: OwnedOutput, { types, hash }: ExpectedSignature): boolean {
  const isTaproot = owner.type === 'p2tr'
  const hasNoType = isTaproot && encoded.length === 64
  const sighashType = hasNoType ? SigHash.DEFAULT : (encoded.at(-1) ?? SigHash.DEFAULT)
  if (!types.includes(sighashType) || (sighashType === SigHash.DEFAULT && !hasNoType)) return false
  const signature = hasNoType ? encoded : encoded.subarray(0, -1)
  try {
    const compact = isTaproot ? signature : secp256k1.Signature.fromBytes(signature, 'der').toBytes('compact')
    return isSignatureOf(owner, hash(sighashType), compact)
  } catch {
    // It is neither valid DER nor 64 bytes.
    return false
  }
}
