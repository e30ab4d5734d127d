import { exportTerms } from '../../wire/export.ts'
import type { OperationId } from '../../wire/operations.ts'
import { keyAtPath, publicKeyAtPath } from '../../wire/signing.ts'
import type { Group, Scalar } from '../../curve/group.ts'
import { MpcError } from '../../errors.ts'
import { generateReceiver, proveExport, receiveShare, recombineKey } from '../../protocol/export/index.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import type { Curve } from '../../types.ts'
import { fromHex, toHex, wipe } from '../../util/bytes.ts'
import type { Client } from '../types.ts'

const CHALLENGE_LENGTH = 32

/** A whole private key: whoever has these bytes can sign alone, permanently. */
export type ExportedKey = ExportedSecp256k1Key | ExportedEd25519Scalar

/** A key as Ethereum and Bitcoin wallets import it. */
export interface ExportedSecp256k1Key {
  /** The form of `privateKey`. */
  readonly format: 'secp256k1-private-key'
  /** x, 32 bytes big-endian, 1 ≤ x < n. Secret: the caller wipes it. */
  readonly privateKey: Uint8Array
  /** x·G, 33 bytes, SEC 1 compressed */
  readonly publicKey: Uint8Array
}

/**
 * The secret scalar of an ed25519 key, not the seed that RFC 8032 derives it from: a key generated in shares has no
 * seed. Wallets that import a seed cannot import it. `scalarSigner` of `reshare/solana` signs with it, and `importWallet`
 * of `reshare/import` makes a wallet of it.
 */
export interface ExportedEd25519Scalar {
  /** The form of `privateKey`. */
  readonly format: 'ed25519-scalar'
  /** x, 32 bytes little-endian, 1 ≤ x < q, not clamped. Secret: the caller wipes it. */
  readonly privateKey: Uint8Array
  /** x·B, 32 bytes, RFC 8032 */
  readonly publicKey: Uint8Array
}

/**
 * The key at a path below an exported one. What is returned has bytes of its own; the exported key is wiped.
 *
 * @param record of the set that the key was exported from
 * @param path as of `parsePath`; `m` is the exported key itself, which is then returned as it is
 * @throws {RangeError} for a path that cannot be derived
 */
export function exportedKeyAt(group: Group, record: ShareSetRecord, key: ExportedKey, path: string): ExportedKey {
  const derivation = keyAtPath(group, record, path)
  if (derivation === undefined) return key
  try {
    const privateKey = group.add(key.privateKey as Scalar, derivation.tweak)
    return { ...key, privateKey, publicKey: publicKeyAtPath(group, record, path) }
  } finally {
    wipe(key.privateKey)
  }
}

/** The other party of the export: it gives a challenge, and then its share in return for a proof. */
export interface ShareHolder {
  /** @param receiver in lower-case hex */
  challenge(receiver: string): Promise<Uint8Array>
  /** @returns the sealed share */
  share(proof: Uint8Array): Promise<Uint8Array>
}

/**
 * Gets the other party's share and reconstructs the key. Each Y_i = s_i·G and x·G = pk are checked, and all secrets but
 * x are wiped.
 *
 * @param ownShare this machine's share, which the caller wipes
 * @throws {PROTOCOL_ABORTED} if what the other party sends does not open or does not match the record
 */
export async function collectKey(
  client: Client,
  ownShare: KeyShare,
  operationId: OperationId,
  holder: ShareHolder,
): Promise<ExportedKey> {
  const { record } = ownShare
  const group = client.group(record.curve)
  const { random } = client
  const keyPair = generateReceiver({ share: ownShare, operation: fromHex(operationId), random })
  let received: Uint8Array | undefined
  try {
    const terms = exportTerms(group, record, operationId, keyPair.publicKey)
    const challenge = requireChallenge(await holder.challenge(toHex(keyPair.publicKey)))
    const sealed = await holder.share(proveExport(terms, { share: ownShare, challenge, random }))
    const share = receiveShare(terms, keyPair, sealed)
    received = share.value
    const privateKey = recombineKey(group, record, [{ id: ownShare.id, value: ownShare.secretShare }, share])
    return { format: FORMATS[record.curve], privateKey, publicKey: group.encodePoint(record.publicKey) }
  } finally {
    wipe(keyPair.secretKey, received)
  }
}

const FORMATS: Readonly<Record<Curve, ExportedKey['format']>> = {
  secp256k1: 'secp256k1-private-key',
  ed25519: 'ed25519-scalar',
}

function requireChallenge(challenge: Uint8Array): Uint8Array {
  if (challenge.length === CHALLENGE_LENGTH) return challenge
  throw new MpcError('PROTOCOL_ABORTED', `the other party sent no challenge of ${CHALLENGE_LENGTH} bytes`)
}
