import { partiesOf } from '../wire/sessions.ts'
import { wipeKeyShare } from '../key-share/index.ts'
import type { KeyShare, WalletShares } from '../key-share/types.ts'
import { CURVES, type Curve, type Purpose } from '../types.ts'
import { assertObject } from '../util/arguments.ts'
import { abytes, equalBytes } from '../util/bytes.ts'
import type { Client, PublicKeys } from './types.ts'

/** Whether these are the client's shares of a set for this purpose, on every curve. */
export function isClientOf(shares: WalletShares, purpose: Purpose): boolean {
  const curves = shares.shares.map((share) => share.record.curve)
  const [client] = partiesOf(purpose)
  return (
    shares.purpose === purpose &&
    curves.length === CURVES.length &&
    curves.every((curve, index) => curve === CURVES[index]) &&
    shares.shares.every((share) => share.id === client!.id)
  )
}

/** The share on a curve. */
export function shareOn(shares: WalletShares, curve: Curve): KeyShare {
  return shares.shares[CURVES.indexOf(curve)]!
}

/** The public keys that shares belong to. */
export function publicKeys(client: Client, shares: WalletShares): PublicKeys {
  const key = (curve: Curve) => client.group(curve).encodePoint(shareOn(shares, curve).record.publicKey)
  return { secp256k1: key('secp256k1'), ed25519: key('ed25519') }
}

/**
 * Asserts the public keys of a wallet, and copies them.
 *
 * @throws {TypeError | RangeError} unless there are 33 bytes for secp256k1 and 32 for ed25519
 */
export function publicKeysArgument(value: PublicKeys): PublicKeys {
  const { secp256k1, ed25519 } = assertObject(value, 'publicKeys')
  return {
    secp256k1: abytes(secp256k1, 33, 'publicKeys.secp256k1').slice(),
    ed25519: abytes(ed25519, 32, 'publicKeys.ed25519').slice(),
  }
}

export function equalKeys(a: PublicKeys, b: PublicKeys): boolean {
  return CURVES.every((curve) => equalBytes(a[curve], b[curve]))
}

export function wipeShares(shares: WalletShares): void {
  for (const share of shares.shares) wipeKeyShare(share)
}
